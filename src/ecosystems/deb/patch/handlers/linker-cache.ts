/**
 * The dynamic linker's cache, kept right where names of libraries come or go; a new file under an old name changes nothing in it. Stale
 * names are taken out and new ones put in, in the linker's own order; a form that is not known is left out of the image as a whole, which
 * the linker allows for: it looks into its own folders then.
 */
import { posix } from 'node:path'
import type { ChangingPackage } from '../changing-package.ts'
import type { LayerBuilder } from '../layer-builder.ts'
import { type CacheEntry, hasHardwareNames, readLinkerCache, writeLinkerCache } from './cache-format.ts'
import { sonameOf } from './elf-soname.ts'

const CACHE = 'etc/ld.so.cache'

/** A sentence about what was done, if anything was. */
export async function renewLinkerCache(changes: readonly ChangingPackage[], builder: LayerBuilder): Promise<string | undefined> {
  const { files } = builder
  const [first] = changes
  const file = files.follow(CACHE)
  if (file?.type !== 'file' || first === undefined) return undefined
  const libraries = [...builder.entries()].filter(
    ({ path, kind }) => kind !== 'directory' && /^(?:lib|ld-).*\.so(?:\.|$)/.test(posix.basename(path)),
  )
  if (libraries.length === 0) return undefined
  const origin = { package: first.key, because: 'trigger' } as const
  const content = (await files.read([file.path])).get(file.path)
  const cache = content === undefined ? undefined : readLinkerCache(content)
  if (cache === undefined || hasHardwareNames(cache)) {
    if (libraries.every(({ path, kind }) => kind !== 'whiteout' && files.get(path) !== undefined)) return undefined
    builder.hide(file.path, origin)
    return 'the dynamic linker’s cache is left out: libraries changed their names, and its form is not known'
  }
  const exists = ({ path }: CacheEntry) => endOf(path.slice(1), builder) !== undefined
  const stale = cache.entries.filter(entry => !exists(entry))
  const added = newEntries(
    libraries.map(({ path }) => path),
    cache.entries,
    builder,
  )
  if (stale.length === 0 && added.length === 0) return undefined
  const entries = [...cache.entries.filter(exists), ...added]
  await builder.write(file.path, writeLinkerCache({ ...cache, entries }), { mode: 0o644, uid: 0, gid: 0, mtime: first.newest }, origin)
  return `the dynamic linker’s cache loses ${stale.length} names and gains ${added.length}`
}

/** Names in folders that the cache covers and that it does not have yet. */
function newEntries(paths: readonly string[], known: readonly CacheEntry[], builder: LayerBuilder): CacheEntry[] {
  const { files } = builder
  const folders = new Map<string, { readonly written: string; readonly flags: number }>()
  for (const { path, flags } of known) {
    const written = posix.dirname(path)
    const place = files.follow(written.slice(1))?.path
    if (place !== undefined && !folders.has(place)) folders.set(place, { written, flags })
  }
  const names = new Set(known.map(({ path }) => path))
  const added = new Map<string, CacheEntry>()
  for (const path of paths) {
    const folder = folders.get(posix.dirname(path))
    const end = endOf(path, builder)
    const entry = end === undefined ? undefined : builder.get(end)
    if (folder === undefined || entry?.kind !== 'file') continue
    const soname = sonameOf(entry.content)
    // ldconfig takes a library by its own name, where a file or link of that name is.
    if (soname === undefined || !builder.exists(`${posix.dirname(path)}/${soname}`)) continue
    const written = `${folder.written}/${soname}`
    if (!names.has(written)) added.set(written, { name: soname, path: written, flags: folder.flags, osVersion: 0, hardware: 0n })
  }
  return [...added.values()]
}

/** Where a path leads once the layer lies on the image; undefined where nowhere. */
function endOf(path: string, builder: LayerBuilder): string | undefined {
  let at = builder.files.canonical(path) ?? path
  for (let links = 0; links < 20; links++) {
    const entry = builder.get(at)
    const target = entry === undefined ? builder.files.get(at)?.target : entry.kind === 'symlink' ? entry.target : undefined
    if (target === undefined) return builder.exists(at) ? at : undefined
    const next = target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(at), target)
    at = builder.files.canonical(next) ?? next
  }
  return undefined
}
