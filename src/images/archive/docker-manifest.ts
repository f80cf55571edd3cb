/**
 * `manifest.json` of docker save: which config and layers make an image, by their paths in the archive. Such an image has no manifest of its
 * own, so one is made; a layer that is a plain tar has its diff id for a digest, one that is compressed is hashed.
 */
import { createHash } from 'node:crypto'
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, Descriptor, RawDocument } from '../../model/image.ts'
import { blobDigest } from '../../model/image.ts'
import type { JsonNode, JsonObject } from '../../text/json-source.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { printable } from '../../text/printable.ts'
import { memberOf, readDocument } from '../manifest.ts'
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST } from '../media-types.ts'
import { digestOf, LARGEST_DOCUMENT } from '../verified-bytes.ts'
import type { ArchiveTable, Extent } from './table.ts'
import { extentChunks, readExtent } from './table.ts'

export interface DockerImage {
  readonly manifest: RawDocument
  readonly config: RawDocument
  readonly extents: ReadonlyMap<BlobDigest, Extent>
}

const MOST_IMAGES = 256
const MOST_LAYERS = 4096

/** The image of that name, or the only one. Faults: `image-not-found`, `image-archive-invalid`, `image-invalid`. */
export async function readDockerImage(table: ArchiveTable, name: string | undefined, reference: string): Promise<DockerImage> {
  const extent = table.find('manifest.json')
  if (extent === undefined) throw new Fault('image-archive-invalid', `${reference} has neither manifest.json nor index.json.`)
  const text = (await readExtent(table, extent, LARGEST_DOCUMENT, 'manifest.json')).toString()
  const root = readList(text)
  const images = root.map(item => ({ item, names: textsOf(memberOf(item, 'RepoTags')) }))
  const fitting = name === undefined ? images : images.filter(({ names }) => names.includes(name) || names.includes(`${name}:latest`))
  const [image] = fitting
  if (image === undefined || fitting.length > 1) {
    const known = printable(
      images
        .flatMap(({ names }) => names)
        .slice(0, 20)
        .join(', '),
    )
    throw new Fault(
      'image-not-found',
      `${reference} is ${fitting.length === 0 ? 'not there' : 'not one image'}; the archive has ${known || 'no name'}.`,
      {
        hint: 'Write the image’s name behind the file, as in docker-archive:<file>:<name>:<tag>.',
      },
    )
  }
  return await assemble(table, image.item, reference)
}

async function assemble(table: ArchiveTable, item: JsonObject, reference: string): Promise<DockerImage> {
  const configPath = memberOf(item, 'Config')
  const layerPaths = textsOf(memberOf(item, 'Layers'))
  if (configPath?.kind !== 'string' || layerPaths.length > MOST_LAYERS) throw broken(reference, 'its manifest.json names no config')
  const configExtent = extentOf(table, configPath.value, reference)
  const bytes = await readExtent(table, configExtent, LARGEST_DOCUMENT, 'The config')
  const config: RawDocument = { descriptor: { mediaType: DOCKER_CONFIG, digest: digestOf(bytes), size: bytes.length }, bytes }
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(configPath.value)?.[1]
  if (named !== undefined && config.descriptor.digest !== `sha256:${named}`) {
    throw new Fault('image-digest-mismatch', `The config sha256:${named} in ${reference} is in truth ${config.descriptor.digest}.`)
  }
  const rootfs = memberOf(readDocument(config).root, 'rootfs')
  const diffIds = rootfs?.kind === 'object' ? textsOf(memberOf(rootfs, 'diff_ids')) : []
  if (diffIds.length !== layerPaths.length)
    throw broken(reference, `its config has ${diffIds.length} diff ids for ${layerPaths.length} layers`)
  const extents = new Map<BlobDigest, Extent>([[config.descriptor.digest, configExtent]])
  const layers: Descriptor[] = []
  for (const [at, path] of layerPaths.entries()) {
    const layer = await readLayer(table, extentOf(table, path, reference), diffIds[at] ?? '', reference)
    extents.set(layer.descriptor.digest, layer.extent)
    layers.push(layer.descriptor)
  }
  const text = JSON.stringify({ schemaVersion: 2, mediaType: DOCKER_MANIFEST, config: config.descriptor, layers })
  const manifest = Buffer.from(text)
  return {
    manifest: { descriptor: { mediaType: DOCKER_MANIFEST, digest: digestOf(manifest), size: manifest.length }, bytes: manifest },
    config,
    extents,
  }
}

async function readLayer(table: ArchiveTable, extent: Extent, diffId: string, reference: string) {
  if (!/^sha256:[0-9a-f]{64}$/.test(diffId)) throw broken(reference, 'a diff id is none')
  const head = await readExtent(table, { offset: extent.offset, size: Math.min(4, extent.size) }, 4, 'A layer')
  const kind = head[0] === 0x1f && head[1] === 0x8b ? '.gzip' : head.length === 4 && head.readUInt32LE(0) === 0xfd2fb528 ? '.zstd' : ''
  let digest = blobDigest(diffId)
  if (kind !== '') {
    const hash = createHash('sha256')
    for await (const chunk of extentChunks(table, extent)) hash.update(chunk)
    digest = blobDigest(`sha256:${hash.digest('hex')}`)
  }
  return { extent, descriptor: { mediaType: `${DOCKER_LAYER}${kind}`, digest, size: extent.size } }
}

function extentOf(table: ArchiveTable, path: string, reference: string): Extent {
  const extent = table.find(path)
  if (extent === undefined) throw broken(reference, `${printable(path).slice(0, 120)}, which its manifest.json names, is missing`)
  return extent
}

function readList(text: string): readonly JsonObject[] {
  const root = readJsonSource(text, { maxDepth: 16, maxNodes: 100_000, file: 'manifest.json' })
  const items = root.kind === 'array' ? root.items.filter(item => item.kind === 'object') : []
  if (items.length === 0 || items.length > MOST_IMAGES)
    throw new Fault('image-archive-invalid', 'manifest.json lists no images, or too many.')
  return items
}

function textsOf(node: JsonNode | undefined): readonly string[] {
  return node?.kind === 'array' ? node.items.flatMap(item => (item.kind === 'string' ? [item.value] : [])) : []
}

function broken(reference: string, why: string): Fault {
  return new Fault('image-archive-invalid', `${reference} cannot be used: ${why}.`)
}
