/** An image in an OCI image layout: a folder with `index.json` and `blobs/`. */
import { join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, Descriptor, ImageSource } from '../../model/image.ts'
import { printable } from '../../text/printable.ts'
import { readManifestOrIndex, typeOfManifest } from '../manifest.ts'
import { isManifestOrIndex } from '../media-types.ts'
import { LARGEST_DOCUMENT } from '../verified-bytes.ts'
import { blobPath, hasBlob, readBlobFile, readDocumentFile, readSmall } from './blob-files.ts'
import { placeOf, REF_NAME, readIndexJson } from './index-json.ts'

const MOST_REFERRERS_READ = 256

export interface LayoutPlace {
  readonly folder: string
  readonly tag?: string
  /** As a person wrote it. */
  readonly reference: string
}

/** Faults: `image-not-found` where there is no layout or no such tag. */
export function layoutSource({ folder, tag, reference }: LayoutPlace): ImageSource {
  const readIndex = async () => {
    const bytes = await readSmall(join(folder, 'index.json'), LARGEST_DOCUMENT)
    if (bytes === undefined) {
      throw new Fault('image-not-found', `${folder} is no OCI layout: it has no index.json.`)
    }
    return readIndexJson(bytes)
  }
  return {
    reference,
    async root() {
      const index = await readIndex()
      const place = placeOf(index, tag, reference)
      const descriptor = place === undefined ? undefined : index.manifests[place]
      if (descriptor === undefined) {
        const names = index.manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []).slice(0, 20)
        throw new Fault(
          'image-not-found',
          `${reference} is not there; ${folder} has ${names.length === 0 ? 'no tag' : printable(names.join(', '))}.`,
        )
      }
      const document = await readDocumentFile(folder, descriptor)
      const typed =
        descriptor.mediaType === '' ? { ...descriptor, mediaType: typeOfManifest(document.bytes, descriptor.digest) } : descriptor
      return { descriptor: typed, bytes: document.bytes }
    },
    document: descriptor => readDocumentFile(folder, descriptor),
    blob: descriptor => readBlobFile(folder, descriptor),
    async located(descriptor) {
      return (await hasBlob(folder, descriptor)) ? { path: blobPath(folder, descriptor.digest), offset: 0 } : undefined
    },
    async referrers(digest: BlobDigest) {
      const { manifests } = await readIndex()
      const found: Descriptor[] = []
      for (const descriptor of manifests.slice(0, MOST_REFERRERS_READ)) {
        if (descriptor.digest === digest || !isManifestOrIndex(descriptor) || !(await hasBlob(folder, descriptor))) continue
        const read = readManifestOrIndex(await readDocumentFile(folder, descriptor))
        if (read.kind === 'manifest' && read.subject?.digest === digest) found.push(descriptor)
      }
      return found
    },
    async close() {},
  }
}
