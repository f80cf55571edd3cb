/** Which platforms an image is there for, and the manifest of one of them. */
import { Fault } from '../model/faults.ts'
import type { Descriptor, ImageSource, Platform, RawDocument } from '../model/image.ts'
import { printable } from '../text/printable.ts'
import { memberOf, readDocument, readManifestOrIndex } from './manifest.ts'
import { isImageConfig, isIndexType, isManifestType } from './media-types.ts'

export interface PlatformManifest {
  readonly platform: Platform
  readonly manifest: Descriptor
}

const DEEPEST_INDEX = 3

/**
 * Every image under the source's reference, in the order of its index; attestations and other things that no container can be made
 * of are left out. Faults: `image-invalid` and the source's.
 */
export async function platformsOf(source: ImageSource): Promise<readonly PlatformManifest[]> {
  const found: PlatformManifest[] = []
  const seen = new Set<string>()
  await collect(await source.root(), undefined, 0)
  return found

  async function collect(document: RawDocument, platform: Platform | undefined, depth: number): Promise<void> {
    if (depth > DEEPEST_INDEX) throw new Fault('image-invalid', 'Indexes are nested too deeply.')
    if (seen.has(document.descriptor.digest)) return
    seen.add(document.descriptor.digest)
    const read = readManifestOrIndex(document)
    if (read.kind === 'manifest') {
      // Charts, SBOMs and signatures that an index lists; their configs may be anything.
      if (depth > 0 && (read.artifactType !== undefined || !isImageConfig(read.config))) return
      if (read.subject !== undefined && platform === undefined && depth > 0) return
      const { os, architecture, variant } = platform ?? (await platformOfConfig(source, read.config))
      if (os === 'unknown' || architecture === 'unknown') return
      found.push({ platform: { os, architecture, ...(variant === undefined ? {} : { variant }) }, manifest: document.descriptor })
      return
    }
    for (const descriptor of read.manifests) {
      if (isAttestation(descriptor)) continue
      if (isManifestType(descriptor.mediaType) && descriptor.platform !== undefined) {
        if (seen.has(descriptor.digest)) continue
        seen.add(descriptor.digest)
        found.push({ platform: descriptor.platform, manifest: descriptor })
      } else if (isManifestType(descriptor.mediaType) || isIndexType(descriptor.mediaType)) {
        await collect(await source.document(descriptor), descriptor.platform, depth + 1)
      }
    }
  }
}

/** Faults: `image-platform-missing` where there is none, or more than one and none was asked for. */
export function choosePlatform(all: readonly PlatformManifest[], wanted: Platform | undefined, reference: string): PlatformManifest {
  const fitting = wanted === undefined ? all : all.filter(({ platform }) => fits(platform, wanted))
  const [first] = fitting
  const names = all.map(({ platform }) => platformName(platform)).join(', ')
  if (first === undefined) {
    const what = wanted === undefined ? 'no platform' : platformName(wanted)
    throw new Fault('image-platform-missing', `${printable(reference)} is not there for ${what}; it is for ${names || 'none'}.`)
  }
  if (wanted === undefined && fitting.length > 1) {
    throw new Fault('image-platform-missing', `${printable(reference)} is there for ${names}, and none was asked for.`)
  }
  return first
}

/** As it is written: `linux/arm/v7`. */
export function platformName({ os, architecture, variant }: Platform): string {
  return printable([os, architecture, ...(variant === undefined ? [] : [variant])].join('/'))
}

/** The 64-bit ARM has one variant that is usually left out. */
function fits(platform: Platform, wanted: Platform): boolean {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return false
  const variant = (of: Platform) => of.variant ?? (of.architecture === 'arm64' ? 'v8' : undefined)
  return wanted.variant === undefined || variant(platform) === variant(wanted)
}

function isAttestation({ platform, annotations }: Descriptor): boolean {
  return platform?.os === 'unknown' || platform?.architecture === 'unknown' || annotations?.['vnd.docker.reference.type'] !== undefined
}

async function platformOfConfig(source: ImageSource, config: Descriptor): Promise<Platform> {
  const { root } = readDocument(await source.document(config))
  const text = (key: string) => {
    const node = memberOf(root, key)
    return node?.kind === 'string' && node.value !== '' ? node.value : undefined
  }
  const variant = text('variant')
  return { os: text('os') ?? 'unknown', architecture: text('architecture') ?? 'unknown', ...(variant === undefined ? {} : { variant }) }
}
