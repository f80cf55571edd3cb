/**
 * Which package each path of an image belongs to: dpkg's lists, or the digests beside `status.d` records, turned into paths as they
 * are in the image: links of parent folders followed (a merged `/usr`), diversions applied.
 */
import type { ImageFiles } from '../../model/image.ts'
import { decodeControl } from './control.ts'
import { type Diversion, readFileList, readMd5sums } from './dpkg-files.ts'
import { type InstalledPackage, packageKey } from './package.ts'
import { type DpkgDatabase, infoFile } from './read-status.ts'

export interface Ownership {
  /** Keys (`name:architecture`) of the packages that brought what is at a canonical path, sorted; folders belong to nobody. */
  owners(path: string): readonly string[]
  /** Paths as the package itself has them, folders too, in the order of its list. */
  listed(key: string): readonly string[]
}

/** Reads the lists of every package in one go; what they say is looked at when it is asked for. Throws `dpkg-status-invalid`, then too. */
export async function readOwnership(files: ImageFiles, database: DpkgDatabase): Promise<Ownership> {
  const sources = new Map(database.packages.flatMap(item => [[packageKey(item), listFile(files, item)] as const]))
  const bytes = await files.read([...sources.values()].flatMap(source => source?.path ?? []))
  const lists = new Map<string, readonly string[]>()
  const listed = (item: InstalledPackage): readonly string[] => {
    const key = packageKey(item)
    const known = lists.get(key)
    if (known !== undefined) return known
    const source = sources.get(key)
    const { text } = decodeControl(bytes.get(source?.path ?? '') ?? new Uint8Array())
    const list =
      source === undefined
        ? []
        : source.sums
          ? [...readMd5sums(text, source.path).keys(), ...conffilePaths(item)]
          : readFileList(text, source.path)
    lists.set(key, list)
    return list
  }
  let found: ReadonlyMap<string, string | readonly string[]> | undefined
  return {
    owners(path) {
      found ??= ownersOf(files, database, listed)
      const owner = found.get(path)
      return owner === undefined ? [] : typeof owner === 'string' ? [owner] : owner
    },
    listed(key) {
      const item = database.byKey.get(key)
      return item === undefined ? [] : listed(item)
    },
  }
}

/** Canonical path → the keys of the packages that brought it; a text where it is one. */
function ownersOf(
  files: ImageFiles,
  database: DpkgDatabase,
  listed: (item: InstalledPackage) => readonly string[],
): ReadonlyMap<string, string | readonly string[]> {
  const canonical = canonicalPaths(files)
  const diverted = diversionsByPath(database.diversions)
  const owners = new Map<string, string | readonly string[]>()
  for (const item of database.packages) {
    const key = packageKey(item)
    for (const path of listed(item)) {
      const place = canonical(divert(path, item.name, diverted))
      if (place === undefined || files.get(place)?.type === 'directory') continue
      const known = owners.get(place)
      if (known === undefined) owners.set(place, key)
      else if (typeof known === 'string' ? known !== key : !known.includes(key))
        owners.set(place, typeof known === 'string' ? [known, key] : [...known, key])
    }
  }
  return owners
}

/** Digest files leave out conffiles, which belong to the package all the same. */
function conffilePaths({ conffiles }: InstalledPackage): string[] {
  return conffiles.filter(({ obsolete }) => !obsolete).map(({ path }) => path.slice(1))
}

function listFile(files: ImageFiles, item: InstalledPackage): { readonly path: string; readonly sums: boolean } | undefined {
  const list = infoFile(files, item, 'list')
  if (list?.type === 'file') return { path: list.path, sums: false }
  const sums = files.follow(`${item.file}.md5sums`)
  return sums?.type === 'file' ? { path: sums.path, sums: true } : undefined
}

function diversionsByPath(diversions: readonly Diversion[]): ReadonlyMap<string, Diversion> {
  return new Map(diversions.map(diversion => [diversion.from, diversion]))
}

/** Where a package's path really is. */
export function divert(path: string, name: string, diversions: ReadonlyMap<string, Diversion>): string {
  const diversion = diversions.get(path)
  return diversion === undefined || diversion.by === name ? path : diversion.to
}

/** Follows the links of a path's parents; each folder is followed once. */
function canonicalPaths(files: ImageFiles): (path: string) => string | undefined {
  const folders = new Map<string, string | undefined>()
  return path => {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return path
    const folder = path.slice(0, slash)
    if (!folders.has(folder)) folders.set(folder, canonicalFolder(files, folder))
    const found = folders.get(folder)
    return found === undefined ? undefined : found === '' ? path.slice(slash + 1) : `${found}${path.slice(slash)}`
  }
}

function canonicalFolder(files: ImageFiles, folder: string): string | undefined {
  const inside = files.canonical(`${folder}/x`)
  return inside === undefined ? undefined : inside.slice(0, Math.max(0, inside.length - 2))
}
