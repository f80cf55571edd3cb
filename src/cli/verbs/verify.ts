import type { VerifyFlags } from '../flags.ts'
import type { Verb } from '../shell.ts'
import { verifyView } from '../view/verify.ts'

export const verify: Verb<VerifyFlags, [receipt?: string, folder?: string]> = async (job, flags, receipt, folder) => {
  const { key, offline = false, insecure = false } = flags
  const engine = await job.engine()
  const result = await engine.verify({
    folder: job.path(folder),
    offline,
    insecure,
    ...(receipt === undefined ? {} : { receipt: job.path(receipt) }),
    ...(key === undefined ? {} : { key: job.path(key) }),
  })
  return { noun: result, view: width => verifyView(result, width), exit: result.checks.some(check => check.result === 'failed') ? 1 : 0 }
}
