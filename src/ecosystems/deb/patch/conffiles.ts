/**
 * Conffiles as dpkg has them without anybody to ask: a file that nobody changed becomes the new one; a changed one is kept, the new one
 * beside it as `.dpkg-dist` if it is new at all; a deleted one stays deleted; one that the package has no more stays as obsolete.
 * Source: dpkg(1), deb-conffiles(5), Debian policy 10.7 and appendix E. The record always has the new file's MD5, also where it was
 * kept; of one that is given up it has the last.
 */
import type { DebFile } from '../archive-file/read-deb.ts'
import type { InstalledPackage } from '../package.ts'
import { type ChangingPackage, withContents } from './changing-package.ts'
import type { RecordedConffile } from './status-stanza.ts'
import { factsOf, md5, type Unpacking } from './unpack.ts'

export interface SettledConffiles {
  readonly recorded: readonly RecordedConffile[]
  /** Paths (without leading `/`) of obsolete conffiles, which stay in the package's list. */
  readonly obsolete: readonly string[]
  /** Sentences about what was kept. */
  readonly notes: readonly string[]
}

/** Contents that must be read before: conffiles of both versions at their places. */
export function conffilePlaces(change: ChangingPackage, { files }: Pick<Unpacking, 'files'>): string[] {
  const before = change.from?.conffiles.map(({ path }) => path.slice(1)) ?? []
  return [...change.conffiles.keys(), ...before].flatMap(path => placeOf(change, path, files)?.path ?? [])
}

/** Puts into the layer what changes; `contents` has the image's conffiles by place. */
export function settleConffiles(
  change: ChangingPackage,
  contents: ReadonlyMap<string, Uint8Array>,
  unpacking: Unpacking,
): SettledConffiles {
  const { builder, files } = unpacking
  const notes: string[] = []
  const recorded: RecordedConffile[] = []
  const origin = { package: change.key, because: 'content' } as const
  const before = new Map(change.from?.conffiles.map(conffile => [conffile.path.slice(1), conffile]) ?? [])
  const archived = new Map(withContents(change.archive).map(item => [item.file.path, item]))
  for (const [path, { removeOnUpgrade }] of change.conffiles) {
    const item = archived.get(path)
    const old = before.get(path)
    if (removeOnUpgrade) {
      removeUnneeded(change, path, old, contents, unpacking)
      recorded.push({ path: `/${path}`, md5: old?.md5 ?? 'newconffile', obsolete: false, removeOnUpgrade: true })
      continue
    }
    if (item === undefined || item.file.type === 'symlink' || item.file.type === 'directory') continue
    const now = placeOf(change, path, files)
    const place = now?.path ?? change.places.get(path)
    const news = md5(item.content)
    recorded.push({ path: `/${path}`, md5: news, obsolete: false, removeOnUpgrade: false })
    if (place === undefined) continue
    const action = decide(now === undefined ? undefined : md5(contents.get(now.path) ?? new Uint8Array()), old?.md5, news)
    if (action === 'keep') continue
    const target = action === 'install' ? place : `${place}.dpkg-dist`
    const file: DebFile = { ...item.file, type: 'file' }
    builder.put({ path: target, kind: 'file', content: item.content, ...factsOf(file, place, unpacking) }, origin)
    if (action === 'beside') {
      notes.push(
        now === undefined
          ? `/${path} was deleted in the image and stays so; the new one is beside it as .dpkg-dist`
          : `/${path} was changed in the image and is kept; the new one is beside it as .dpkg-dist`,
      )
    }
  }
  const obsolete = obsoleteConffiles(change, before, unpacking)
  return { recorded: [...recorded, ...obsolete.map(({ conffile }) => conffile)], obsolete: obsolete.map(({ path }) => path), notes }
}

/** `current` is undefined where there is no file, `before` where the package had no such conffile. All MD5. */
export function decide(current: string | undefined, before: string | undefined, news: string): 'install' | 'keep' | 'beside' {
  if (current === news) return 'keep'
  if (before === undefined || before === 'newconffile') return current === undefined ? 'install' : 'beside'
  if (before === news) return 'keep'
  return current === before ? 'install' : 'beside'
}

/** The file that a conffile's path leads to, links followed as dpkg does. */
function placeOf(change: ChangingPackage, path: string, files: Unpacking['files']) {
  const place = change.places.get(path) ?? files.canonical(path)
  const file = place === undefined ? undefined : files.follow(place)
  return file?.type === 'file' ? file : undefined
}

/** A conffile that the package gives up: removed where nobody changed it, else kept beside its old name. */
function removeUnneeded(
  change: ChangingPackage,
  path: string,
  old: InstalledPackage['conffiles'][number] | undefined,
  contents: ReadonlyMap<string, Uint8Array>,
  { builder, files }: Unpacking,
): void {
  const now = placeOf(change, path, files)
  if (now === undefined) return
  const content = contents.get(now.path) ?? new Uint8Array()
  const origin = { package: change.key, because: 'removed' } as const
  builder.hide(now.path, origin)
  if (old !== undefined && md5(content) !== old.md5) {
    const { mode, uid, gid, mtime } = now
    builder.put({ path: `${now.path}.dpkg-old`, kind: 'file', content, mode, uid, gid, mtime: Math.max(0, Math.floor(mtime)) }, origin)
  }
}

/** In the reverse order of the old list, as dpkg finds them. */
function obsoleteConffiles(
  { archive, conffiles, listed }: ChangingPackage,
  before: ReadonlyMap<string, InstalledPackage['conffiles'][number]>,
  { files, builder }: Unpacking,
): { readonly path: string; readonly conffile: RecordedConffile }[] {
  const shipped = new Set(archive.files.map(({ path }) => path))
  const order =
    listed.length > 0 ? [...new Set([...listed.filter(path => before.has(path)), ...before.keys()])].reverse() : [...before.keys()]
  return order.flatMap(path => {
    const old = before.get(path)
    if (old === undefined || conffiles.has(path) || shipped.has(path)) return []
    const place = files.canonical(path)
    if (place === undefined || !builder.exists(place)) return []
    return [{ path, conffile: { path: `/${path}`, md5: old.md5, obsolete: true, removeOnUpgrade: old.removeOnUpgrade } }]
  })
}
