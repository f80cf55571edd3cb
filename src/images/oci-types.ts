/**
 * A patched image with OCI's media types in place of Docker's. The two families have the same content, but tools that read OCI layouts
 * (containers/image, umoci) pass over what a layout lists under Docker's types. Only the types and the digests above them change: configs
 * and layers are the same bytes.
 */
import type { BlobDigest, BlobToWrite, Descriptor, RawDocument } from '../model/image.ts'
import { applyEdits, type TextEdit } from '../text/edits.ts'
import { jsonStyle, setMember } from '../text/json-edits.ts'
import type { JsonObject } from '../text/json-source.ts'
import { documentLike, repoint } from './config-splice.ts'
import { boundDigest, memberOf, readManifestOrIndex } from './manifest.ts'
import { isManifestOrIndex, ociTypeOf } from './media-types.ts'
import type { PatchedImage } from './patched.ts'
import { parseLocalReference } from './reference.ts'

/** Whether an image that goes from one reference to the other is to have OCI's types: it enters a layout, and did not come from one. */
export function needsOciTypes(from: string, to: string): boolean {
  return isLayout(to) && !isLayout(from)
}

/** Faults: `image-invalid`. */
export function withOciTypes(patched: PatchedImage): PatchedImage {
  const made = new Map<BlobDigest, RawDocument>()
  const convert = (document: RawDocument): RawDocument => {
    const next = converted(document, made)
    made.set(document.descriptor.digest, next)
    return next
  }
  const { image } = patched
  // Children stand before their parents.
  const documents = image.documents.map(convert)
  const root = convert(image.root)
  const typed = (descriptor: Descriptor): Descriptor => ({ ...descriptor, mediaType: ociTypeOf(descriptor.mediaType) })
  const blobs = image.blobs.map((blob): BlobToWrite => {
    return blob.bytes === undefined ? blob : { ...blob, descriptor: typed(blob.descriptor) }
  })
  const platforms = patched.platforms.map(platform => ({
    ...platform,
    manifest: made.get(platform.manifest.descriptor.digest) ?? platform.manifest,
    config: made.get(platform.config.descriptor.digest) ?? platform.config,
    layer: typed(platform.layer),
  }))
  return { ...patched, image: { ...image, root, documents, blobs }, platforms }
}

function converted(document: RawDocument, made: ReadonlyMap<BlobDigest, RawDocument>): RawDocument {
  const typed = { ...document, descriptor: { ...document.descriptor, mediaType: ociTypeOf(document.descriptor.mediaType) } }
  if (!isManifestOrIndex(document.descriptor)) return typed
  const read = readManifestOrIndex(document)
  const { text, root } = read
  const edits = retyped(text, root)
  const below = (node: JsonObject | undefined): void => {
    if (node !== undefined) edits.push(...retyped(text, node))
  }
  if (read.kind === 'index') {
    for (const [at, item] of read.items.entries()) {
      const child = read.manifests[at]
      const to = child === undefined ? undefined : made.get(child.digest)?.descriptor
      below(item)
      if (child === undefined) continue
      if (to !== undefined && to.digest !== child.digest) edits.push(...repoint(text, item, to))
      edits.push(...rebound(text, item, child, made))
    }
  } else {
    const [config, layers] = [memberOf(root, 'config'), memberOf(root, 'layers')]
    if (config?.kind === 'object') below(config)
    if (layers?.kind === 'array') for (const item of layers.items) if (item.kind === 'object') below(item)
  }
  return edits.length === 0 ? typed : documentLike(typed, applyEdits(text, edits))
}

function retyped(text: string, object: JsonObject): TextEdit[] {
  const type = memberOf(object, 'mediaType')
  if (type?.kind !== 'string' || ociTypeOf(type.value) === type.value) return []
  return setMember(text, object, 'mediaType', ociTypeOf(type.value), jsonStyle(text, object))
}

/** An attestation is about the same image, which has another digest now. */
function rebound(text: string, item: JsonObject, child: Descriptor, made: ReadonlyMap<BlobDigest, RawDocument>): TextEdit[] {
  const bound = boundDigest(child)
  const to = bound === undefined ? undefined : made.get(bound)?.descriptor.digest
  const annotations = memberOf(item, 'annotations')
  if (to === undefined || to === bound || annotations?.kind !== 'object') return []
  return setMember(text, annotations, 'vnd.docker.reference.digest', to, jsonStyle(text, annotations))
}

function isLayout(reference: string): boolean {
  const local = parseLocalReference(reference)
  return local?.kind === 'layout' || (local?.kind === 'archive' && local.format === 'oci')
}
