import { join } from 'node:path'
import type { AdvisoryDatabaseStatus } from '../model/advisory.ts'
import { type OpenOptions, openAdvisories } from './open.ts'
import { checkIndex, readCurrent } from './store.ts'

/** What would answer, after reading the updated database in full; throws `advisories-corrupt` when anything in it is damaged. */
export function advisoryStatus(options: OpenOptions): AdvisoryDatabaseStatus {
  const current = options.explicit === undefined ? readCurrent(options.folder) : undefined
  if (current !== undefined) checkIndex(join(options.folder, current.generation))
  return openAdvisories(options).status
}
