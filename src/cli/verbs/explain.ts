import type { ChangeFlags } from '../flags.ts'
import { planRequest } from '../request.ts'
import type { Verb } from '../shell.ts'
import { explainView } from '../view/explain.ts'

export const explain: Verb<ChangeFlags, [subject: string, target?: string]> = async (job, flags, subject, target) => {
  const request = await planRequest(job, flags, target)
  const engine = await job.engine()
  const story = await engine.explain(request, subject)
  return { noun: story, view: width => explainView(story, width), exit: 0 }
}
