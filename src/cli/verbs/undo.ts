import type { UndoFlags } from '../flags.ts'
import type { Verb } from '../shell.ts'
import { undoView } from '../view/fix.ts'

export const undo: Verb<UndoFlags, [receipt?: string, folder?: string]> = async (job, flags, receipt, folder) => {
  const { dryRun = false, insecure = false, key } = flags
  const engine = await job.engine()
  const result = await engine.undo({
    folder: job.path(folder),
    dryRun,
    insecure,
    ...(receipt === undefined ? {} : { receipt: job.path(receipt) }),
    ...(key === undefined ? {} : { key: job.path(key) }),
  })
  return { noun: result, view: width => undoView(result, width), exit: 0 }
}
