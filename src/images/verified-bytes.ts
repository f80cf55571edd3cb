/** Bytes from outside, held against the digest and the size that name them. */
import { createHash } from 'node:crypto'
import { Fault } from '../model/faults.ts'
import type { BlobDigest, Descriptor, RawDocument } from '../model/image.ts'
import { blobDigest } from '../model/image.ts'

/** The largest manifest, index or config that is read, in bytes. */
export const LARGEST_DOCUMENT = 8 * 1024 * 1024

export function digestOf(bytes: Uint8Array): BlobDigest {
  return blobDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
}

/** The chunks as they come; the last one only after the whole was found right. Faults: `image-digest-mismatch`. */
export async function* verifiedChunks(
  descriptor: Descriptor,
  chunks: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  let size = 0
  let held: Uint8Array | undefined
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue
    size += chunk.length
    if (size > descriptor.size) throw sizeMismatch(descriptor, where, `more than ${descriptor.size} bytes came`)
    hash.update(chunk)
    if (held !== undefined) yield held
    held = chunk
  }
  if (size !== descriptor.size) throw sizeMismatch(descriptor, where, `${size} bytes came, not ${descriptor.size}`)
  const found = `sha256:${hash.digest('hex')}`
  if (found !== descriptor.digest) {
    throw new Fault('image-digest-mismatch', `${descriptor.digest} from ${where} is in truth ${found}.`)
  }
  if (held !== undefined) yield held
}

/** A document whose bytes are at hand. Faults: `image-digest-mismatch`. */
export function verifiedDocument(descriptor: Descriptor, bytes: Uint8Array, where: string): RawDocument {
  if (bytes.length !== descriptor.size) throw sizeMismatch(descriptor, where, `${bytes.length} bytes came, not ${descriptor.size}`)
  const found = digestOf(bytes)
  if (found !== descriptor.digest) {
    throw new Fault('image-digest-mismatch', `${descriptor.digest} from ${where} is in truth ${found}.`)
  }
  return { descriptor, bytes }
}

/** Refuses a document that says it is larger than any is. Faults: `image-too-large`. */
export function assertDocumentSize({ digest, size }: Descriptor, where: string): void {
  if (size <= LARGEST_DOCUMENT) return
  throw new Fault('image-too-large', `${digest} from ${where} has ${size} bytes; manifests and configs are read up to ${LARGEST_DOCUMENT}.`)
}

/** All chunks as one, up to a size. Faults: `image-too-large`. */
export async function collect(chunks: AsyncIterable<Uint8Array>, largest: number, what: string): Promise<Uint8Array> {
  const kept: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > largest) throw new Fault('image-too-large', `${what} is larger than ${largest} bytes.`)
    kept.push(chunk)
  }
  return Buffer.concat(kept)
}

function sizeMismatch({ digest }: Descriptor, where: string, what: string): Fault {
  return new Fault('image-digest-mismatch', `${digest} from ${where} has the wrong size: ${what}.`)
}
