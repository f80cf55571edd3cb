/** Images for tests made of layers of files: in memory, or written as an OCI layout. Blobs are held against their digests as real sources do. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { BlobDigest, Descriptor, ImageLayer, ImageSource, RawDocument } from '../../model/image.ts'
import * as types from '../media-types.ts'
import { digestOf, verifiedChunks } from '../verified-bytes.ts'
import { documentOf, type MadeImage, memorySource } from './make-image.ts'
import { makeTar, type TarItem } from './make-tar.ts'

export interface LayeredOptions {
  readonly family?: 'oci' | 'docker'
  readonly compression?: 'gzip' | 'zstd' | 'none'
  readonly architecture?: string
  /** Keys of the config besides those of the layers. */
  readonly config?: Readonly<Record<string, unknown>>
}

export interface LayeredImage extends MadeImage {
  readonly source: ImageSource
}

/** Each layer from the bottom, as entries or as an uncompressed tar. */
export function layeredImage(layers: readonly (readonly TarItem[] | Buffer)[], options: LayeredOptions = {}): LayeredImage {
  const { family = 'oci', compression = 'gzip', architecture = 'amd64' } = options
  const blobs = new Map<BlobDigest, Uint8Array>()
  const made = layers.map((layer): ImageLayer => {
    const tar = Buffer.isBuffer(layer) ? layer : makeTar(layer)
    const bytes = { gzip: () => gzipSync(tar), zstd: () => zstdCompressSync(tar), none: () => tar }[compression]()
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { descriptor: { mediaType: layerType(family, compression), digest, size: bytes.length }, diffId: digestOf(tar) }
  })
  const config = documentOf(
    family === 'docker' ? types.DOCKER_CONFIG : types.OCI_CONFIG,
    JSON.stringify({
      architecture,
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) },
      history: made.map((_, at) => ({ created_by: `step ${at}` })),
      ...options.config,
    }),
  )
  const manifest = manifestOf(config, made, family)
  for (const { descriptor, bytes } of [config, manifest]) blobs.set(descriptor.digest, bytes)
  return { image: { manifest, config, layers: made }, blobs, source: verifiedSource(manifest, blobs) }
}

export function manifestOf(config: RawDocument, layers: readonly ImageLayer[], family: 'oci' | 'docker' = 'oci'): RawDocument {
  const mediaType = family === 'docker' ? types.DOCKER_MANIFEST : types.OCI_MANIFEST
  const descriptors = layers.map(({ descriptor }) => descriptor)
  return documentOf(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, config: config.descriptor, layers: descriptors }))
}

/** A source over blobs in memory that checks them as they are read. */
export function verifiedSource(root: RawDocument, blobs: ReadonlyMap<BlobDigest, Uint8Array>): ImageSource {
  const memory = memorySource(root, blobs)
  return { ...memory, blob: descriptor => verifiedChunks(descriptor, memory.blob(descriptor), 'memory') }
}

/** Writes the image as an OCI layout under a tag. */
export function writeLayout(folder: string, { image, blobs }: MadeImage, tag = 'latest'): void {
  mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true })
  for (const [digest, bytes] of blobs) writeFileSync(join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length)), bytes)
  const named: Descriptor = { ...image.manifest.descriptor, annotations: { 'org.opencontainers.image.ref.name': tag } }
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }))
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}

export function layerType(family: 'oci' | 'docker', compression: 'gzip' | 'zstd' | 'none'): string {
  if (family === 'docker') return compression === 'none' ? types.DOCKER_LAYER : `${types.DOCKER_LAYER}.${compression}`
  return compression === 'none' ? types.OCI_LAYER : `${types.OCI_LAYER}+${compression}`
}

/** Counts how often a layer's bytes are asked for. */
export function counted(source: ImageSource): { source: ImageSource; reads: Descriptor[] } {
  const reads: Descriptor[] = []
  return {
    reads,
    source: {
      ...source,
      blob(descriptor) {
        reads.push(descriptor)
        return source.blob(descriptor)
      },
    },
  }
}
