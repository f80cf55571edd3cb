/** The content of a blob to be written, from memory or from where it is, held against its digest. */
import { Fault } from '../model/faults.ts'
import type { BlobToWrite } from '../model/image.ts'
import { verifiedDocument } from './verified-bytes.ts'

/** Chunks, verified. Faults: `image-digest-mismatch`, and those of the source. */
export function contentOf(blob: BlobToWrite): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (blob.bytes !== undefined) return [verifiedDocument(blob.descriptor, blob.bytes, 'memory').bytes]
  if (blob.from !== undefined) return blob.from.blob(blob.descriptor)
  throw new Fault('internal', `Nothing says where ${blob.descriptor.digest} is.`)
}
