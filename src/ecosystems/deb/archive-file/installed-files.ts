/** The files that a data.tar installs, with everything refused that could reach beyond its own place. */
import type { TarEntry } from '../../../tar/entry.ts'
import { readTar } from '../../../tar/read-tar.ts'
import { debFaults } from './deb-faults.ts'

export interface DebFile {
  /** From the root, without `./` before it; empty for the root itself. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Empty where the archive has numbers only. */
  readonly userName: string
  readonly groupName: string
  /** Seconds since the epoch, whole. */
  readonly mtime: number
  /** A symbolic link's target as written; a hard link's path in the same archive. */
  readonly target?: string
  /** Empty unless a file. */
  readonly content: Uint8Array
  readonly xattrs?: Readonly<Record<string, string>>
}

type Invalid = (what: string) => Error
type Kind = DebFile['type']

const LONGEST_PATH = 4095
const LONGEST_PART = 251
const LARGEST_ID = 2 ** 32 - 2

/** In the archive's order. Throws what `invalid` makes. */
export function installedFiles(tar: Buffer, invalid: Invalid): DebFile[] {
  const files: DebFile[] = []
  const seen = new Map<string, Kind>()
  for (const { entry, content } of readTar(tar, debFaults(invalid))) {
    const { type } = entry
    if (type === 'character' || type === 'block' || type === 'fifo') throw invalid(`holds a device or a fifo: ${shown(entry.path)}`)
    const path = plainPath(entry.written, type, invalid)
    const before = seen.get(path)
    if (before !== undefined && !(before === 'directory' && type === 'directory')) throw invalid(`holds a path twice: ${shown(path)}`)
    checkParents(path, seen, invalid)
    if (before === 'directory') continue
    const target = targetOf(path, type, entry, seen, invalid)
    if (entry.mtime < 0) throw invalid(`holds a file from before 1970: ${shown(path)}`)
    if (entry.uid > LARGEST_ID || entry.gid > LARGEST_ID) throw invalid(`holds a file of an owner that can be none: ${shown(path)}`)
    seen.set(path, type)
    const { mode, uid, gid, userName, groupName, mtime, xattrs } = entry
    files.push({
      path,
      type,
      mode,
      uid,
      gid,
      userName,
      groupName,
      mtime,
      content,
      ...(target !== undefined && { target }),
      ...(xattrs !== undefined && { xattrs }),
    })
  }
  checkChildren(seen, invalid)
  return files
}

/** Without `./` and a final `/`. */
function plainPath(written: string, type: Kind, invalid: Invalid): string {
  if (written.startsWith('/')) throw invalid(`holds an absolute path: ${shown(written)}`)
  let path = written === '.' || written === './' ? '' : written.replace(/^(\.\/)+/, '')
  if (path.endsWith('/')) {
    if (type !== 'directory') throw invalid(`holds a file whose name ends with /: ${shown(written)}`)
    path = path.slice(0, -1)
  }
  if (path === '') {
    if (type !== 'directory') throw invalid('holds a root that is no folder')
    return path
  }
  if (path.length > LONGEST_PATH || /[\n\0]/.test(path) || !path.isWellFormed())
    throw invalid(`holds a path that can be none: ${shown(written)}`)
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') throw invalid(`holds a path that leads elsewhere: ${shown(written)}`)
    if (Buffer.byteLength(part) > LONGEST_PART) throw invalid(`holds a name that is too long: ${shown(written)}`)
    // A layer would hide files by it.
    if (part.startsWith('.wh.')) throw invalid(`holds a name that means removal in an image layer: ${shown(written)}`)
  }
  return path
}

function checkParents(path: string, seen: ReadonlyMap<string, Kind>, invalid: Invalid): void {
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const parent = seen.get(path.slice(0, slash))
    if (parent !== undefined && parent !== 'directory') throw invalid(`holds a file below a link or a file: ${shown(path)}`)
  }
}

/** The same for a link that comes after what stands below it. */
function checkChildren(seen: ReadonlyMap<string, Kind>, invalid: Invalid): void {
  for (const path of seen.keys()) checkParents(path, seen, invalid)
}

function targetOf(path: string, type: Kind, entry: TarEntry, seen: ReadonlyMap<string, Kind>, invalid: Invalid): string | undefined {
  if (type === 'hardlink') {
    const { target = '' } = entry
    const kind = seen.get(target)
    if (kind !== 'file' && kind !== 'hardlink') throw invalid(`holds a hard link to what it did not hold before: ${shown(path)}`)
    return target
  }
  if (type !== 'symlink') return undefined
  const { target: linkTarget = '' } = entry
  if (linkTarget === '' || linkTarget.length > LONGEST_PATH || linkTarget.includes('\n')) {
    throw invalid(`holds a link to nowhere: ${shown(path)}`)
  }
  if (climbsOut(path, linkTarget)) throw invalid(`holds a link that leads above the root: ${shown(path)}`)
  return linkTarget
}

function climbsOut(path: string, target: string): boolean {
  let depth = target.startsWith('/') ? 0 : path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return true
  }
  return false
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 120))
}
