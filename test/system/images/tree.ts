/** A tree of files as a table, and how two of them differ. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { must } from './command.ts'

export interface TreeFile {
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  /** Type, mode, owner, content or target, capabilities, and which other name is the same file: what has to be the same. */
  readonly what: string
  readonly mtime: number
}

/** What a container gets from outside. */
const NOT_THE_IMAGES = /^(dev|proc|sys|run)(\/|$)|^etc\/(resolv\.conf|hostname|hosts|mtab)$|^\.dockerenv$/

export function readTree(folder: string): ReadonlyMap<string, TreeFile> {
  const found = new Map<string, TreeFile>()
  const capabilities = capabilitiesIn(folder)
  const names = new Map<number, string>()
  const walk = (at: string) => {
    for (const name of readdirSync(join(folder, at)).sort()) {
      const path = at === '' ? name : `${at}/${name}`
      if (NOT_THE_IMAGES.test(path)) continue
      const place = join(folder, path)
      const file = fileAt(place)
      const { ino, nlink } = lstatSync(place)
      const first = file.type === 'file' && nlink > 1 ? names.get(ino) : undefined
      if (first === undefined) names.set(ino, path)
      const more = [capabilities.get(path), first === undefined ? undefined : `as ${first}`].flatMap(fact => fact ?? [])
      found.set(path, { ...file, what: [file.what, ...more].join(' ') })
      if (file.type === 'directory') walk(path)
    }
  }
  walk('')
  return found
}

/** Path → capabilities. */
function capabilitiesIn(folder: string): ReadonlyMap<string, string> {
  const lines = must('getcap', ['-r', folder]).split('\n')
  return new Map(
    lines.flatMap(line => {
      const [, path = '', capabilities = ''] = /^(.*?)(?: =)? (cap_\S+)$/.exec(line) ?? []
      return path === '' ? [] : [[relative(folder, path), capabilities] as const]
    }),
  )
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
