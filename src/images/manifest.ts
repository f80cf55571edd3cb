/**
 * Reads manifests and indexes into descriptors, and refuses what different readers would understand differently: keys that occur twice
 * or in another case, digests of another kind, sizes that are none. The text stays the truth; nothing is printed from what is read here.
 */
import { Fault } from '../model/faults.ts'
import type { BlobDigest, Descriptor, Platform, RawDocument } from '../model/image.ts'
import { blobDigest } from '../model/image.ts'
import type { JsonNode, JsonObject } from '../text/json-source.ts'
import { readJsonSource } from '../text/json-source.ts'
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts'

export interface ReadIndex {
  readonly kind: 'index'
  readonly text: string
  readonly root: JsonObject
  readonly items: readonly JsonObject[]
  readonly manifests: readonly Descriptor[]
}

export interface ReadManifest {
  readonly kind: 'manifest'
  readonly text: string
  readonly root: JsonObject
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations: Readonly<Record<string, string>>
  /** What an artefact is (SBOM, signature …), by the manifest's own word or its config's type. */
  readonly artifactType?: string
  readonly subject?: Descriptor
}

const MOST_LAYERS = 4096
const MOST_MANIFESTS = 1024
const LIMITS = { maxDepth: 32, maxNodes: 200_000, maxMembers: 20_000 }
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Faults: `image-invalid`. */
export function readManifestOrIndex(document: RawDocument): ReadIndex | ReadManifest {
  const { text, root } = readDocument(document)
  const { mediaType } = document.descriptor
  const written = memberOf(root, 'mediaType')
  const type = isIndexType(mediaType) || isManifestType(mediaType) ? mediaType : written?.kind === 'string' ? written.value : mediaType
  if (
    written?.kind === 'string' &&
    (isIndexType(type) ? !isIndexType(written.value) : isManifestType(type) && isIndexType(written.value))
  ) {
    throw invalid(document, `it says it is ${written.value}, and is named as ${mediaType}`)
  }
  if (isIndexType(type)) return readIndex(document, text, root)
  if (isManifestType(type)) return readManifest(document, text, root)
  throw invalid(document, `its media type ${type} is none that Suture reads`)
}

/** The JSON object of a manifest, index or config, with positions. Faults: `image-invalid`. */
export function readDocument(document: RawDocument): { readonly text: string; readonly root: JsonObject } {
  try {
    const text = UTF8.decode(document.bytes)
    const root = readJsonSource(text, { ...LIMITS, file: document.descriptor.digest })
    if (root.kind === 'object') return { text, root }
  } catch (cause) {
    throw new Fault('image-invalid', `${document.descriptor.digest} is not JSON as it should be.`, { cause })
  }
  throw invalid(document, 'it is no JSON object')
}

/** The type of a manifest whose descriptor does not say it. */
export function typeOfManifest(bytes: Uint8Array, document: string): string {
  const { root } = readDocument({ descriptor: { mediaType: '', digest: blobDigest(document), size: bytes.length }, bytes })
  const written = memberOf(root, 'mediaType')
  if (written?.kind === 'string') return written.value
  return memberOf(root, 'manifests') === undefined ? OCI_MANIFEST : OCI_INDEX
}

/** A member, where it is there once and no other spelling of it is: Go's readers take `Layers` for `layers`, others do not. Faults: `image-invalid`. */
export function memberOf(object: JsonObject, key: string): JsonNode | undefined {
  const lower = key.toLowerCase()
  let found: JsonNode | undefined
  for (const member of object.members) {
    if (member.key.toLowerCase() !== lower) continue
    if (found !== undefined || member.key !== key) throw new Fault('image-invalid', `The key ${key} is there twice or in another case.`)
    found = member.value
  }
  return found
}

/** Faults: `image-invalid`. */
export function readDescriptor(node: JsonNode | undefined, what: string): Descriptor {
  if (node?.kind !== 'object') throw new Fault('image-invalid', `${what} is no descriptor.`)
  const mediaType = memberOf(node, 'mediaType')
  const digest = memberOf(node, 'digest')
  const size = memberOf(node, 'size')
  if (digest?.kind !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest.value)) {
    throw new Fault('image-invalid', `${what} has no sha256 digest.`)
  }
  if (size?.kind !== 'number' || !Number.isSafeInteger(size.value) || size.value < 0) {
    throw new Fault('image-invalid', `${what} has no size that can be right.`)
  }
  const platform = readPlatform(memberOf(node, 'platform'))
  const annotations = memberOf(node, 'annotations')
  return {
    mediaType: mediaType?.kind === 'string' ? mediaType.value : '',
    digest: blobDigest(digest.value),
    size: size.value,
    ...(platform === undefined ? {} : { platform }),
    ...(annotations?.kind === 'object' ? { annotations: readTexts(annotations) } : {}),
  }
}

/** Members that are strings, in an object without a prototype. */
export function readTexts(object: JsonObject): Readonly<Record<string, string>> {
  const texts: Record<string, string> = Object.create(null)
  for (const { key, value } of object.members) if (value.kind === 'string') texts[key] = value.value
  return texts
}

export function invalid(document: RawDocument, what: string): Fault {
  return new Fault('image-invalid', `${document.descriptor.digest} cannot be used: ${what}.`)
}

function readIndex(document: RawDocument, text: string, root: JsonObject): ReadIndex {
  const manifests = memberOf(root, 'manifests')
  if (manifests?.kind !== 'array') throw invalid(document, 'it lists no manifests')
  if (manifests.items.length > MOST_MANIFESTS) throw invalid(document, `it lists more than ${MOST_MANIFESTS} manifests`)
  const items = manifests.items.filter(item => item.kind === 'object')
  if (items.length !== manifests.items.length) throw invalid(document, 'it lists something that is no descriptor')
  return { kind: 'index', text, root, items, manifests: items.map((item, at) => readDescriptor(item, `Manifest ${at + 1}`)) }
}

function readManifest(document: RawDocument, text: string, root: JsonObject): ReadManifest {
  const layers = memberOf(root, 'layers')
  if (layers?.kind !== 'array') throw invalid(document, 'it lists no layers')
  if (layers.items.length > MOST_LAYERS) throw invalid(document, `it lists more than ${MOST_LAYERS} layers`)
  const config = readDescriptor(memberOf(root, 'config'), 'The config')
  const annotations = memberOf(root, 'annotations')
  const subject = memberOf(root, 'subject')
  const artifactType = memberOf(root, 'artifactType')
  return {
    kind: 'manifest',
    text,
    root,
    config,
    layers: layers.items.map((item, at) => readDescriptor(item, `Layer ${at + 1}`)),
    annotations: annotations?.kind === 'object' ? readTexts(annotations) : Object.create(null),
    ...(artifactType?.kind === 'string' ? { artifactType: artifactType.value } : {}),
    ...(subject === undefined || subject.kind === 'null' ? {} : { subject: readDescriptor(subject, 'The subject') }),
  }
}

function readPlatform(node: JsonNode | undefined): Platform | undefined {
  if (node?.kind !== 'object') return undefined
  const { os, architecture, variant } = readTexts(node)
  if (os === undefined || architecture === undefined) return undefined
  return { os, architecture, ...(variant === undefined ? {} : { variant }) }
}

/** The digests that an index's attestation manifests are bound to, by the place of the item. */
export function boundDigest(descriptor: Descriptor): BlobDigest | undefined {
  const bound = descriptor.annotations?.['vnd.docker.reference.digest']
  return bound !== undefined && /^sha256:[0-9a-f]{64}$/.test(bound) ? blobDigest(bound) : undefined
}
