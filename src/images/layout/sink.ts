/**
 * Writes an image into an OCI image layout. Blobs come first, each whole under its name by a rename; `index.json` is replaced last, by a
 * rename, after it was read again under a lock: killed at any moment the old image or the new one is there.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { BlobToWrite, Descriptor, ImageSink, ImageToWrite } from '../../model/image.ts'
import { codeOf, withFolderLock } from '../folder-lock.ts'
import { readManifestOrIndex } from '../manifest.ts'
import { contentOf } from '../to-write.ts'
import { digestOf, LARGEST_DOCUMENT } from '../verified-bytes.ts'
import { hasBlob, readSmall, removeLeftovers, syncFolder, writeBlobFile, writeWhole } from './blob-files.ts'
import type { IndexAddition } from './index-json.ts'
import { EMPTY_INDEX, withRoot } from './index-json.ts'
import type { LayoutPlace } from './source.ts'

const PATIENCE_MS = 60_000
const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}'

/** Faults: `image-write-failed`, `image-busy`, and those of the sources that blobs are taken from. */
export function layoutSink({ folder, tag, reference }: LayoutPlace): ImageSink {
  return {
    reference,
    async write(image) {
      const blobs = join(folder, 'blobs', 'sha256')
      await mkdir(blobs, { recursive: true }).catch((cause: unknown) => {
        throw new Fault('image-write-failed', `${blobs} cannot be made (${String(codeOf(cause))}).`, { cause })
      })
      // Before: what was left may be what the disk has no room beside.
      for (const place of [blobs, folder]) await removeLeftovers(place)
      const written = { blobsWritten: 0, bytesWritten: 0 }
      for (const blob of allBlobs(image)) {
        if (await hasBlob(folder, blob.descriptor)) continue
        await writeBlobFile(folder, blob.descriptor, contentOf(blob))
        written.blobsWritten++
        written.bytesWritten += blob.descriptor.size
      }
      await syncFolder(blobs)
      const before = await withFolderLock(join(folder, '.suture-lock'), PATIENCE_MS, async () => {
        if ((await readSmall(join(folder, 'oci-layout'), 4096)) === undefined) {
          await writeWhole(join(folder, 'oci-layout'), [Buffer.from(LAYOUT_FILE)])
        }
        const path = join(folder, 'index.json')
        const bytes = (await readSmall(path, LARGEST_DOCUMENT)) ?? Buffer.from(EMPTY_INDEX)
        const next = withRoot(bytes, image.root.descriptor, tag, reference, image.referrers.map(artefactOf))
        await writeWhole(path, [Buffer.from(next.text)])
        await syncFolder(folder)
        return next.before
      })
      return { reference, digest: image.root.descriptor.digest, ...written, ...(before === undefined ? {} : { before }) }
    },
  }
}

/** Everything that is stored under its digest, each once, in the order it is written. */
export function allBlobs(image: ImageToWrite): readonly BlobToWrite[] {
  const referrers = image.referrers.flatMap(({ manifest, blobs }) => [...blobs, manifest])
  const seen = new Set<string>()
  return [...image.blobs, ...image.documents, image.root, ...referrers].filter(({ descriptor: { digest } }) => {
    if (seen.has(digest)) return false
    seen.add(digest)
    return true
  })
}

/** How an artefact is named in an index. */
export function artefactOf({ manifest }: ImageToWrite['referrers'][number]): IndexAddition {
  const descriptor: Descriptor = { ...manifest.descriptor, digest: digestOf(manifest.bytes), size: manifest.bytes.length }
  const read = readManifestOrIndex(manifest)
  const artifactType = read.kind === 'manifest' ? (read.artifactType ?? read.config.mediaType) : undefined
  return { descriptor, ...(artifactType === undefined ? {} : { artifactType }) }
}
