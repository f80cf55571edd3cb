/**
 * Config and manifest of a patched image, as text: one diff id, one history item and one layer more, everything else byte for byte as it
 * was. A config read and printed anew would lose 20-digit numbers, `1.0` and what a runtime keeps that nobody here knows.
 */
import { Fault } from '../model/faults.ts'
import type { BlobDigest, Descriptor, RawDocument } from '../model/image.ts'
import { applyEdits } from '../text/edits.ts'
import { jsonStyle, reviseValue, setMember } from '../text/json-edits.ts'
import type { JsonArray, JsonNode, JsonObject, JsonValue } from '../text/json-source.ts'
import { editItems } from './array-edits.ts'
import { invalid, memberOf, readDocument, readManifestOrIndex } from './manifest.ts'
import { gzipLayerType } from './media-types.ts'
import { digestOf } from './verified-bytes.ts'

/** A history item. `created` is a given time in RFC 3339, never the clock's. */
export interface HistoryItem {
  readonly created: string
  readonly createdBy: string
  readonly comment?: string
}

/** A document like another one, with other bytes. */
export function documentLike(document: RawDocument, text: string): RawDocument {
  const bytes = Buffer.from(text)
  return { descriptor: { ...document.descriptor, digest: digestOf(bytes), size: bytes.length }, bytes }
}

/** The config with a diff id and a history item on top, after `replaceTop` layers were taken away. Faults: `image-invalid`. */
export function spliceConfig(config: RawDocument, layers: number, diffId: BlobDigest, item: HistoryItem, replaceTop: number): RawDocument {
  const { text, root } = readDocument(config)
  const rootfs = memberOf(root, 'rootfs')
  const diffIds = rootfs?.kind === 'object' ? memberOf(rootfs, 'diff_ids') : undefined
  if (diffIds?.kind !== 'array') throw invalid(config, 'it lists no diff ids')
  if (diffIds.items.length !== layers) throw invalid(config, `it lists ${diffIds.items.length} diff ids for ${layers} layers`)
  if (replaceTop > layers) throw invalid(config, `it has no ${replaceTop} layers to replace`)
  const style = jsonStyle(text, root)
  const edits = editItems(text, diffIds, { remove: lastPlaces(diffIds, replaceTop), append: [diffId] }, style)
  const history = memberOf(root, 'history')
  if (history?.kind === 'array') {
    const { created, createdBy, comment } = item
    const value: JsonValue = { created, created_by: createdBy, ...(comment === undefined ? {} : { comment }) }
    edits.push(...editItems(text, history, { remove: topOfHistory(history, replaceTop), append: [value] }, style))
  }
  return documentLike(config, applyEdits(text, edits))
}

/** The manifest with the new config, the layer on top and the annotations; its family of media types stays. Faults: `image-invalid`. */
export function spliceManifest(
  manifest: RawDocument,
  config: RawDocument,
  layer: Pick<Descriptor, 'digest' | 'size'>,
  annotations: ReadonlyMap<string, string>,
  replaceTop: number,
): RawDocument {
  const read = readManifestOrIndex(manifest)
  if (read.kind !== 'manifest') throw invalid(manifest, 'it is an index, not one image')
  const { text, root } = read
  const configNode = memberOf(root, 'config')
  const layers = memberOf(root, 'layers')
  if (configNode?.kind !== 'object' || layers?.kind !== 'array') throw invalid(manifest, 'it has no config or no layers')
  const style = jsonStyle(text, root)
  const { digest, size } = config.descriptor
  const described: JsonValue = { mediaType: gzipLayerType(manifest.descriptor.mediaType), digest: layer.digest, size: layer.size }
  const edits = [
    ...repoint(text, configNode, { digest, size }),
    ...editItems(text, layers, { remove: lastPlaces(layers, replaceTop), append: [described] }, style),
  ]
  const present = memberOf(root, 'annotations')
  if (present?.kind === 'object') {
    const wanted: Record<string, JsonValue> = Object.create(null)
    for (const { key, value } of present.members) wanted[key] = plainText(value, manifest)
    for (const [key, value] of annotations) wanted[key] = value
    edits.push(...reviseValue(text, present, wanted, style))
  } else if (annotations.size > 0) {
    edits.push(...setMember(text, root, 'annotations', Object.fromEntries(annotations), style))
  }
  return documentLike(manifest, applyEdits(text, edits))
}

/** Edits that let a descriptor point to another blob; what else it says stays, but content that it carried along (`data`) goes stale and must not be there. */
export function repoint(text: string, descriptor: JsonObject, to: Pick<Descriptor, 'digest' | 'size'>) {
  if (memberOf(descriptor, 'data') !== undefined) {
    throw new Fault('image-invalid', 'A descriptor carries its content along (data), which cannot be changed with it.')
  }
  const style = jsonStyle(text, descriptor)
  return [...setMember(text, descriptor, 'digest', to.digest, style), ...setMember(text, descriptor, 'size', to.size, style)]
}

function lastPlaces({ items }: JsonArray, count: number): ReadonlySet<number> {
  return new Set(items.map((_, at) => at).slice(items.length - count))
}

/** The places of the topmost items that made layers, with the empty ones above them. */
function topOfHistory(history: JsonArray, count: number): ReadonlySet<number> {
  const places = new Set<number>()
  let left = count
  for (let at = history.items.length - 1; at >= 0 && left > 0; at--) {
    places.add(at)
    if (!madeNoLayer(history.items[at])) left--
  }
  return places
}

/** Whether a history item made no layer. */
export function madeNoLayer(item: JsonNode | undefined): boolean {
  const empty = item?.kind === 'object' ? memberOf(item, 'empty_layer') : undefined
  return empty?.kind === 'boolean' && empty.value
}

function plainText(value: JsonNode, manifest: RawDocument): string {
  if (value.kind === 'string') return value.value
  throw invalid(manifest, 'an annotation is no text')
}
