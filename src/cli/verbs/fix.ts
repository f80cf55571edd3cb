import type { FixFlags } from '../flags.ts'
import { exitFor, imageFileOf, planRequest } from '../request.ts'
import type { Verb } from '../shell.ts'
import { fixView } from '../view/fix.ts'
import { fixImageFile } from './image-file.ts'

export const fix: Verb<FixFlags, [target?: string]> = async (job, flags, target) => {
  const file = await imageFileOf(job, target)
  if (file !== undefined) return fixImageFile(job, flags, file)
  const request = await planRequest(job, flags, target)
  const { dryRun = false, noNative = false, commit = false, test, key, output, attach = false } = flags
  const engine = await job.engine()
  const result = await engine.fix({
    ...request,
    dryRun,
    native: !noNative,
    commit,
    attach,
    ...(output === undefined ? {} : { output }),
    ...(test === undefined ? {} : { test }),
    ...(key === undefined ? {} : { key: job.path(key) }),
  })
  return {
    noun: result,
    view: width => fixView(result, width),
    exit: exitFor(
      [result.plan, ...result.others].flatMap(plan => plan.findings),
      request.policy,
    ),
  }
}
