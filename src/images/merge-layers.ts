/**
 * Lays layers over one another as overlayfs shows them: a whiteout hides a path and all below it, an opaque folder hides what lower
 * layers have in it, a folder over a folder joins their contents and takes the upper one's attributes, and anything over anything else
 * replaces it, a folder over a symbolic link too. Everything stays sorted, so a subtree is a range and a small layer on a large one
 * costs a few binary searches.
 */
import { Fault } from '../model/faults.ts'
import { quoted } from '../tar/entry.ts'
import type { PathOrder } from '../tar/path-bytes.ts'
import { pathOrder } from '../tar/path-bytes.ts'
import type { LayerIndex } from './layer-index.ts'
import { DIRECTORY, IMPLIED, LOWER_LINK, lowerBound } from './layer-index.ts'
import { MergedPaths } from './merged-paths.ts'

/** What is visible: path by path, which layer's entry it is. */
export interface MergedLayers {
  /** Sorted by their bytes. */
  readonly paths: readonly string[]
  readonly layers: ArrayLike<number>
  /** The place in the layer's index. */
  readonly entries: ArrayLike<number>
  readonly order: PathOrder
  /** Hard links to what a lower layer brought → the path they were made from. */
  readonly lowerLinks: ReadonlyMap<string, string>
}

/** From the bottom. Faults: `layer-invalid` where a hard link leads to nothing. */
export function mergeLayers(indexes: readonly LayerIndex[]): MergedLayers {
  const order = pathOrder(indexes.every(({ unitOrder }) => unitOrder))
  const lowerLinks = new Map<string, string>()
  let merged: MergedLayers = { paths: [], layers: [], entries: [], order, lowerLinks }
  for (const [layer, index] of indexes.entries()) merged = { ...lay(index, layer, merged, indexes), order, lowerLinks }
  return merged

  function lay(index: LayerIndex, layer: number, lower: MergedLayers, all: readonly LayerIndex[]) {
    if (lower.paths.length === 0 && !index.types.includes(LOWER_LINK)) {
      lowerLinks.clear()
      const entries = new Uint32Array(index.paths.length)
      for (let at = 0; at < entries.length; at++) entries[at] = at
      return { paths: index.paths, layers: new Uint16Array(entries.length).fill(layer), entries }
    }
    const hidden = hiddenBy(index, lower, all)
    const paths: string[] = []
    const layers: number[] = []
    const entries: number[] = []
    let from = 0
    const takeLower = (end: number) => {
      for (; from < end; from++) {
        if (hidden[from] === 1) continue
        paths.push(lower.paths[from] ?? '')
        layers.push(lower.layers[from] ?? 0)
        entries.push(lower.entries[from] ?? 0)
      }
    }
    for (const [at, path] of index.paths.entries()) {
      const place = from >= lower.paths.length ? from : nextPlace(lower.paths, path, from, order)
      takeLower(place)
      const same = lower.paths[place] === path
      const visible = same && hidden[place] !== 1
      if (same) from++
      const type = index.types[at]
      if (type === IMPLIED && visible && isFolder(lower, place, all)) {
        paths.push(path)
        layers.push(lower.layers[place] ?? 0)
        entries.push(lower.entries[place] ?? 0)
      } else if (type === LOWER_LINK) {
        const target = index.targets.get(at) ?? ''
        const found = linkedBelow(lower, all, target)
        if (found === undefined)
          throw new Fault('layer-invalid', `${quoted(path)} is a hard link to ${quoted(target)}, which is not there.`)
        paths.push(path)
        layers.push(lower.layers[found] ?? 0)
        entries.push(lower.entries[found] ?? 0)
        lowerLinks.set(path, target)
      } else {
        paths.push(path)
        layers.push(layer)
        entries.push(at)
        if (lowerLinks.size > 0) lowerLinks.delete(path)
      }
    }
    takeLower(lower.paths.length)
    return { paths, layers, entries }
  }
}

/** Marks what of the lower tree the layer hides, apart from paths it has itself. */
function hiddenBy(index: LayerIndex, lower: MergedLayers, all: readonly LayerIndex[]): Uint8Array {
  const { paths, order } = lower
  const hidden = new Uint8Array(paths.length)
  const hideBelow = (folder: string) => {
    if (folder === '') hidden.fill(1)
    else hidden.fill(1, lowerBound(paths, `${folder}/`, order), lowerBound(paths, `${folder}0`, order))
  }
  for (const path of index.whiteouts) {
    const at = lowerBound(paths, path, order)
    if (paths[at] === path) hidden[at] = 1
    hideBelow(path)
  }
  for (const folder of index.opaque) hideBelow(folder)
  if (paths.length === 0) return hidden
  let from = 0
  for (const [at, path] of index.paths.entries()) {
    if (from >= paths.length) break
    from = nextPlace(paths, path, from, order)
    if (paths[from] !== path) continue
    const type = index.types[at]
    if (type !== DIRECTORY && type !== IMPLIED && isFolder(lower, from, all)) hideBelow(path)
  }
  return hidden
}

function isFolder({ layers, entries }: MergedLayers, at: number, all: readonly LayerIndex[]): boolean {
  const type = all[layers[at] ?? 0]?.types[entries[at] ?? 0]
  return type === DIRECTORY || type === IMPLIED
}

/** `lowerBound` from a place on: neighbours are found in a few steps, whatever lies behind them. */
function nextPlace(paths: readonly string[], path: string, from: number, order: PathOrder): number {
  let step = 1
  let low = from
  while (low + step < paths.length && order(paths[low + step] ?? '', path) < 0) {
    low += step
    step *= 2
  }
  let high = Math.min(paths.length, low + step)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(paths[middle] ?? '', path) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function linkedBelow(lower: MergedLayers, all: readonly LayerIndex[], target: string): number | undefined {
  const view = new MergedPaths(lower, all)
  const canonical = view.canonical(target)
  const at = canonical === undefined ? undefined : view.find(canonical)
  return at === undefined || isFolder(lower, at, all) ? undefined : at
}
