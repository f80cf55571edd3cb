import type { FixFlags } from '../flags.ts'
import { exitFor, planRequest } from '../request.ts'
import type { Verb } from '../shell.ts'
import { fixView } from '../view/fix.ts'

export const fix: Verb<FixFlags, [folder?: string]> = async (job, flags, folder) => {
  const request = await planRequest(job, flags, folder)
  const { dryRun = false, noNative = false, commit = false, test, key } = flags
  const engine = await job.engine()
  const result = await engine.fix({
    ...request,
    dryRun,
    native: !noNative,
    commit,
    ...(test === undefined ? {} : { test }),
    ...(key === undefined ? {} : { key: job.path(key) }),
  })
  return { noun: result, view: width => fixView(result, width), exit: exitFor(result.plan.findings, request.policy) }
}
