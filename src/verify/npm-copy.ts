import { lstat, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { PatchedFile } from '../model/edit.ts'
import { Fault } from '../model/faults.ts'

const OWN = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json']
const MAX_BYTES = 128 * 1024 * 1024

/** Options of an `.npmrc` that name something to run: nothing that is copied may start a program. */
const RUNS = /^\s*(git|shell|script-shell|node-options|onload-script|editor|viewer|browser|node-gyp)\s*=/i
/** Options that name a file; npm reads them from the folder it runs in. */
const NAMES_FILE = /^(\s*(?:cafile|certfile|keyfile|cache|\/\/\S+?:(?:certfile|keyfile))\s*=\s*)(["']?)([^"'\s][^"']*?)\2\s*$/i

export interface NpmCopies extends AsyncDisposable {
  /** A new folder with everything npm needs to judge the lock and nothing that it could run. */
  make(state: 'before' | 'after'): Promise<string>
}

export interface NpmProject {
  readonly folder: string
  readonly files: readonly PatchedFile[]
  /** What npm must find besides: the manifests of workspaces and of `file:` folders, relative to `folder`, with `/`; what lies outside stays out. */
  readonly manifests: readonly string[]
}

/** Copies of a project for npm to work on, each readable by this user alone; all gone when disposed of. */
export async function npmCopies({ folder, files, manifests }: NpmProject): Promise<NpmCopies> {
  const patched = new Map(files.map(file => [file.path, file]))
  for (const path of patched.keys()) {
    if (!isInside(path)) throw new Fault('native-failed', `${path} lies outside the project, so npm was not asked.`)
  }
  const kept = new Map<string, Buffer | string>()
  for (const path of new Set([...OWN, ...manifests.filter(isInside)])) {
    const content = patched.has(path) ? undefined : await read(join(folder, path))
    if (content !== undefined) kept.set(path, content)
  }
  const npmrc = await read(join(folder, '.npmrc'))
  if (npmrc !== undefined) kept.set('.npmrc', harmlessNpmrc(npmrc.toString('utf8'), folder))

  const root = await mkdtemp(join(tmpdir(), 'suture-npm-'))
  // npm writes the project's name into the lock where it differs from the folder's.
  const name = basename(await realpath(folder)) || 'project'
  let made = 0
  return {
    async make(state) {
      const copy = join(root, String(++made), name)
      const contents = [...kept, ...files.map(file => [file.path, file[state]] as const)]
      for (const [path, content] of contents) {
        await mkdir(dirname(join(copy, path)), { recursive: true })
        await writeFile(join(copy, path), content, { mode: 0o600 })
      }
      return copy
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  }
}

function isInside(path: string): boolean {
  return path !== '' && !isAbsolute(path) && !path.includes('\\') && !path.includes('\0') && !/(^|\/)(\.\.?|node_modules)?(\/|$)/.test(path)
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    const facts = await stat(path)
    if (!facts.isFile()) return undefined
    if (facts.size > MAX_BYTES) throw new Fault('file-too-large', `${path} is larger than npm is asked to read.`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof Fault) throw error
    if ((await lstat(path).catch(() => undefined)) === undefined) return undefined
    throw new Fault('file-unreadable', `${path} cannot be read.`, { cause: error })
  }
}

/** The same settings, but for programs to run; files they name are still found. */
export function harmlessNpmrc(text: string, folder: string): string {
  return text
    .split('\n')
    .filter(line => !RUNS.test(line))
    .map(line => {
      const [, option, , path] = NAMES_FILE.exec(line) ?? []
      if (option === undefined || path === undefined || /^(\$\{|~)/.test(path)) return line
      return `${option}${resolve(folder, path)}`
    })
    .join('\n')
}
