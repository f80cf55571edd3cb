/**
 * A patched image, from the image as it was and one layer for each platform that changes: the layer, a config and a manifest for each, and
 * the index above them. Pure: the same image and layers give the same bytes anywhere at any time.
 */
import { Fault } from '../model/faults.ts'
import type { BlobDigest, BlobToWrite, Descriptor, ImageSource, ImageToWrite, OpenImage, RawDocument } from '../model/image.ts'
import { printable } from '../text/printable.ts'
import { spliceConfig, spliceManifest } from './config-splice.ts'
import { replaceInIndex } from './index-splice.ts'
import type { Lineage } from './lineage.ts'
import { lineageAnnotations, lineageComment, lineageOf, ownLayersOnTop } from './lineage.ts'
import { readManifestOrIndex } from './manifest.ts'
import { gzipLayerType, isIndexType, isManifestOrIndex } from './media-types.ts'
import { verifiedDocument } from './verified-bytes.ts'
import type { WholeImage } from './whole-image.ts'

/** A finished layer: its gzip bytes, and the digest of the tar in them. */
export interface FinishedLayer {
  readonly bytes: Uint8Array
  readonly digest: BlobDigest
  readonly diffId: BlobDigest
}

export interface PlatformPatch {
  readonly image: Pick<OpenImage, 'manifest' | 'config' | 'layers'>
  readonly layer: FinishedLayer
  /** Both given, never the clock: RFC 3339, and one line about what was done. */
  readonly created: string
  readonly createdBy: string
  /** `suture` and its version. */
  readonly tool: string
  /** How many layers on top the new one replaces; Suture's own where it is on top, unless given. */
  readonly replaceTop?: number
}

export interface PlatformPatched {
  readonly before: RawDocument
  readonly manifest: RawDocument
  readonly config: RawDocument
  readonly layer: Descriptor
  readonly lineage: Lineage
  readonly replaced: number
}

export interface PatchedImage {
  readonly image: ImageToWrite
  /** In the order of the patches. */
  readonly platforms: readonly PlatformPatched[]
  /** Attestations that held for replaced images only and are no longer listed. */
  readonly dropped: readonly Descriptor[]
  /** Sentences for people. */
  readonly notes: readonly string[]
}

/** One platform's new manifest and config. Faults: `image-invalid`. */
export function patchPlatform(patch: PlatformPatch): PlatformPatched {
  const { image, layer } = patch
  const replaced = patch.replaceTop ?? ownLayersOnTop(image)
  const former = lineageOf(image)
  const lineage: Lineage = {
    original: replaced > 0 && former !== undefined ? former.original : image.manifest.descriptor.digest,
    diffId: layer.diffId,
    tool: patch.tool,
  }
  const history = { created: patch.created, createdBy: patch.createdBy, comment: lineageComment(lineage) }
  const config = spliceConfig(image.config, image.layers.length, layer.diffId, history, replaced)
  const descriptor = {
    mediaType: gzipLayerType(image.manifest.descriptor.mediaType),
    digest: layer.digest,
    size: layer.bytes.length,
  }
  verifiedDocument(descriptor, layer.bytes, 'memory')
  const manifest = spliceManifest(image.manifest, config, descriptor, lineageAnnotations(lineage), replaced)
  return { before: image.manifest, manifest, config, layer: descriptor, lineage, replaced }
}

/** The whole image with the patched platforms in their places. Faults: `image-invalid`. */
export function patchedImage(original: WholeImage, patches: readonly PlatformPatch[]): PatchedImage {
  const platforms = patches.map(patchPlatform)
  const replaced = new Map<BlobDigest, RawDocument>()
  for (const { before, manifest } of platforms) replaced.set(before.descriptor.digest, manifest)
  const known = new Set([original.root, ...original.documents].map(({ descriptor }) => descriptor.digest))
  for (const digest of replaced.keys()) {
    if (!known.has(digest)) throw new Fault('internal', `${digest} is no part of ${original.source.reference}.`)
  }
  const dropped: Descriptor[] = []
  const above = (document: RawDocument): RawDocument => {
    const patched = replaced.get(document.descriptor.digest)
    if (patched !== undefined) return patched
    if (!isIndexType(document.descriptor.mediaType)) return document
    const next = replaceInIndex(document, digestsOf(replaced))
    dropped.push(...next.dropped)
    if (next.index !== document) replaced.set(document.descriptor.digest, next.index)
    return next.index
  }
  // Children stand before their parents, so an index is met when all below it is done.
  const documents = original.documents.map(above)
  const root = above(original.root)
  const fresh: BlobToWrite[] = patches.map(({ layer }, at) => ({
    descriptor: platforms[at]?.layer ?? { mediaType: '', digest: layer.digest, size: layer.bytes.length },
    bytes: layer.bytes,
  }))
  const image = reachable(root, [...documents, ...platforms.map(({ config }) => config)], [...original.blobs, ...fresh])
  return { image, platforms, dropped, notes: dropped.map(noteOf) }
}

/** The image as it was, from the documents that a receipt kept; its layers come from where the patched image is. Faults: `image-digest-mismatch`. */
export function unpatchedImage(root: RawDocument, documents: readonly RawDocument[], from: ImageSource): ImageToWrite {
  const checked = [root, ...documents].map(({ descriptor, bytes }) => verifiedDocument(descriptor, bytes, 'the receipt'))
  const parts = checked.flatMap(document =>
    partsOf(document).filter(part => !(isIndexType(document.descriptor.mediaType) && isManifestOrIndex(part))),
  )
  const blobs = parts.map(descriptor => ({ descriptor, from }))
  return reachable(root, documents, blobs)
}

/** Only what the root leads to, each once, children before parents. */
function reachable(root: RawDocument, documents: readonly RawDocument[], blobs: readonly BlobToWrite[]): ImageToWrite {
  const documentsBy = new Map(documents.map(document => [document.descriptor.digest, document]))
  const blobsBy = new Map(blobs.map(blob => [blob.descriptor.digest, blob]))
  const keptDocuments = new Map<BlobDigest, RawDocument>()
  const keptBlobs = new Map<BlobDigest, BlobToWrite>()
  const visit = (document: RawDocument): void => {
    for (const part of partsOf(document)) {
      const below = documentsBy.get(part.digest)
      const blob = blobsBy.get(part.digest)
      if (below !== undefined && !keptDocuments.has(part.digest)) {
        visit(below)
        keptDocuments.set(part.digest, below)
      } else if (below === undefined && blob !== undefined) keptBlobs.set(part.digest, blob)
      // Listed and never there: it stays listed.
      else if (below === undefined && !(isIndexType(document.descriptor.mediaType) && isManifestOrIndex(part)))
        throw new Fault('image-invalid', `${part.digest} is missing.`)
    }
  }
  visit(root)
  return { root, documents: [...keptDocuments.values()], blobs: [...keptBlobs.values()], referrers: [] }
}

function partsOf(document: RawDocument): readonly Descriptor[] {
  if (!isManifestOrIndex(document.descriptor)) return []
  const read = readManifestOrIndex(document)
  return read.kind === 'index' ? read.manifests : [read.config, ...read.layers]
}

function digestsOf(replaced: ReadonlyMap<BlobDigest, RawDocument>): ReadonlyMap<BlobDigest, Pick<Descriptor, 'digest' | 'size'>> {
  return new Map([...replaced].map(([digest, { descriptor }]) => [digest, descriptor]))
}

function noteOf(descriptor: Descriptor): string {
  const type = printable(descriptor.annotations?.['vnd.docker.reference.type'] ?? 'attestation')
  return `${descriptor.digest} (${type}) was about the image before the patch and is not in the new index.`
}
