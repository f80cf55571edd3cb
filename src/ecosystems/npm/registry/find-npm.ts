import { readFileSync, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export interface NpmInstallation {
  /** The folder of the npm package; holds its built-in `npmrc`. Undefined when no npm is installed. */
  readonly npmFolder?: string
  /** The Node.js that would run it: npm's global prefix, and so its global `npmrc`, hangs on where that lies. */
  readonly node: string
}

/**
 * Where npm would find its built-in and global configuration, without running it. `npm` on PATH leads, its links
 * followed, to `<npm>/bin/npm-cli.js`; where it is a wrapper, npm lies beside the Node.js on PATH.
 */
export function findNpm(env: Readonly<Record<string, string | undefined>>, platform: string, execPath: string): NpmInstallation {
  const windows = platform === 'win32'
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(folder => folder !== '')
  const node = firstFile(folders, windows ? ['node.exe'] : ['node']) ?? execPath
  const npm = firstFile(folders, windows ? ['npm.cmd', 'npm'] : ['npm'])
  const candidates: string[] = []
  if (npm !== undefined) candidates.push(dirname(dirname(npm)), join(dirname(npm), 'node_modules', 'npm'))
  candidates.push(join(dirname(node), 'node_modules', 'npm'), join(dirname(dirname(node)), 'lib', 'node_modules', 'npm'))
  const npmFolder = candidates.find(isNpm)
  return npmFolder === undefined ? { node } : { npmFolder, node }
}

function firstFile(folders: readonly string[], names: readonly string[]): string | undefined {
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name)
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) return realpathSync(path)
    }
  }
  return undefined
}

function isNpm(folder: string): boolean {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'npm'
  } catch {
    return false
  }
}
