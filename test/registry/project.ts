import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface TestProject extends Disposable {
  readonly folder: string
  readonly cacheFolder: string
  /** No npm, no configuration but the project's, and a home of its own: nothing of this machine gets in. */
  readonly env: Readonly<Record<string, string>>
  readonly execPath: string
}

/** A folder with these files (by default an `.npmrc` that names the registry), gone when it is disposed of. */
export function makeProject(registryUrl: string, files: Readonly<Record<string, string>> = {}): TestProject {
  const root = mkdtempSync(join(tmpdir(), 'suture-registry-'))
  const folder = join(root, 'project')
  const all = { 'package.json': '{"name":"project","version":"1.0.0"}\n', '.npmrc': `registry=${registryUrl}\n`, ...files }
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  mkdirSync(join(root, 'home'))
  return {
    folder,
    cacheFolder: join(root, 'cache'),
    env: { HOME: join(root, 'home'), PATH: '' },
    execPath: join(root, 'bin', 'node'),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
