/** The image as a maintainer script would find it: paths, accounts, dpkg's tables; what the script changes is seen by it afterwards. */
import type { FileType } from '../../../../model/image.ts'
import type { Diversion, StatOverride } from '../../dpkg-files.ts'
import type { Accounts } from '../accounts.ts'
import type { FileChange } from './effects.ts'

export interface PathFacts {
  readonly type: FileType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly target?: string
}

export interface ImageState {
  /** No link is followed at the end; parents are. */
  get(path: string): PathFacts | undefined
  follow(path: string): PathFacts | undefined
  children(path: string): readonly string[]
  /** Content of a file that was asked for before; undefined otherwise. */
  text(path: string): string | undefined
  /** True where the path's content is another than in the version before. */
  changed(path: string): boolean
}

export interface World {
  readonly state: ImageState
  /** Content of a small file, where it is UTF-8. Where it is not known yet it is read, and the script judged once more. */
  readonly read: (path: string) => string | undefined
  readonly accounts: Accounts
  readonly diversions: readonly Diversion[]
  readonly statOverrides: readonly StatOverride[]
  /** The image's own architecture. */
  readonly native: string
  /** Versions of installed packages by name. */
  readonly versions: ReadonlyMap<string, string>
  /** Names that dpkg has a record of, also of what is removed but for its configuration, or may have one of by then. */
  readonly recorded: ReadonlySet<string>
  /** The package whose script it is, `from` absent where it is new. */
  readonly package: { readonly name: string; readonly from?: string; readonly to: string }
  /** The script and the package's list are as they were in the version before, so registering something again changes nothing. */
  readonly repeats: boolean
  /** What the package changes may be a template of a configuration file: something that is neither a program nor documentation. */
  readonly templates: boolean
  /** The package has the same manual pages as in the version before. */
  readonly sameManuals: boolean
}

const PATH = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin']

/** Where a program is found; undefined if nowhere. */
export function findProgram(state: ImageState, name: string): string | undefined {
  if (name.startsWith('/')) return state.follow(plain(name)) === undefined ? undefined : name
  const folder = PATH.find(part => state.follow(`${part}/${name}`)?.type === 'file')
  return folder === undefined ? undefined : `/${folder}/${name}`
}

/** Without leading `/`, `.` and empty parts; `..` is kept, for the image's own reading of it. */
export function plain(path: string): string {
  return path
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')
}

/** A file, or a new one in a folder that is there; what dpkg keeps is none. */
export function isPlainFile(path: string, state: ImageState): boolean {
  const [now, above] = [state.get(path), state.follow(path.slice(0, Math.max(0, path.lastIndexOf('/'))))]
  return !path.startsWith('var/lib/dpkg/') && (now === undefined ? above?.type === 'directory' : now.type === 'file')
}

/** The state with changes on top. */
export function changedState(state: ImageState, changes: readonly FileChange[]): ImageState {
  if (changes.length === 0) return state
  const last = (path: string) => changes.filter(change => change.path === path)
  const facts = (path: string, before: PathFacts | undefined): PathFacts | undefined => {
    let now = before
    for (const change of last(path)) now = after(change, now)
    return now
  }
  return {
    ...state,
    text: path => state.text(path),
    get: path => facts(path, state.get(path)),
    follow: path => facts(path, state.follow(path)),
    children: path => state.children(path).filter(name => facts(`${path}/${name}`, state.get(`${path}/${name}`)) !== undefined),
  }
}

function after(change: FileChange, now: PathFacts | undefined): PathFacts | undefined {
  const root = { uid: 0, gid: 0, size: 0 }
  switch (change.kind) {
    case 'remove':
    case 'conffile':
      return undefined
    case 'folder':
      return { ...root, type: 'directory', mode: change.mode }
    case 'link':
      return { ...root, type: 'symlink', mode: 0o777, target: change.target }
    case 'empty-file':
      return now ?? { ...root, type: 'file', mode: 0o644 }
    case 'content':
      return { ...(now ?? { ...root, mode: 0o644 }), type: 'file', size: Buffer.byteLength(change.text) }
    case 'mode':
      return now && { ...now, mode: change.mode }
    case 'owner':
      return now && { ...now, uid: change.uid ?? now.uid, gid: change.gid ?? now.gid }
  }
}
