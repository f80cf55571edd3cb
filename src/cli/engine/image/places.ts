/** A reference on the command line → where the image is read from, how it is opened, and where it is written to. */
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { archiveSink } from '../../../images/archive/sink.ts'
import { archiveSource } from '../../../images/archive/source.ts'
import type { ContentKeep } from '../../../images/content-wishes.ts'
import { layerCache } from '../../../images/index-cache.ts'
import { layoutSink } from '../../../images/layout/sink.ts'
import { layoutSource } from '../../../images/layout/source.ts'
import { type OpenOptions, openImage } from '../../../images/open.ts'
import { parseLocalReference, parseReference, type RegistryReference } from '../../../images/reference.ts'
import type { Registries } from '../../../images/registry/open.ts'
import { LANGUAGE_EXTRACTORS } from '../../../inventory/installed-components.ts'
import { Fault } from '../../../model/faults.ts'
import type { ImageSink, ImageSource, OpenImage, Platform } from '../../../model/image.ts'
import type { EngineWorld } from '../../engine.ts'
import { homeFolder } from '../../home-folder.ts'

/** What the inventory and the patch read again and again; everything else is read where it lies. */
const KEEP: ContentKeep = {
  id: 'deb-3',
  keeps: (path, size) =>
    size <= LARGEST_KEPT &&
    (/^var\/lib\/(dpkg\/(status|status\.d\/|diversions$|statoverride$|arch$|info\/|triggers\/|alternatives\/)|apt\/extended_states$)/.test(
      path,
    ) ||
      /^usr\/lib\/os-release$|^usr\/share\/keyrings\//.test(path) ||
      (path.startsWith('etc/') && size <= LARGEST_SETTING)),
}
const LARGEST_SETTING = 256 * 1024
const LARGEST_KEPT = 16 * 2 ** 20

export interface Places {
  source(reference: string): Promise<ImageSource>
  sink(reference: string): Promise<ImageSink>
  /** Where a reference is in a registry: what it says, and the tags of its repository. */
  inRegistry(reference: string): Promise<{ readonly named: RegistryReference; tags(): Promise<readonly string[]> } | undefined>
  /** Whether a reference can be written without being named: folders and files can, what others pull from cannot. */
  isLocal(reference: string): boolean
  /** One platform of an image; layers whose index is in Suture's folder are not read again. `prove`, `without`: see `images/open.ts`. */
  open(source: ImageSource, platform: Platform, prove: NonNullable<OpenOptions['prove']>, without?: number): Promise<OpenImage>
  close(): Promise<void>
}

/**
 * Most of what is read of an image lives as long as the command: letting the young generation grow, as V8 does, takes 15 MB more and saves
 * no time. Back to V8's own factor at the end, because the code that is kept for the next start is bound to the flags.
 */
function growYoungGeneration(factor: 1 | 2): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

/** What the machine says about registries is read when the first reference to one is met. */
export function openPlaces(world: EngineWorld, insecure: boolean): Places {
  growYoungGeneration(1)
  const { environment, workingFolder } = world
  let opened: Promise<Registries> | undefined
  const registries = (): Promise<Registries> => {
    opened ??= import('../../../images/registry/open.ts').then(({ openRegistries }) =>
      openRegistries({ environment, home: environment['HOME'] || homedir(), insecure }),
    )
    return opened
  }
  const inRegistry = async (reference: string) => {
    const { configuration, source, sink, tags } = await registries()
    const parsed = parseReference(reference, configuration)
    if (parsed.kind !== 'registry') throw new Fault('internal', 'A folder or file was looked for in a registry.')
    return { named: parsed, source: () => source(parsed), sink: () => sink(parsed), tags: () => tags(parsed) }
  }
  const cache = layerCache(join(homeFolder(environment), 'layers'), () => world.now().getTime())
  return {
    async source(reference) {
      const local = parseLocalReference(reference)
      if (local === undefined) return (await inRegistry(reference)).source()
      const tag = local.tag === undefined ? {} : { tag: local.tag }
      if (local.kind === 'layout') return layoutSource({ folder: resolve(workingFolder, local.folder), ...tag, reference })
      return archiveSource(
        { ...local, file: local.file === '-' ? '-' : resolve(workingFolder, local.file) },
        { scratch: tmpdir(), stdin: process.stdin },
      )
    },
    async sink(reference) {
      const local = parseLocalReference(reference)
      if (local === undefined) return (await inRegistry(reference)).sink()
      const tag = local.tag === undefined ? {} : { tag: local.tag }
      if (local.kind === 'layout') return layoutSink({ folder: resolve(workingFolder, local.folder), ...tag, reference })
      if (local.file === '-') throw new Fault('usage', 'An image is not written to standard output: that is where results go.')
      return archiveSink({ ...local, file: resolve(workingFolder, local.file) }, { scratch: tmpdir(), stdout: async () => {} })
    },
    inRegistry: async reference => (parseLocalReference(reference) === undefined ? inRegistry(reference) : undefined),
    isLocal(reference) {
      const local = parseLocalReference(reference)
      return local?.kind === 'layout' || (local?.kind === 'archive' && local.file !== '-')
    },
    open: (source, platform, prove, without = 0) =>
      openImage(source, {
        platform,
        without,
        prove,
        keep: KEEP,
        extractors: LANGUAGE_EXTRACTORS,
        cache,
        progress: ({ bytes, ofBytes }) => world.progress({ doing: 'Reading layers', done: bytes, total: ofBytes, unit: 'bytes' }),
      }),
    async close() {
      growYoungGeneration(2)
      await (await opened)?.close()
    },
  }
}
