/** Reads an image afresh from where it was written, without anything that Suture keeps. */
import { resolve } from 'node:path'
import { archiveSource } from '../../src/images/archive/source.ts'
import { layoutSource } from '../../src/images/layout/source.ts'
import { readManifestOrIndex } from '../../src/images/manifest.ts'
import { openImage } from '../../src/images/open.ts'
import { platformName, platformsOf } from '../../src/images/platforms.ts'
import { parseReference } from '../../src/images/reference.ts'
import { collect } from '../../src/images/verified-bytes.ts'
import { wholeImage } from '../../src/images/whole-image.ts'
import type { ImageSource, OpenImage } from '../../src/model/image.ts'

export function sourceOf(reference: string): ImageSource {
  const parsed = parseReference(reference)
  const tag = parsed.kind !== 'registry' && parsed.tag !== undefined ? { tag: parsed.tag } : {}
  if (parsed.kind === 'layout') return layoutSource({ folder: resolve(parsed.folder), ...tag, reference })
  if (parsed.kind === 'archive') return archiveSource(parsed, { scratch: '/nowhere', stdin: nothing() })
  throw new Error(`${reference} is in a registry`)
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export interface ReadBack {
  readonly digest: string
  readonly image: OpenImage
  /** Layers from the bottom: digests of what is stored. */
  readonly layers: readonly string[]
  readonly diffIds: readonly string[]
  /** Path → what can be seen of it, contents as digests. */
  readonly tree: ReadonlyMap<string, string>
  /** A file's content; empty where there is none. */
  text(path: string): string
}

/** One platform, every blob of it read and held against its digest. */
export async function readBack(reference: string, platform?: string): Promise<ReadBack> {
  const source = sourceOf(reference)
  try {
    return await readFrom(source, reference, platform)
  } finally {
    await source.close()
  }
}

async function readFrom(source: ImageSource, reference: string, platform: string | undefined): Promise<ReadBack> {
  const platforms = (await platformsOf(source)).map(found => found.platform)
  const chosen = platforms.find(found => platform === undefined || platformName(found) === platform)
  if (chosen === undefined) throw new Error(`${reference} is not there for ${platform}`)
  for (const { descriptor, bytes, from } of (await wholeImage(source)).blobs)
    if (bytes === undefined && from !== undefined) await collect(from.blob(descriptor), 1e8, descriptor.digest)
  const image = await openImage(source, { platform: chosen, prove: 'files' })
  const { files } = image
  const paths = [...files.paths()]
  const digests = await files.digests(paths)
  const contents = await files.read(paths)
  const tree = new Map<string, string>()
  for (const path of paths) {
    const found = files.get(path)
    if (found === undefined) continue
    const { type, mode, uid, gid, size, mtime, target } = found
    tree.set(path, JSON.stringify({ type, mode, uid, gid, size, mtime, target, digest: digests.get(path) }))
  }
  return {
    digest: (await source.root()).descriptor.digest,
    image,
    layers: image.layers.map(({ descriptor }) => descriptor.digest),
    diffIds: image.layers.map(({ diffId }) => diffId),
    tree,
    text: path => Buffer.from(contents.get(files.follow(path)?.path ?? path) ?? []).toString('utf8'),
  }
}

/** Digests of the manifests that an index lists, with what they are for; of an image its own. */
export async function manifestsOf(reference: string): Promise<readonly { readonly digest: string; readonly platform: string }[]> {
  const source = sourceOf(reference)
  const root = await source.root()
  await source.close()
  const read = readManifestOrIndex(root)
  if (read.kind !== 'index') return [{ digest: root.descriptor.digest, platform: '' }]
  return read.manifests.map(({ digest, platform }) => ({ digest, platform: platform === undefined ? '' : platformName(platform) }))
}

/** Paths on which two trees differ. */
export function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  const all = new Set([...one.keys(), ...other.keys()])
  return [...all].filter(path => one.get(path) !== other.get(path)).sort()
}
