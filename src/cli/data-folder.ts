import { join } from 'node:path'

/** Where the advisory snapshot lies: beside the one file when built, in `data/` when run from the sources. */
export function dataFolder(): string {
  return import.meta.filename.endsWith('data-folder.ts') ? join(import.meta.dirname, '../../data') : import.meta.dirname
}
