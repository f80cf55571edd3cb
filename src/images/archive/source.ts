/** An image in a tar file, read by position: an OCI layout (which docker save writes too, since version 25), or docker's older form. */
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, Descriptor, ImageSource, RawDocument } from '../../model/image.ts'
import { CONTAINERD_NAME, placeOf, readIndexJson } from '../layout/index-json.ts'
import type { ReadIndex } from '../manifest.ts'
import { boundDigest, readManifestOrIndex, typeOfManifest } from '../manifest.ts'
import { isManifestOrIndex } from '../media-types.ts'
import type { ArchiveReference } from '../reference.ts'
import { printReference } from '../reference.ts'
import { assertDocumentSize, LARGEST_DOCUMENT, verifiedChunks, verifiedDocument } from '../verified-bytes.ts'
import { readDockerImage } from './docker-manifest.ts'
import type { SpoolOptions } from './spool.ts'
import { openArchive } from './spool.ts'
import type { ArchiveTable, Extent } from './table.ts'
import { extentChunks, readExtent, readTable } from './table.ts'

const MOST_REFERRERS_READ = 256

interface Opened {
  readonly table: ArchiveTable
  readonly root: RawDocument
  readonly index?: ReadIndex
  extent(digest: BlobDigest): Extent | undefined
  readonly made: readonly RawDocument[]
}

/** The archive is opened when it is first asked, and stays open until `close`. */
export function archiveSource(reference: ArchiveReference, options: SpoolOptions): ImageSource {
  const written = printReference(reference)
  let opened: Promise<Opened> | undefined
  const archive = (): Promise<Opened> => {
    opened ??= open(reference, written, options)
    return opened
  }
  const extentOf = async (descriptor: Descriptor): Promise<{ table: ArchiveTable; extent: Extent }> => {
    const { table, extent } = await archive()
    const found = extent(descriptor.digest)
    if (found === undefined) throw new Fault('image-incomplete', `${written} lacks the blob ${descriptor.digest}.`)
    if (found.size === descriptor.size) return { table, extent: found }
    throw new Fault('image-digest-mismatch', `${descriptor.digest} in ${written} has ${found.size} bytes, not ${descriptor.size}.`)
  }
  const document = async (descriptor: Descriptor): Promise<RawDocument> => {
    assertDocumentSize(descriptor, written)
    const made = (await archive()).made.find(({ descriptor: { digest } }) => digest === descriptor.digest)
    if (made !== undefined) return made
    const { table, extent } = await extentOf(descriptor)
    return verifiedDocument(descriptor, await readExtent(table, extent, LARGEST_DOCUMENT, descriptor.digest), written)
  }
  return {
    reference: written,
    root: async () => (await archive()).root,
    document,
    async *blob(descriptor) {
      const { table, extent } = await extentOf(descriptor)
      yield* verifiedChunks(descriptor, extentChunks(table, extent), written)
    },
    async located(descriptor) {
      const { table, extent } = await extentOf(descriptor)
      return { path: table.archive.path, offset: extent.offset }
    },
    async referrers(digest) {
      const { index, extent } = await archive()
      const found: Descriptor[] = []
      for (const descriptor of (index?.manifests ?? []).slice(0, MOST_REFERRERS_READ)) {
        if (descriptor.digest === digest || !isManifestOrIndex(descriptor) || extent(descriptor.digest) === undefined) continue
        const read = readManifestOrIndex(await document(descriptor))
        if (read.kind === 'manifest' && read.subject?.digest === digest) found.push(descriptor)
      }
      return found
    },
    async close() {
      const open = opened
      opened = undefined
      await open?.then(({ table }) => table.archive.close()).catch(() => undefined)
    },
  }
}

async function open(reference: ArchiveReference, written: string, options: SpoolOptions): Promise<Opened> {
  const archive = await openArchive(reference.file, options)
  try {
    const table = readTable(archive, written)
    const blobAt = (digest: BlobDigest): Extent | undefined => table.find(`blobs/sha256/${digest.slice('sha256:'.length)}`)
    const extent = table.find('index.json')
    const index = extent === undefined ? undefined : readIndexJson(await readExtent(table, extent, LARGEST_DOCUMENT, 'index.json'))
    const place = index === undefined ? undefined : placeIn(index, reference, written)
    const descriptor = place === undefined ? undefined : index?.manifests[place]
    if (index !== undefined && descriptor !== undefined) {
      const root = await readRoot(table, descriptor, blobAt, written)
      return { table, root, index, extent: blobAt, made: [] }
    }
    if (reference.format === 'oci') {
      throw new Fault(
        index === undefined ? 'image-archive-invalid' : 'image-not-found',
        `${written} ${index === undefined ? 'has no index.json' : 'is not in the archive'}.`,
      )
    }
    const image = await readDockerImage(table, reference.tag, written)
    const found = (digest: BlobDigest): Extent | undefined => image.extents.get(digest) ?? blobAt(digest)
    return { table, root: image.manifest, extent: found, made: [image.manifest, image.config] }
  } catch (cause) {
    await archive.close()
    throw cause
  }
}

/** A Docker archive names images in full, an OCI archive by tag. */
function placeIn(index: ReadIndex, { format, tag }: ArchiveReference, written: string): number | undefined {
  if (format === 'oci' || tag === undefined) return placeOf(index, tag, written)
  const at = index.manifests.findIndex(({ annotations }) => annotations?.[CONTAINERD_NAME] === tag)
  return at === -1 ? undefined : at
}

/** Docker saves an index with the platforms it has: where that is one, its image is the root. */
async function readRoot(
  table: ArchiveTable,
  descriptor: Descriptor,
  blobAt: (digest: BlobDigest) => Extent | undefined,
  written: string,
): Promise<RawDocument> {
  assertDocumentSize(descriptor, written)
  const extent = blobAt(descriptor.digest)
  if (extent === undefined) throw new Fault('image-incomplete', `${written} lacks the blob ${descriptor.digest}.`)
  const { bytes } = verifiedDocument(descriptor, await readExtent(table, extent, LARGEST_DOCUMENT, descriptor.digest), written)
  const mediaType = descriptor.mediaType === '' ? typeOfManifest(bytes, descriptor.digest) : descriptor.mediaType
  const root = { descriptor: { ...descriptor, mediaType }, bytes }
  const read = readManifestOrIndex(root)
  if (read.kind !== 'index' || read.manifests.every(({ digest }) => blobAt(digest) !== undefined)) return root
  const images = read.manifests.filter(child => blobAt(child.digest) !== undefined && boundDigest(child) === undefined)
  const [only] = images
  if (only === undefined) throw new Fault('image-incomplete', `${written} lacks every image that its index lists.`)
  if (images.length > 1) return root
  return await readRoot(table, only, blobAt, written)
}
