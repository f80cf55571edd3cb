/**
 * What one layer holds, without its contents: entries in columns (a layer can have a hundred thousand), sorted by path, and where in the
 * uncompressed tar each content stands. Contents have numbers of their own, because hard links share one. A layer's index depends on its
 * bytes alone, so it is kept by the layer's diff id.
 */
import type { FileType } from '../model/image.ts'
import type { PathOrder } from '../tar/path-bytes.ts'
import { pathOrder } from '../tar/path-bytes.ts'

/** In a column of types: the place in this list. */
export const ENTRY_TYPES = ['file', 'directory', 'symlink', 'character', 'block', 'fifo'] as const satisfies readonly FileType[]
export const FILE = 0
export const DIRECTORY = 1
export const SYMLINK = 2
/** A folder that the layer does not name but has something in. */
export const IMPLIED = 6
/** A hard link to a file that a lower layer brought. */
export const LOWER_LINK = 7

export const NO_CONTENT = 0xffffffff
export const DIGEST_LENGTH = 32

export interface LayerIndex {
  /** Sorted by their bytes, none twice; without whiteouts and without the root. */
  readonly paths: readonly string[]
  /** Whether the paths' UTF-16 code units sort as their bytes. */
  readonly unitOrder: boolean
  readonly types: Uint8Array
  readonly modes: Uint16Array
  readonly uids: Uint32Array
  readonly gids: Uint32Array
  readonly mtimes: Float64Array
  /** The number of a file's content; `NO_CONTENT` for others. */
  readonly contents: Uint32Array
  /** Symbolic links: the target as written. Hard links: the path they were made from. */
  readonly targets: ReadonlyMap<number, string>
  readonly xattrs: ReadonlyMap<number, Readonly<Record<string, string>>>
  /** Paths that the layer hides. */
  readonly whiteouts: readonly string[]
  /** Folders whose lower content the layer hides; empty text for the root. */
  readonly opaque: readonly string[]
  /** By content number, in the order of the archive: where it starts (in blocks of 512 bytes) and its size in bytes. */
  readonly contentBlocks: Uint32Array
  readonly contentSizes: Float64Array
  /** SHA-256 by content number, 32 bytes each; absent where the layer was read without. */
  readonly digests?: Uint8Array
  /** Contents that were wanted whole, by content number. */
  readonly kept: ReadonlyMap<number, Uint8Array>
  readonly extracts: () => readonly ContentExtract[]
}

export interface ContentExtract {
  readonly content: number
  readonly extractor: string
  readonly text: string
}

/** Bytes of content `number` in the uncompressed tar. */
export function contentPlace(index: LayerIndex, number: number): { readonly offset: number; readonly size: number } {
  return { offset: (index.contentBlocks[number] ?? 0) * 512, size: index.contentSizes[number] ?? 0 }
}

export function orderOf({ unitOrder }: LayerIndex): PathOrder {
  return pathOrder(unitOrder)
}

/** The place of the first path that does not stand before `path`. */
export function lowerBound(paths: readonly string[], path: string, order: PathOrder): number {
  let low = 0
  let high = paths.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(paths[middle] ?? '', path) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The folder that a path is in; empty text for the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
