import type { OutputFlags } from '../flags.ts'
import type { Verb } from '../shell.ts'
import { databaseStatusView } from '../view/advisories.ts'

export const dbStatus: Verb<OutputFlags & { readonly advisories?: string }, []> = async (job, { advisories }) => {
  const engine = await job.engine()
  const status = await engine.databaseStatus(advisories === undefined ? undefined : job.path(advisories))
  return { noun: status, view: width => databaseStatusView(status, job.now(), width), exit: 0 }
}
