/** The merged tree of an image over its layers' indexes: lookups cost nothing but memory, contents are read when asked for. */

import type { Sha256 } from '../model/digest.ts'
import { sha256FromHex } from '../model/digest.ts'
import { Fault } from '../model/faults.ts'
import type { FileExtract, ImageFile, ImageFiles } from '../model/image.ts'
import { quoted } from '../tar/entry.ts'
import { pathOrder } from '../tar/path-bytes.ts'
import type { ReadFrom, ReadLayer } from './layer-contents.ts'
import { readContents, readDigests } from './layer-contents.ts'
import type { ContentExtract, LayerIndex } from './layer-index.ts'
import { contentPlace, ENTRY_TYPES, FILE, lowerBound, NO_CONTENT } from './layer-index.ts'
import { type MergedLayers, mergeLayers } from './merge-layers.ts'
import { MergedPaths } from './merged-paths.ts'

/** The largest file whose content is read, and the most that one call reads, in bytes. */
const LARGEST_FILE = 64 * 1024 * 1024
const MOST_AT_ONCE = 1024 * 1024 * 1024
const ROOT: ImageFile = { path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, layer: 0 }

/** What `changedPaths` compares. */
interface Insides {
  readonly merged: MergedLayers
  readonly layers: readonly ReadLayer[]
}
const INSIDES = new WeakMap<ImageFiles, Insides>()

/** Layers from the bottom. Faults: `layer-invalid`. */
export function mergedFiles(layers: readonly ReadLayer[], from: ReadFrom): ImageFiles {
  const indexes = layers.map(({ index }) => index)
  const merged = mergeLayers(indexes)
  const { paths, order } = merged
  const places = new MergedPaths(merged, indexes)

  function entryAt(at: number): { readonly index: LayerIndex; readonly entry: number; readonly layer: number } {
    const layer = merged.layers[at] ?? 0
    const index = indexes[layer]
    if (index === undefined) throw new Fault('internal', 'A merged path belongs to no layer.')
    return { index, entry: merged.entries[at] ?? 0, layer }
  }

  function get(path: string): ImageFile | undefined {
    if (path === '') return ROOT
    const at = places.find(path)
    return at === undefined ? undefined : fileAt(at)
  }

  function fileAt(at: number): ImageFile {
    const path = paths[at] ?? ''
    const { index, entry, layer } = entryAt(at)
    const type = ENTRY_TYPES[index.types[entry] ?? 0] ?? 'directory'
    const content = index.contents[entry] ?? NO_CONTENT
    const target = index.targets.get(entry)
    const hardLinkTo = merged.lowerLinks.get(path) ?? (type === 'symlink' ? undefined : target)
    const xattrs = index.xattrs.get(entry)
    const file: ImageFile = {
      path,
      type,
      mode: index.modes[entry] ?? 0,
      uid: index.uids[entry] ?? 0,
      gid: index.gids[entry] ?? 0,
      size: content === NO_CONTENT ? 0 : (index.contentSizes[content] ?? 0),
      mtime: index.mtimes[entry] ?? 0,
      layer,
    }
    // Few files have more to tell, and this is asked for every path of an image.
    if (target === undefined && hardLinkTo === undefined && xattrs === undefined) return file
    return {
      ...file,
      ...(type === 'symlink' && target !== undefined ? { target } : {}),
      ...(hardLinkTo === undefined ? {} : { hardLinkTo }),
      ...(xattrs === undefined ? {} : { xattrs }),
    }
  }

  /** Files among the paths, by layer: content number → the paths that have it. */
  function contentsOf(wanted: Iterable<string>, largest: number): Map<number, Map<number, string[]>> {
    const byLayer = new Map<number, Map<number, string[]>>()
    let total = 0
    for (const path of new Set(wanted)) {
      const at = places.find(path)
      if (at === undefined) continue
      const { index, entry, layer } = entryAt(at)
      if (index.types[entry] !== FILE) continue
      const content = index.contents[entry] ?? NO_CONTENT
      const { size } = contentPlace(index, content)
      if (size > largest) throw new Fault('image-file-too-large', `${quoted(path)} has ${size} bytes; up to ${largest} are read.`)
      const contents = byLayer.get(layer) ?? new Map<number, string[]>()
      byLayer.set(layer, contents)
      const names = contents.get(content)
      if (names === undefined) {
        total += size
        contents.set(content, [path])
      } else names.push(path)
    }
    if (total > MOST_AT_ONCE && largest !== Number.POSITIVE_INFINITY) {
      throw new Fault('image-file-too-large', `The files to be read have ${total} bytes in all; up to ${MOST_AT_ONCE} are read at once.`)
    }
    return byLayer
  }

  async function ofLayers<Value>(
    byLayer: Map<number, Map<number, string[]>>,
    read: (from: ReadFrom, layer: ReadLayer, wanted: ReadonlySet<number>) => Promise<Map<number, Value>>,
  ): Promise<Map<string, Value>> {
    const result = new Map<string, Value>()
    for (const [layer, contents] of byLayer) {
      const held = layers[layer]
      if (held === undefined) continue
      for (const [content, value] of await read(from, held, new Set(contents.keys()))) {
        for (const path of contents.get(content) ?? []) result.set(path, value)
      }
    }
    return result
  }

  const files: ImageFiles = {
    get,
    canonical: path => places.canonical(path),
    follow(path) {
      const led = places.followed(path)
      return led === undefined ? undefined : get(led)
    },
    children(path) {
      const prefix = path === '' ? '' : `${path}/`
      const names: string[] = []
      let at = prefix === '' ? 0 : lowerBound(paths, prefix, order)
      for (let found = paths[at]; found?.startsWith(prefix); found = paths[at]) {
        const slash = found.indexOf('/', prefix.length)
        if (slash < 0) {
          names.push(found.slice(prefix.length))
          at++
        } else at = lowerBound(paths, `${found.slice(0, slash)}0`, order)
      }
      return names
    },
    paths: () => paths,
    read: async wanted => ofLayers(contentsOf(wanted, LARGEST_FILE), readContents),
    async digests(wanted) {
      const hex = await ofLayers(contentsOf(wanted, Number.POSITIVE_INFINITY), readDigests)
      const digests = new Map<string, Sha256>()
      for (const [path, digest] of hex) digests.set(path, sha256FromHex(digest))
      return digests
    },
    extracts: () => visibleExtracts(merged, indexes),
  }
  INSIDES.set(files, { merged, layers })
  return files
}

/**
 * Paths that are there on one side only, or that are not the same entry of the same layer on both, sorted by their bytes; a layer is the same
 * where its diff id is. Both sides as `mergedFiles` made them.
 */
export function changedPaths(one: ImageFiles, other: ImageFiles): string[] {
  const [before, after] = [INSIDES.get(one), INSIDES.get(other)]
  if (before === undefined || after === undefined) throw new Fault('internal', 'Files of images are compared that no layers made.')
  const order = before.merged.order === after.merged.order ? before.merged.order : pathOrder(false)
  const names = new Map([...before.layers, ...after.layers].map(({ layer }) => layer.diffId).map((name, at) => [name, at]))
  const numbers = ({ layers }: Insides) => layers.map(({ layer }) => names.get(layer.diffId) ?? -1)
  const [left, right] = [numbers(before), numbers(after)]
  const [a, b] = [before.merged, after.merged]
  const changed: string[] = []
  for (let i = 0, k = 0; i < a.paths.length || k < b.paths.length; ) {
    const [mine, theirs] = [a.paths[i], b.paths[k]]
    const side = mine === theirs ? 0 : mine === undefined ? 1 : theirs === undefined ? -1 : order(mine, theirs)
    if (side === 0 && mine !== undefined) {
      const same = left[a.layers[i] ?? 0] === right[b.layers[k] ?? 0] && a.entries[i] === b.entries[k]
      if (!same) changed.push(mine)
    } else changed.push((side < 0 ? mine : theirs) ?? '')
    if (side <= 0) i++
    if (side >= 0) k++
  }
  return changed
}

/** Of the names of one content, the one that is no hard link, else the first. */
function visibleExtracts({ paths, layers, entries }: MergedLayers, indexes: readonly LayerIndex[]): FileExtract[] {
  const extracts = indexes.map(index => new Map<number, ContentExtract>(index.extracts().map(extract => [extract.content, extract])))
  if (extracts.every(({ size }) => size === 0)) return []
  const wanted = indexes.map((index, layer) => {
    const flags = new Uint8Array(index.contentSizes.length)
    for (const content of extracts[layer]?.keys() ?? []) flags[content] = 1
    return flags
  })
  const chosen = indexes.map(() => new Map<number, { readonly at: number; readonly first: boolean }>())
  for (let at = 0; at < paths.length; at++) {
    const layer = layers[at] ?? 0
    const entry = entries[at] ?? 0
    const index = indexes[layer]
    const content = index?.contents[entry] ?? NO_CONTENT
    if (content === NO_CONTENT || wanted[layer]?.[content] !== 1) continue
    const first = index?.targets.has(entry) === false && index.paths[entry] === paths[at]
    const before = chosen[layer]?.get(content)
    if (before === undefined || (first && !before.first)) chosen[layer]?.set(content, { at, first })
  }
  const found: { readonly at: number; readonly extract: FileExtract }[] = []
  for (const [layer, contents] of chosen.entries()) {
    for (const [content, { at }] of contents) {
      const extract = extracts[layer]?.get(content)
      if (extract === undefined) continue
      found.push({ at, extract: { path: paths[at] ?? '', layer, extractor: extract.extractor, text: extract.text } })
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ extract }) => extract)
}
