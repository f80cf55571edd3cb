/** Images that are wrong on purpose in one place and right in all others. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { layerType } from '../../src/images/testing/layered-image.ts'
import { documentOf, type MadeImage } from '../../src/images/testing/make-image.ts'
import { END, makeTar, type TarItem } from '../../src/images/testing/make-tar.ts'
import { digestOf } from '../../src/images/verified-bytes.ts'
import type { BlobDigest, Descriptor, RawDocument } from '../../src/model/image.ts'
import type { Workshop } from './workshop.ts'

/** A layer as it is stored, and what is said of it. */
export interface StoredLayer {
  readonly bytes: Uint8Array
  /** Digest of what it unpacks to. */
  readonly diffId: BlobDigest
  /** Said instead of what is right. */
  readonly said?: Partial<Descriptor>
}

export interface Twist {
  /** Put on top. */
  readonly layer?: StoredLayer
  readonly config?: (text: string) => string
  readonly manifest?: (text: string) => string
}

/** The image with a layer more and with other texts; digests follow, unless the twist is about them. */
export function twisted({ image, blobs }: MadeImage, { layer, config: onConfig = same, manifest: onManifest = same }: Twist): MadeImage {
  const all = new Map<BlobDigest, Uint8Array>(blobs)
  const config = JSON.parse(textOf(image.config))
  const manifest = JSON.parse(textOf(image.manifest))
  if (layer !== undefined) {
    config.rootfs.diff_ids.push(layer.diffId)
    config.history.push({ created_by: 'a hostile step' })
    const right = { mediaType: layerType('oci', 'gzip'), digest: digestOf(layer.bytes), size: layer.bytes.length }
    const descriptor = { ...right, ...layer.said }
    manifest.layers.push(descriptor)
    if (/^sha256:[0-9a-f]{64}$/.test(descriptor.digest)) all.set(descriptor.digest, layer.bytes)
  }
  const newConfig = documentOf(image.config.descriptor.mediaType, onConfig(JSON.stringify(config)))
  manifest.config = newConfig.descriptor
  const newManifest = documentOf(image.manifest.descriptor.mediaType, onManifest(JSON.stringify(manifest)))
  for (const { descriptor, bytes } of [newConfig, newManifest]) all.set(descriptor.digest, bytes)
  return { image: { ...image, config: newConfig, manifest: newManifest }, blobs: all }
}

export function textOf({ bytes }: RawDocument): string {
  return Buffer.from(bytes).toString('utf8')
}

function same(text: string): string {
  return text
}

/** A layer of these bytes, packed with gzip. */
export function gzipLayer(tar: Buffer): StoredLayer {
  return { bytes: gzipSync(tar), diffId: digestOf(tar) }
}

/** Words for a good image with these entries, or this tar, as its uppermost layer. */
export function withEntries(entries: readonly TarItem[] | Buffer): (shop: Workshop) => readonly string[] {
  return withLayer(() => gzipLayer(Buffer.isBuffer(entries) ? entries : makeTar(entries)))
}

/** Entries given as they are put together, without more than an end mark. */
export function withParts(...parts: readonly Buffer[]): (shop: Workshop) => readonly string[] {
  return withEntries(Buffer.concat([...parts, END]))
}

export function withLayer(layer: () => StoredLayer): (shop: Workshop) => readonly string[] {
  return shop => [shop.layout('image', twisted(shop.image(), { layer: layer() }))]
}

export function withTexts(twist: Omit<Twist, 'layer'>): (shop: Workshop) => readonly string[] {
  return shop => [shop.layout('image', twisted(shop.image(), twist))]
}

/** A good image whose `index.json` is changed as text. */
export function withIndex(change: (text: string) => string): (shop: Workshop) => readonly string[] {
  return shop => {
    const reference = shop.layout('image')
    const path = join(shop.root, 'image', 'index.json')
    writeFileSync(path, change(readFileSync(path, 'utf8')))
    return [reference]
  }
}

/** Where the layout named `image` keeps a blob. */
export function blobFile(shop: Workshop, digest: string): string {
  return join(shop.root, 'image', 'blobs', 'sha256', digest.slice('sha256:'.length))
}
