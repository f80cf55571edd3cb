/** Small images for tests, made in memory: one manifest, or an index of several with attestations as BuildKit leaves them. */
import { gzipSync } from 'node:zlib'
import type { BlobDigest, Descriptor, ImageSource, OpenImage, RawDocument } from '../../model/image.ts'
import * as types from '../media-types.ts'
import { digestOf } from '../verified-bytes.ts'
import type { WholeImage } from '../whole-image.ts'

export interface MadeImage {
  readonly image: Pick<OpenImage, 'manifest' | 'config' | 'layers'>
  readonly blobs: ReadonlyMap<BlobDigest, Uint8Array>
}

export interface MakeOptions {
  readonly family?: 'oci' | 'docker'
  readonly layers?: readonly string[]
  /** Given to `JSON.stringify`. */
  readonly indent?: number
  readonly architecture?: string
}

export function documentOf(mediaType: string, text: string | Uint8Array): RawDocument {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}

export function makeImage({ family = 'oci', layers = ['one', 'two'], indent, architecture = 'amd64' }: MakeOptions = {}): MadeImage {
  const docker = family === 'docker'
  const manifestType = docker ? types.DOCKER_MANIFEST : types.OCI_MANIFEST
  const blobs = new Map<BlobDigest, Uint8Array>()
  const made = layers.map(text => {
    const bytes = gzipSync(text)
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { descriptor: { mediaType: types.gzipLayerType(manifestType), digest, size: bytes.length }, diffId: digestOf(Buffer.from(text)) }
  })
  const config = documentOf(
    docker ? types.DOCKER_CONFIG : types.OCI_CONFIG,
    JSON.stringify(
      {
        architecture,
        os: 'linux',
        config: { Cmd: ['sh'] },
        rootfs: { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) },
        history: [
          ...made.map((_, at) => ({ created: '2024-01-01T00:00:00Z', created_by: `step ${at}` })),
          { created_by: 'CMD', empty_layer: true },
        ],
      },
      null,
      indent,
    ),
  )
  const { mediaType, digest, size } = config.descriptor
  const manifest = documentOf(
    manifestType,
    JSON.stringify(
      { schemaVersion: 2, mediaType: manifestType, config: { mediaType, digest, size }, layers: made.map(({ descriptor }) => descriptor) },
      null,
      indent,
    ),
  )
  blobs.set(digest, config.bytes)
  blobs.set(manifest.descriptor.digest, manifest.bytes)
  return { image: { manifest, config, layers: made }, blobs }
}

/** An index of images, each with an attestation bound to it. */
export function makeIndex(
  images: readonly MadeImage[],
  indent?: number,
): { root: RawDocument; blobs: ReadonlyMap<BlobDigest, Uint8Array> } {
  const blobs = new Map(images.flatMap(({ blobs }) => [...blobs]))
  const manifests: object[] = []
  const bound: object[] = []
  for (const { image } of images) {
    const platform = { os: 'linux', architecture: /"architecture":\s*"([^"]+)"/.exec(Buffer.from(image.config.bytes).toString())?.[1] }
    manifests.push({ ...image.manifest.descriptor, platform })
    const attestation = makeImage({ layers: [`about ${image.manifest.descriptor.digest}`], architecture: 'unknown' })
    for (const [digest, bytes] of attestation.blobs) blobs.set(digest, bytes)
    bound.push({
      ...attestation.image.manifest.descriptor,
      annotations: {
        'vnd.docker.reference.digest': image.manifest.descriptor.digest,
        'vnd.docker.reference.type': 'attestation-manifest',
      },
      platform: { architecture: 'unknown', os: 'unknown' },
    })
  }
  const value = { schemaVersion: 2, mediaType: types.OCI_INDEX, manifests: [...manifests, ...bound] }
  const root = documentOf(types.OCI_INDEX, JSON.stringify(value, null, indent))
  blobs.set(root.descriptor.digest, root.bytes)
  return { root, blobs }
}

/** A source over blobs in memory; what is not there is refused. */
export function memorySource(root: RawDocument, blobs: ReadonlyMap<BlobDigest, Uint8Array>): ImageSource {
  const get = ({ digest }: Descriptor): Uint8Array => {
    const bytes = blobs.get(digest)
    if (bytes === undefined) throw new Error(`${digest} is not here`)
    return bytes
  }
  return {
    reference: 'memory',
    root: async () => root,
    document: async descriptor => ({ descriptor, bytes: get(descriptor) }),
    async *blob(descriptor) {
      yield get(descriptor)
    },
    referrers: async () => [],
    close: async () => undefined,
  }
}

/** The image ready for a sink, every blob in memory. */
export function wholeOf({ image, blobs }: MadeImage): WholeImage {
  const source = memorySource(image.manifest, blobs)
  return {
    source,
    root: image.manifest,
    documents: [image.config],
    blobs: image.layers.map(({ descriptor }) => ({ descriptor, from: source })),
    referrers: [],
  }
}

export function makeLayer(text: string): { bytes: Uint8Array; digest: BlobDigest; diffId: BlobDigest } {
  const bytes = gzipSync(text)
  return { bytes, digest: digestOf(bytes), diffId: digestOf(Buffer.from(text)) }
}
