import { unpatchedImage } from '../../../images/patched.ts'
import { Fault } from '../../../model/faults.ts'
import { blobDigest, type ImageSource, type ImageToWrite, type RawDocument } from '../../../model/image.ts'
import type { ImageReceipt } from '../../../model/receipt.ts'

/** The image as it was before the patch: documents out of the receipt, layers out of the patched image. */
export function formerImage({ from, documents }: ImageReceipt, source: ImageSource): ImageToWrite {
  const read = Object.entries(documents).map(([digest, { mediaType, base64 }]): RawDocument => {
    const bytes = Buffer.from(base64, 'base64')
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Fault('receipt-invalid', 'The receipt keeps a document under no digest.')
    return { descriptor: { mediaType, digest: blobDigest(digest), size: bytes.length }, bytes }
  })
  const root = read.find(({ descriptor }) => descriptor.digest === from.digest)
  if (root === undefined) throw new Fault('receipt-invalid', 'The receipt does not keep the former image’s manifest.')
  return unpatchedImage(
    root,
    read.filter(document => document !== root),
    source,
  )
}
