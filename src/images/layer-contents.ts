/**
 * Reads contents of one layer: those kept with its index at once, others by position where the layer lies uncompressed in a local file,
 * and else from its stream, all wanted ones in one pass. What comes from a stream is proved: by the content's own digest where the index
 * has it (the stream is left after the last), or by the diff id at the stream's end.
 */
import { createHash, hash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { Fault } from '../model/faults.ts'
import type { ImageLayer, ImageSource } from '../model/image.ts'
import type { DecompressionLimits } from './compression.ts'
import type { LayerIndex } from './layer-index.ts'
import { contentPlace, DIGEST_LENGTH } from './layer-index.ts'
import { verifiedTar } from './read-layer.ts'
import { FileWindow } from './tar/walk.ts'

export interface LayerPlace {
  readonly path: string
  readonly offset: number
  readonly size: number
}

export interface ReadLayer {
  readonly layer: ImageLayer
  index: LayerIndex
  /** Where contents may be read by position: always checked by their own digests, unless the whole view is by position. */
  readonly place?: LayerPlace
  /** Whether the index was made from bytes that were held against the diff id. */
  readonly proved: boolean
  /** Keeps an index that knows more than before. */
  store(index: LayerIndex): void
}

export interface ReadFrom {
  readonly source: ImageSource
  readonly limits?: DecompressionLimits
}

const PIECE = 1024 * 1024

/** Contents by number. Faults: `image-digest-mismatch`, `layer-invalid`. */
export async function readContents(from: ReadFrom, layer: ReadLayer, wanted: ReadonlySet<number>): Promise<Map<number, Uint8Array>> {
  const result = new Map<number, Uint8Array>()
  const missing: number[] = []
  for (const content of wanted) {
    const kept = layer.index.kept.get(content)
    if (kept === undefined) missing.push(content)
    else result.set(content, kept)
  }
  if (missing.length === 0) return result
  for (const content of missing) result.set(content, new Uint8Array(contentPlace(layer.index, content).size))
  const copy = (content: number, part: Buffer, at: number) => result.get(content)?.set(part, at)
  const { digests } = layer.index
  if (layer.place !== undefined && (digests !== undefined || !layer.proved)) readByPosition(layer.index, layer.place, missing, copy)
  else await readByStream(from, layer, missing, copy)
  if (digests === undefined) return result
  for (const content of missing) {
    const found = hash('sha256', result.get(content) ?? new Uint8Array(), 'buffer')
    if (found.equals(digestAt(digests, content))) continue
    throw new Fault('image-digest-mismatch', `A file of the layer ${layer.layer.diffId} is not what it was when the layer was read before.`)
  }
  return result
}

/** Digests by content number; where the layer has to be streamed for them, those of all its contents are taken and kept. */
export async function readDigests(from: ReadFrom, layer: ReadLayer, wanted: ReadonlySet<number>): Promise<Map<number, string>> {
  const { index } = layer
  const result = new Map<number, string>()
  const missing: number[] = []
  for (const content of wanted) {
    const kept = index.kept.get(content)
    if (kept === undefined) missing.push(content)
    else result.set(content, hash('sha256', kept, 'hex'))
  }
  if (missing.length === 0) return result
  if (index.digests === undefined && layer.place !== undefined && !layer.proved) {
    for (const [content, digest] of await hashed(missing, async (contents, sink) => readByPosition(index, layer.place, contents, sink))) {
      result.set(content, digest.toString('hex'))
    }
    return result
  }
  if (index.digests === undefined) {
    const all = [...index.contentSizes.keys()]
    const digests = new Uint8Array(all.length * DIGEST_LENGTH)
    const found = await hashed(all, (contents, sink) => readByStream(from, layer, contents, sink))
    for (const [content, digest] of found) digests.set(digest, content * DIGEST_LENGTH)
    layer.index = { ...index, digests }
    layer.store(layer.index)
  }
  const { digests } = layer.index
  if (digests !== undefined) for (const content of missing) result.set(content, digestAt(digests, content).toString('hex'))
  return result
}

type Sink = (content: number, part: Buffer, at: number) => void

async function hashed(
  contents: readonly number[],
  read: (contents: readonly number[], sink: Sink) => Promise<void>,
): Promise<Map<number, Buffer>> {
  const done = new Map<number, Buffer>()
  let current: { content: number; hash: ReturnType<typeof createHash> } | undefined
  const finish = () => {
    if (current !== undefined) done.set(current.content, current.hash.digest())
  }
  await read(contents, (content, part) => {
    if (current?.content !== content) {
      finish()
      current = { content, hash: createHash('sha256') }
    }
    current.hash.update(part)
  })
  finish()
  for (const content of contents) if (!done.has(content)) done.set(content, hash('sha256', '', 'buffer'))
  return done
}

function readByPosition(index: LayerIndex, place: LayerPlace | undefined, contents: readonly number[], sink: Sink): void {
  if (place === undefined) return
  const file = openSync(place.path, 'r')
  try {
    const window = new FileWindow({ file, offset: place.offset, size: place.size })
    for (const content of contents) {
      const { offset, size } = contentPlace(index, content)
      for (let at = 0; at < size; at += PIECE) {
        const part = window.read(offset + at, Math.min(PIECE, size - at))
        if (part.length < Math.min(PIECE, size - at)) throw new Fault('layer-invalid', `${place.path} became shorter while it was read.`)
        sink(content, part, at)
      }
    }
  } finally {
    closeSync(file)
  }
}

async function readByStream(
  { source, limits }: ReadFrom,
  { layer, index }: ReadLayer,
  contents: readonly number[],
  sink: Sink,
): Promise<void> {
  const ranges = contents
    .map(content => ({ content, ...contentPlace(index, content) }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => a.offset - b.offset)
  let next = 0
  let position = 0
  for await (const chunk of verifiedTar(source.blob(layer.descriptor), layer.diffId, limits)) {
    const end = position + chunk.length
    for (let range = ranges[next]; range !== undefined && range.offset < end; range = ranges[next]) {
      const start = Math.max(range.offset, position)
      const stop = Math.min(range.offset + range.size, end)
      sink(range.content, chunk.subarray(start - position, stop - position), start - range.offset)
      if (stop < range.offset + range.size) break
      next++
    }
    position = end
    if (next === ranges.length && index.digests !== undefined) return
  }
}

function digestAt(digests: Uint8Array, content: number): Buffer {
  return Buffer.from(digests.subarray(content * DIGEST_LENGTH, (content + 1) * DIGEST_LENGTH))
}
