/** A tree of files as a table, and how two of them differ. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export interface TreeFile {
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  /** Type, mode, owner and content or target: what has to be the same. */
  readonly what: string
  readonly mtime: number
}

/** What a container gets from outside. */
const NOT_THE_IMAGES = /^(dev|proc|sys|run)(\/|$)|^etc\/(resolv\.conf|hostname|hosts|mtab)$|^\.dockerenv$/

export function readTree(folder: string): ReadonlyMap<string, TreeFile> {
  const found = new Map<string, TreeFile>()
  const walk = (at: string) => {
    for (const name of readdirSync(join(folder, at))) {
      const path = at === '' ? name : `${at}/${name}`
      if (NOT_THE_IMAGES.test(path)) continue
      const file = fileAt(join(folder, path))
      found.set(path, file)
      if (file.type === 'directory') walk(path)
    }
  }
  walk('')
  return found
}

function fileAt(place: string): TreeFile {
  const { mode, uid, gid, mtimeMs } = lstatSync(place)
  const kind = mode & 0o170000
  const type = kind === 0o100000 ? 'file' : kind === 0o040000 ? 'directory' : kind === 0o120000 ? 'symlink' : 'other'
  const content =
    type === 'file' ? createHash('sha256').update(readFileSync(place)).digest('hex') : type === 'symlink' ? readlinkSync(place) : ''
  const bits = type === 'symlink' ? '' : (mode & 0o7777).toString(8)
  return { type, what: `${type} ${bits} ${uid}:${gid} ${content}`, mtime: Math.floor(mtimeMs / 1000) }
}

export interface Difference {
  readonly path: string
  readonly kind: 'added' | 'removed' | 'changed'
}

/** From `one` to `other`, without times. */
export function differences(one: ReadonlyMap<string, TreeFile>, other: ReadonlyMap<string, TreeFile>): readonly Difference[] {
  const found: Difference[] = []
  for (const [path, file] of one) {
    const there = other.get(path)
    if (there === undefined) found.push({ path, kind: 'removed' })
    else if (there.what !== file.what) found.push({ path, kind: 'changed' })
  }
  for (const path of other.keys()) if (!one.has(path)) found.push({ path, kind: 'added' })
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}
