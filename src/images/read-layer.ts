/**
 * Reads one layer once and gives its index. Two ways: as a stream, where the whole is held against the diff id, and by position where
 * the layer lies uncompressed in a local file: contents are stepped over, which is ten times as fast and proves nothing about them.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { Fault } from '../model/faults.ts'
import type { BlobDigest } from '../model/image.ts'
import { LayerIndexBuilder } from './build-layer-index.ts'
import { type Compression, type DecompressionLimits, decompressed, detectCompression, HEAD } from './compression.ts'
import type { ContentWishes } from './content-wishes.ts'
import type { LayerIndex } from './layer-index.ts'
import { ContentTaker } from './take-content.ts'
import { TarParser } from './tar/parser.ts'
import { walkTar } from './tar/walk.ts'

/** Stored bytes → index. Faults: `layer-invalid`, `layer-too-large`, `compression-unsupported`, `image-digest-mismatch`. */
export async function indexStream(
  chunks: AsyncIterable<Uint8Array>,
  diffId: BlobDigest,
  wishes: ContentWishes,
  limits?: DecompressionLimits,
): Promise<LayerIndex> {
  const name = `The layer ${diffId}`
  const builder = new LayerIndexBuilder(name)
  const taker = new ContentTaker(wishes)
  let taking = false
  const parser = new TarParser(name, {
    entry(entry) {
      builder.entry(entry)
      taking = entry.type === 'file' && taker.begin(entry)
    },
    content(part) {
      if (taking) taker.part(part)
    },
    done() {
      if (taking) builder.taken(taker.end())
    },
  })
  for await (const chunk of verifiedTar(chunks, diffId, limits)) parser.push(chunk)
  parser.end()
  return builder.finish(wishes.digests)
}

/** The uncompressed bytes; after the last one the diff id was found right. Faults as `indexStream`. */
export async function* verifiedTar(
  chunks: AsyncIterable<Uint8Array>,
  diffId: BlobDigest,
  limits?: DecompressionLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const sum = createHash('sha256')
  for await (const chunk of decompressed(chunks, `The layer ${diffId}`, limits)) {
    sum.update(chunk)
    yield chunk
  }
  const found = `sha256:${sum.digest('hex')}`
  if (found !== diffId) throw new Fault('image-digest-mismatch', `The layer ${diffId}, uncompressed, is in truth ${found}.`)
}

/** What a layer that lies in a local file is compressed with. Faults: `compression-unsupported`. */
export function compressionAt({ path, offset }: { readonly path: string; readonly offset: number }): Compression {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(HEAD)
    return detectCompression(head.subarray(0, readSync(file, head, 0, HEAD, offset)))
  } finally {
    closeSync(file)
  }
}

/** The layer's place in a local file → index, by position and without its digest. Faults: `layer-invalid`, `layer-too-large`. */
export function indexFile(
  place: { readonly path: string; readonly offset: number; readonly size: number },
  diffId: BlobDigest,
  wishes: ContentWishes,
): LayerIndex {
  const name = `The layer ${diffId}`
  const builder = new LayerIndexBuilder(name)
  const taker = new ContentTaker({ ...wishes, digests: false })
  const file = openSync(place.path, 'r')
  try {
    walkTar({ file, offset: place.offset, size: place.size }, name, (entry, content) => {
      builder.entry(entry)
      if (entry.type !== 'file' || !taker.begin(entry)) return
      taker.byPosition(content)
      builder.taken(taker.end())
    })
  } finally {
    closeSync(file)
  }
  return builder.finish(false)
}
