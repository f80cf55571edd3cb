import type { PlanFlags } from '../flags.ts'
import { exitFor, planRequest, repeatFlags } from '../request.ts'
import type { Verb } from '../shell.ts'
import { planView } from '../view/plan.ts'

export const plan: Verb<PlanFlags, [folder?: string]> = async (job, flags, folder) => {
  const request = await planRequest(job, flags, folder)
  const engine = await job.engine()
  const { plan, certificate } = await engine.plan(request)
  if (flags.certificate !== undefined) await job.write(job.path(flags.certificate), await certificate())
  const fixCommand = `suture fix${folder === undefined ? '' : ` ${folder}`}${repeatFlags(flags)}`
  return {
    noun: plan,
    view: width => planView(plan, { now: job.now(), width, fixCommand }),
    exit: exitFor(plan.findings, request.policy),
  }
}
