/** The layers that a manifest and its config tell of, checked against each other. */
import { Fault } from '../model/faults.ts'
import type { BlobDigest, ImageLayer, RawDocument } from '../model/image.ts'
import { blobDigest } from '../model/image.ts'
import type { JsonNode, JsonObject } from '../text/json-source.ts'
import { printable } from '../text/printable.ts'
import { invalid, memberOf, type ReadManifest, readDocument } from './manifest.ts'

const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(?:[.+](?:gzip|zstd))?)$/
const FOREIGN_TYPE = /nondistributable|\.foreign\./
const LONGEST_CREATED_BY = 4096

/** From the bottom. Faults: `image-invalid`, `layer-foreign`. */
export function imageLayers(manifest: ReadManifest, config: RawDocument): readonly ImageLayer[] {
  const { root } = readDocument(config)
  const diffIds = diffIdsOf(root, config)
  if (diffIds.length !== manifest.layers.length) {
    throw invalid(config, `it names ${diffIds.length} layers and the manifest ${manifest.layers.length}`)
  }
  const created = createdBy(root)
  return manifest.layers.map((descriptor, at) => {
    if (FOREIGN_TYPE.test(descriptor.mediaType)) {
      throw new Fault('layer-foreign', `Layer ${at + 1} (${descriptor.digest}) is of the type ${printable(descriptor.mediaType)}.`)
    }
    if (!LAYER_TYPE.test(descriptor.mediaType)) throw invalid(config, `layer ${at + 1} is of the type ${printable(descriptor.mediaType)}`)
    const diffId = diffIds[at]
    if (diffId === undefined) throw invalid(config, `layer ${at + 1} has no diff id`)
    const by = created.length === diffIds.length ? created[at] : undefined
    return { descriptor, diffId, ...(by === undefined ? {} : { createdBy: by }) }
  })
}

function diffIdsOf(root: JsonObject, config: RawDocument): BlobDigest[] {
  const rootfs = memberOf(root, 'rootfs')
  const list = rootfs?.kind === 'object' ? memberOf(rootfs, 'diff_ids') : undefined
  if (list?.kind !== 'array') throw invalid(config, 'it names no layers')
  return list.items.map(item => {
    if (item.kind !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(item.value)) throw invalid(config, 'a diff id is no sha256 digest')
    return blobDigest(item.value)
  })
}

/** One for each history item that made a layer; of no use unless there are as many as layers. */
function createdBy(root: JsonObject): (string | undefined)[] {
  const history = memberOf(root, 'history')
  if (history?.kind !== 'array') return []
  return history.items.filter(makesLayer).map(item => {
    const text = item.kind === 'object' ? memberOf(item, 'created_by') : undefined
    return text?.kind === 'string' ? text.value.slice(0, LONGEST_CREATED_BY) : undefined
  })
}

function makesLayer(item: JsonNode): boolean {
  const empty = item.kind === 'object' ? memberOf(item, 'empty_layer') : undefined
  return !(empty?.kind === 'boolean' && empty.value)
}
