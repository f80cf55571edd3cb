import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The advisory index at 250,000 records; see `index.ts`. */
export function indexSection(): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'index.ts')], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  })
  if (status !== 0) throw new Error(`bench/index.ts ended with ${status}: ${stderr}`)
  return stdout
}
