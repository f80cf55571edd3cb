import type { PlanFlags } from '../flags.ts'
import { exitFor, planRequest, repeatFlags } from '../request.ts'
import type { Verb } from '../shell.ts'
import { planView } from '../view/plan.ts'

export const plan: Verb<PlanFlags, [target?: string]> = async (job, flags, target) => {
  const request = await planRequest(job, flags, target)
  const engine = await job.engine()
  const { plan, others, certificate } = await engine.plan(request)
  if (flags.certificate !== undefined) await job.write(job.path(flags.certificate), await certificate())
  const fixCommand = `suture fix${target === undefined ? '' : ` ${target}`}${repeatFlags(flags)}`
  return {
    noun: others.length === 0 ? plan : [plan, ...others],
    view: width => [plan, ...others].flatMap(each => planView(each, { now: job.now(), width, fixCommand })),
    exit: exitFor(
      [plan, ...others].flatMap(each => each.findings),
      request.policy,
    ),
  }
}
