/**
 * A layout's index.json: which descriptor a tag means, and the index after a write. The file is edited as text, so that what other tools
 * keep in it stays as it is.
 */
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, Descriptor } from '../../model/image.ts'
import { applyEdits } from '../../text/edits.ts'
import { editMembers, jsonStyle, setMember } from '../../text/json-edits.ts'
import type { JsonObject, JsonValue } from '../../text/json-source.ts'
import { printable } from '../../text/printable.ts'
import { editItems } from '../array-edits.ts'
import type { ReadIndex } from '../manifest.ts'
import { memberOf, readManifestOrIndex } from '../manifest.ts'
import { OCI_INDEX } from '../media-types.ts'
import { digestOf } from '../verified-bytes.ts'

export const REF_NAME = 'org.opencontainers.image.ref.name'
/** The whole name that containerd and docker keep of an image. */
export const CONTAINERD_NAME = 'io.containerd.image.name'
export const EMPTY_INDEX = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[]}`

/** Faults: `image-invalid`. */
export function readIndexJson(bytes: Uint8Array): ReadIndex {
  const read = readManifestOrIndex({ descriptor: { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }, bytes })
  if (read.kind === 'index') return read
  throw new Fault('image-invalid', 'index.json is no index.')
}

/** The place of a tag's or a whole name's descriptor. Without a tag: the only image, or the one that has no name. Undefined where there is none. Faults: `image-not-found` where several could be meant. */
export function placeOf(index: ReadIndex, tag: string | undefined, reference: string): number | undefined {
  const named = index.manifests.map((descriptor, at) => ({ name: descriptor.annotations?.[REF_NAME], at }))
  if (tag !== undefined) {
    const whole = index.manifests.flatMap(({ annotations }, at) => (annotations?.[CONTAINERD_NAME] === tag ? [{ at }] : []))
    return one(named.filter(({ name }) => name === tag)) ?? one(whole)
  }
  const images = named.filter(({ at }) => !isArtefact(index.items[at]))
  const nameless = images.filter(({ name }) => name === undefined)
  if (images.length < 2) return images[0]?.at
  if (nameless.length === 1) return nameless[0]?.at
  const names = images.flatMap(({ name }) => name ?? []).slice(0, 20)
  if (names.length === 0) {
    throw new Fault('image-not-found', `${reference} holds ${images.length} images, and none has a name to tell it by.`, {
      hint: 'Give each a tag, or list them in an index that has one.',
    })
  }
  const known = printable(names.join(', '))
  throw new Fault('image-not-found', `${reference} holds several images; one must be named: ${known}.`, {
    hint: 'Write the tag behind the folder, as in oci:<folder>:<tag>.',
  })

  function one(candidates: readonly { at: number }[]): number | undefined {
    if (candidates.length > 1) {
      const wholes = candidates.flatMap(({ at }) => index.manifests[at]?.annotations?.[CONTAINERD_NAME] ?? []).slice(0, 20)
      const known = wholes.length === 0 ? '' : ` The whole names are ${printable(wholes.join(', '))}.`
      throw new Fault('image-invalid', `${reference} is there ${candidates.length} times.${known}`, {
        hint: 'Write a name that only one image has behind the folder or file.',
      })
    }
    return candidates[0]?.at
  }
}

export interface IndexAddition {
  readonly descriptor: Descriptor
  readonly artifactType?: string
}

/** index.json with the root under its tag and the artefacts added that are not there yet; every other byte stays. */
export function withRoot(
  bytes: Uint8Array,
  root: Descriptor,
  tag: string | undefined,
  reference: string,
  artefacts: readonly IndexAddition[],
): { readonly text: string; readonly before?: BlobDigest } {
  const index = readIndexJson(bytes)
  const manifests = memberOf(index.root, 'manifests')
  if (manifests?.kind !== 'array') throw new Fault('image-invalid', 'index.json lists no manifests.')
  const style = jsonStyle(index.text, index.root)
  const place = placeOf(index, tag, reference)
  const present = new Set(index.manifests.map(descriptor => descriptor.digest))
  const append = artefacts.filter(({ descriptor }) => !present.has(descriptor.digest)).map(printAddition)
  if (place === undefined) append.unshift(printRoot(root, tag))
  const edits = editItems(index.text, manifests, { append }, style)
  const item = place === undefined ? undefined : index.items[place]
  if (item !== undefined) edits.push(...repoint(index.text, item, root))
  const before = place === undefined ? undefined : index.manifests[place]?.digest
  return { text: applyEdits(index.text, edits), ...(before === undefined ? {} : { before }) }
}

function repoint(text: string, item: JsonObject, root: Descriptor) {
  const style = jsonStyle(text, item)
  const values = new Map<string, JsonValue>([
    ['mediaType', root.mediaType],
    ['digest', root.digest],
    ['size', root.size],
  ])
  const set = new Map([...values].filter(([key]) => item.member(key) !== undefined))
  const insert = new Map([...values].filter(([key]) => item.member(key) === undefined))
  if (memberOf(item, 'digest') !== undefined && sameDigest(item, root.digest)) return setMember(text, item, 'size', root.size, style)
  // They told of the image that was.
  return editMembers(text, item, { set, insert, remove: new Set(['platform', 'data', 'urls']) }, style)
}

function sameDigest(item: JsonObject, digest: BlobDigest): boolean {
  const written = item.get('digest')
  return written?.kind === 'string' && written.value === digest
}

function isArtefact(item: JsonObject | undefined): boolean {
  return item?.member('artifactType') !== undefined
}

function printRoot({ mediaType, digest, size }: Descriptor, tag: string | undefined): JsonValue {
  return { mediaType, digest, size, ...(tag === undefined ? {} : { annotations: { [REF_NAME]: tag } }) }
}

function printAddition({ descriptor: { mediaType, digest, size }, artifactType }: IndexAddition): JsonValue {
  return { mediaType, digest, size, artifactType: artifactType ?? 'application/octet-stream' }
}
