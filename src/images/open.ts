/**
 * Opens one platform's image: manifest and config checked, every layer's index from the cache or read once, and the merged view.
 *
 * What is proved. A layer that is read as a stream (compressed, from a registry, out of a folder that gives no position) is held against
 * its diff id, always. A layer that lies uncompressed in a local file is walked by position unless `prove` says otherwise: hashing it
 * would cost more than reading it, and what a scan says of a local file is as good as the file. Such an index is never kept under the diff id
 * alone, so it cannot stand in for a layer that was proved. Whoever writes something from what he reads asks for `prove: 'layers'`;
 * `'files'` takes each file's digest too, after which single files are read without reading their layer to its end.
 */
import { severalAtOnce } from '../concurrency/several-at-once.ts'
import { Fault } from '../model/faults.ts'
import type { ContentExtractor, ImageLayer, ImageSource, OpenImage, Platform } from '../model/image.ts'
import { type DecompressionLimits, release } from './compression.ts'
import type { ContentKeep, ContentWishes } from './content-wishes.ts'
import { imageLayers } from './image-layers.ts'
import { cacheName, fileSignature, type LayerCache } from './index-cache.ts'
import type { ReadFrom, ReadLayer } from './layer-contents.ts'
import { readManifestOrIndex } from './manifest.ts'
import { isPlainTar } from './media-types.ts'
import { mergedFiles } from './merged-files.ts'
import { choosePlatform, platformsOf } from './platforms.ts'
import { compressionAt, indexFile, indexStream } from './read-layer.ts'

export interface OpenOptions {
  /** Needed where the image is there for more than one. */
  readonly platform?: Platform
  /** Where layer indexes are kept between runs. */
  readonly cache?: LayerCache
  readonly keep?: ContentKeep
  readonly extractors?: readonly ContentExtractor[]
  /** Layers on top that the files are shown without. */
  readonly without?: number
  readonly prove?: 'streams' | 'layers' | 'files'
  readonly limits?: DecompressionLimits
  progress?(progress: OpenProgress): void
}

export interface OpenProgress {
  /** Of layers that have to be read: how many are, and how many there are. */
  readonly read: number
  readonly toRead: number
  /** Stored bytes that were read, and all that will be. */
  readonly bytes: number
  readonly ofBytes: number
}

/** Decompression takes a thread; two at a time keep a small machine busy and memory low. */
const AT_ONCE = 2

/** Faults: `image-platform-missing`, `image-invalid`, `image-digest-mismatch`, `layer-…`, `compression-unsupported`, and the source's. */
export async function openImage(source: ImageSource, options: OpenOptions = {}): Promise<OpenImage> {
  const { platform, manifest: descriptor } = choosePlatform(await platformsOf(source), options.platform, source.reference)
  const root = await source.root()
  const manifest = root.descriptor.digest === descriptor.digest ? root : await source.document(descriptor)
  const read = readManifestOrIndex(manifest)
  if (read.kind !== 'manifest') throw new Fault('image-invalid', `${descriptor.digest} is no manifest.`)
  const config = await source.document(read.config)
  const layers = imageLayers(read, config)
  const from: ReadFrom = { source, ...(options.limits === undefined ? {} : { limits: options.limits }) }
  const shown = layers.slice(0, layers.length - (options.without ?? 0))
  const files = mergedFiles(await readLayers(from, shown, options), from)
  return { source, platform, manifest, config, layers, files }
}

async function readLayers(from: ReadFrom, layers: readonly ImageLayer[], options: OpenOptions): Promise<ReadLayer[]> {
  const wishes: ContentWishes = {
    ...(options.keep === undefined ? {} : { keep: options.keep }),
    extractors: options.extractors ?? [],
    digests: options.prove === 'files',
  }
  const done = new Map<string, ReadLayer>()
  const missing: { readonly layer: ImageLayer; readonly reading: Reading }[] = []
  for (const layer of layers) {
    if (done.has(layer.diffId) || missing.some(({ layer: other }) => other.diffId === layer.diffId)) continue
    const reading = await readingOf(from.source, layer, wishes, options)
    const index = reading.load()
    if (index === undefined) missing.push({ layer, reading })
    else {
      await reading.check()
      done.set(layer.diffId, { layer, index, ...reading })
    }
  }
  const counter = progressCounter(missing, options)
  await severalAtOnce(missing, AT_ONCE, async ({ layer, reading }) => {
    const { place } = reading
    const index =
      place !== undefined && !reading.proved
        ? indexFile(place, layer.diffId, wishes)
        : await indexStream(counter.counted(from.source.blob(layer.descriptor)), layer.diffId, wishes, from.limits)
    reading.store(index)
    done.set(layer.diffId, { layer, index, ...reading })
    counter.layerRead()
  })
  return layers.map(layer => {
    const read = done.get(layer.diffId)
    if (read === undefined) throw new Fault('internal', `The layer ${layer.diffId} was not read.`)
    return read
  })
}

interface Reading extends Pick<ReadLayer, 'place' | 'proved' | 'store'> {
  load(): ReadLayer['index'] | undefined
  /** An index says what the diff id stands for, and not that this blob holds it: a local one whose file is new is held against its digest. */
  check(): Promise<void>
}

/** How a layer is read, and where its index is kept. */
async function readingOf(source: ImageSource, layer: ImageLayer, wishes: ContentWishes, options: OpenOptions): Promise<Reading> {
  const { cache, prove = 'streams' } = options
  const { descriptor } = layer
  const lies = await source.located?.(descriptor)
  // Archives call layers plain that are not.
  const isPlain = lies !== undefined && isPlainTar(descriptor.mediaType) && compressionAt(lies) === 'none'
  const place = isPlain ? { ...lies, size: descriptor.size } : undefined
  const proved = place === undefined || prove !== 'streams'
  const signature = lies === undefined || cache === undefined ? undefined : fileSignature(lies.path, lies.offset, cache.now())
  const file = proved ? '' : signature
  const provedName = cacheName(layer.diffId, wishes)
  const name = proved ? provedName : file === undefined ? undefined : cacheName(layer.diffId, wishes, file)
  return {
    ...(place === undefined ? {} : { place }),
    proved,
    load() {
      if (cache === undefined || name === undefined) return undefined
      const index = cache.load(name)
      return wishes.digests && index?.digests === undefined ? undefined : index
    },
    async check() {
      if (!proved || lies === undefined || cache?.isSound(descriptor.digest, { ...lies, signature }) !== false) return
      await drained(source.blob(descriptor))
      cache.noteSound(descriptor.digest, { ...lies, signature })
    },
    store(index) {
      if (cache === undefined || name === undefined) return
      cache.store(name, index)
      if (proved && lies !== undefined) cache.noteSound(descriptor.digest, { ...lies, signature })
    },
  }
}

/** Reads all of it; the source holds it against its digest. */
async function drained(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) release(chunk)
}

function progressCounter(missing: readonly { readonly layer: ImageLayer }[], { progress }: OpenOptions) {
  const toRead = missing.length
  const ofBytes = missing.reduce((sum, { layer }) => sum + layer.descriptor.size, 0)
  let read = 0
  let bytes = 0
  const tell = () => progress?.({ read, toRead, bytes, ofBytes })
  return {
    layerRead() {
      read++
      tell()
    },
    async *counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of chunks) {
        bytes += chunk.length
        tell()
        yield chunk
      }
    },
  }
}
