import { statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The first file of that name on PATH; on Windows with one of the endings that can be started. */
export function findOnPath(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): string | undefined {
  const names = platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program]
  for (const folder of (environment['PATH'] ?? environment['Path'] ?? '').split(delimiter)) {
    for (const name of folder === '' ? [] : names) {
      const path = join(folder, name)
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
    }
  }
  return undefined
}
