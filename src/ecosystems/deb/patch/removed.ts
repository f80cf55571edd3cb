/**
 * What goes with an old version: files that its list has and the new archive has not, unless another package has them too; folders that
 * are empty then and nobody else's; compiled Python whose source changed or went, since it may otherwise run in place of the new one.
 */
import type { ImageFiles } from '../../../model/image.ts'
import { divert, type Ownership } from '../ownership.ts'
import type { ChangingPackage, Surroundings } from './changing-package.ts'
import type { LayerBuilder } from './layer-builder.ts'

export interface Removal extends Pick<Surroundings, 'files' | 'diversions'> {
  readonly builder: LayerBuilder
  readonly ownership: Ownership
  /** Every package of the image by key, those that change without their old lists. */
  readonly unchanged: readonly { readonly key: string; readonly name: string }[]
}

/** Hides what went. `kept` are obsolete conffiles. */
export function removeOld(changes: readonly ChangingPackage[], kept: ReadonlySet<string>, removal: Removal): void {
  const { files, diversions, ownership, builder } = removal
  const places = new Set(changes.flatMap(change => [...change.places.values()]))
  const changing = new Set(changes.map(({ key }) => key))
  const folders = new Map<string, string>()
  for (const { key, from, listed, archive } of changes) {
    if (from === undefined) continue
    const shipped = new Set(archive.files.map(({ path }) => path))
    const parents = new Set(listed.map(path => path.slice(0, Math.max(0, path.lastIndexOf('/')))))
    for (const path of listed) {
      if (shipped.has(path) || kept.has(path)) continue
      const place = files.canonical(divert(path, from.name, diversions))
      if (place === undefined || places.has(place)) continue
      const now = files.get(place)
      if (now === undefined) continue
      // A folder of the package that is a link in the image (a merged /usr) is the image's.
      if (now.type === 'symlink' && (parents.has(path) || !place.includes('/'))) continue
      if (now.type === 'directory') folders.set(place, key)
      else if (!ownership.owners(place).some(owner => !changing.has(owner))) builder.hide(place, { package: key, because: 'removed' })
    }
  }
  removeFolders(folders, removal)
}

/** The deepest first; a folder that is not empty, or that another package lists, stays. */
function removeFolders(folders: ReadonlyMap<string, string>, removal: Removal): void {
  const { builder } = removal
  const empty = [...folders].sort(([a], [b]) => b.length - a.length)
  let needed: ReadonlySet<string> | undefined
  for (const [place, key] of empty) {
    dropCompiled(place, key, builder, removal.files)
    if (builder.children(place).length > 0) continue
    needed ??= listedFolders(removal)
    if (!needed.has(place)) builder.hide(place, { package: key, because: 'removed' })
  }
}

function listedFolders({ files, diversions, ownership, unchanged }: Removal): ReadonlySet<string> {
  const listed = new Set<string>()
  for (const { key, name } of unchanged) {
    for (const path of ownership.listed(key)) listed.add(files.canonical(divert(path, name, diversions)) ?? path)
  }
  return listed
}

/** A `__pycache__` that is all that is left of a folder goes with it. */
function dropCompiled(place: string, key: string, builder: LayerBuilder, files: ImageFiles): void {
  const [only, more] = builder.children(place)
  if (only !== '__pycache__' || more !== undefined) return
  const cache = `${place}/__pycache__`
  if (files.children(cache).every(name => /\.pyc$/.test(name))) builder.hide(cache, { package: key, because: 'removed' })
}

/** Hides compiled forms of Python sources that the layer changes or hides. */
export function removeStaleCompiled(
  builder: LayerBuilder,
  origin: (path: string) => string,
  { files, ownership }: Pick<Removal, 'files' | 'ownership'>,
): void {
  const stems = new Map<string, Set<string>>()
  for (const { path, kind } of [...builder.entries()]) {
    if (!path.endsWith('.py') || kind === 'directory' || files.get(path) === undefined) continue
    const slash = path.lastIndexOf('/')
    const cache = `${path.slice(0, slash + 1)}__pycache__`
    const names = stems.get(cache) ?? new Set()
    stems.set(cache, names.add(path.slice(slash + 1, -3)))
  }
  for (const [cache, names] of stems) {
    for (const name of files.children(cache)) {
      const [, stem = ''] = /^(.+?)\.[A-Za-z]+-\d+(?:\.opt-\d)?\.pyc$/.exec(name) ?? []
      const path = `${cache}/${name}`
      if (!names.has(stem) || ownership.owners(path).length > 0) continue
      builder.hide(path, { package: origin(`${cache.slice(0, -'__pycache__'.length)}${stem}.py`), because: 'removed' })
    }
    if (builder.exists(cache) && builder.children(cache).length === 0) {
      builder.hide(cache, { package: origin(cache), because: 'removed' })
    }
  }
}
