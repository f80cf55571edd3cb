import type { UpdateFlags } from '../flags.ts'
import type { Verb } from '../shell.ts'
import { databaseUpdateView } from '../view/advisories.ts'

export const dbUpdate: Verb<UpdateFlags, []> = async (job, { from, ecosystem = [] }) => {
  const engine = await job.engine()
  const source = from === undefined ? {} : { from: /^https?:\/\//.test(from) ? from : job.path(from) }
  const update = await engine.databaseUpdate({ ecosystems: ecosystem, ...source })
  return { noun: update, view: width => databaseUpdateView(update, job.now(), width), exit: 0 }
}
