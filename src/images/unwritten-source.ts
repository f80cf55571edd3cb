/** An image that is put together but not written yet, as a source: so that what will be written can be read and checked first. */
import { Fault } from '../model/faults.ts'
import type { Descriptor, ImageSource, ImageToWrite } from '../model/image.ts'
import { contentOf } from './to-write.ts'

const CHUNK = 256 * 1024

/** `behind` is where the parts come from that are not in memory. */
export function unwrittenSource({ root, documents, blobs }: ImageToWrite, behind: ImageSource): ImageSource {
  const documentsBy = new Map([root, ...documents].map(document => [document.descriptor.digest, document]))
  const blobsBy = new Map(blobs.map(blob => [blob.descriptor.digest, blob]))
  const located = behind.located?.bind(behind)
  return {
    reference: behind.reference,
    root: async () => root,
    async document(descriptor) {
      const document = documentsBy.get(descriptor.digest)
      if (document === undefined) throw new Fault('image-incomplete', `${descriptor.digest} is no part of the image.`)
      return document
    },
    async *blob(descriptor) {
      const blob = blobsBy.get(descriptor.digest)
      if (blob === undefined) throw new Fault('image-incomplete', `${descriptor.digest} is no part of the image.`)
      if (blob.bytes === undefined) yield* contentOf(blob)
      // Whoever gets chunks may give their memory up.
      else for (let at = 0; at < blob.bytes.length; at += CHUNK) yield Buffer.from(blob.bytes.subarray(at, at + CHUNK))
    },
    ...(located === undefined
      ? {}
      : {
          located: async (descriptor: Descriptor) =>
            blobsBy.get(descriptor.digest)?.bytes === undefined ? located(descriptor) : undefined,
        }),
    referrers: async () => [],
    close: async () => {},
  }
}
