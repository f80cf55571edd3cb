/** Everything that hangs on a reference: all platforms, their configs and layers, and the attestations in the index. */
import { Fault } from '../model/faults.ts'
import type { BlobDigest, BlobToWrite, Descriptor, ImageSource, ImageToWrite, RawDocument } from '../model/image.ts'
import { readManifestOrIndex } from './manifest.ts'
import { DOCKER_CONFIG, isManifestOrIndex, OCI_CONFIG } from './media-types.ts'

const DEEPEST = 4
const MOST_DOCUMENTS = 2048

/** A whole image as it is in its source: what a sink needs to copy it, and what a patch begins from. */
export interface WholeImage extends ImageToWrite {
  readonly source: ImageSource
}

/**
 * Reads all manifests and configs, no layer. What an index lists and its source does not have stays out: whoever saves one platform of
 * several leaves such an index. Faults: `image-invalid` for indexes that are nested too deep or list too much.
 */
export async function wholeImage(source: ImageSource): Promise<WholeImage> {
  const root = await source.root()
  const documents: RawDocument[] = []
  const blobs: BlobToWrite[] = []
  const seen = new Set<BlobDigest>([root.descriptor.digest])
  const isNew = ({ digest }: Descriptor): boolean => {
    const fresh = !seen.has(digest)
    if (fresh && seen.add(digest).size > MOST_DOCUMENTS * 8) throw new Fault('image-invalid', `${source.reference} has too many parts.`)
    return fresh
  }
  const visit = async (document: RawDocument, depth: number): Promise<void> => {
    const read = readManifestOrIndex(document)
    if (read.kind === 'manifest') {
      if (isNew(read.config)) {
        if (read.config.mediaType === OCI_CONFIG || read.config.mediaType === DOCKER_CONFIG)
          documents.push(await source.document(read.config))
        else blobs.push({ descriptor: read.config, from: source })
      }
      for (const layer of read.layers) if (isNew(layer)) blobs.push({ descriptor: layer, from: source })
      return
    }
    if (depth >= DEEPEST) throw new Fault('image-invalid', `${source.reference} has indexes nested more than ${DEEPEST} levels deep.`)
    for (const child of read.manifests) {
      if (!isNew(child)) continue
      if (documents.length >= MOST_DOCUMENTS) throw new Fault('image-invalid', `${source.reference} lists too many images.`)
      if (!isManifestOrIndex(child)) {
        blobs.push({ descriptor: child, from: source })
        continue
      }
      const below = await childOf(source, child)
      if (below === undefined) continue
      await visit(below, depth + 1)
      documents.push(below)
    }
  }
  await visit(root, 0)
  return { source, root, documents, blobs, referrers: [] }
}

/** What an index lists; undefined where it is not there. */
export async function childOf(source: ImageSource, child: Descriptor): Promise<RawDocument | undefined> {
  try {
    return await source.document(child)
  } catch (fault) {
    if (fault instanceof Fault && (fault.code === 'image-incomplete' || fault.code === 'image-not-found')) return undefined
    throw fault
  }
}
