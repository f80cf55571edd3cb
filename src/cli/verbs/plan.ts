import type { PlanFlags } from '../flags.ts'
import { exitFor, imageFileOf, planRequest, repeatFlags } from '../request.ts'
import type { Verb } from '../shell.ts'
import { planResultView } from '../view/plan-result.ts'
import { planImageFile } from './image-file.ts'

export const plan: Verb<PlanFlags, [target?: string]> = async (job, flags, target) => {
  const file = await imageFileOf(job, target)
  if (file !== undefined) return planImageFile(job, flags, file)
  const request = await planRequest(job, flags, target)
  const engine = await job.engine()
  const { plan, others, bases, certificate } = await engine.plan(request)
  if (flags.certificate !== undefined) await job.write(job.path(flags.certificate), await certificate())
  const fixCommand = `suture fix${target === undefined ? '' : ` ${target}`}${repeatFlags(flags)}`
  const told = bases === undefined ? plan : { ...plan, bases }
  return {
    noun: others.length === 0 ? told : [told, ...others],
    view: width => planResultView({ plan, others, ...(bases === undefined ? {} : { bases }) }, { now: job.now(), width, fixCommand }),
    exit: exitFor(
      [plan, ...others].flatMap(each => each.findings),
      request.policy,
    ),
  }
}
