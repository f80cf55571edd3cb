/**
 * Whether the image that is named, or the base that it says it was built on, is there newer, under its own tag or a later tag of the same
 * line, and what taking that would cost beside the layer: findings left, packages that move, bytes to pull, settings that differ.
 */
import { readManifestOrIndex } from '../../../images/manifest.ts'
import { newerTags } from '../../../images/newer-tags.ts'
import { choosePlatform, platformsOf } from '../../../images/platforms.ts'
import { printReference, type RegistryReference } from '../../../images/reference.ts'
import { Fault } from '../../../model/faults.ts'
import type { OpenImage } from '../../../model/image.ts'
import type { BasePrices, EngineWorld, ImageRequest, NewerBase, PlanRequest } from '../../engine.ts'
import { finishedLayer } from './derive.ts'
import { betterOf, priceOf } from './newer-base-price.ts'
import type { PlatformSession } from './platform-session.ts'
import type { Settled } from './settle.ts'
import { type ImageTarget, openTarget } from './target.ts'
import type { OfImage } from './verbs.ts'

/** Each is opened whole, so there are few. */
const MOST_OPENED = 3

const BASE_NAME = 'org.opencontainers.image.base.name'
const BASE_DIGEST = 'org.opencontainers.image.base.digest'

/** Undefined where there is nothing newer, nothing to fix, or no registry that could say so. The plan stands whatever a registry answers. */
export async function basePrices(
  world: EngineWorld,
  request: OfImage<PlanRequest>,
  target: ImageTarget,
  session: PlatformSession,
  { draft, patch }: Settled,
): Promise<BasePrices | undefined> {
  if (request.offline || request.image.noNewerBase === true || draft.plan.riskBefore === 0) return undefined
  const found = await baseOf(target, session, request.image)
  if (found === undefined) return undefined
  const { base, isItself } = found
  const layer = {
    findingsLeft: draft.plan.findings.filter(({ outcome }) => outcome !== 'fixed' && outcome !== 'ignored').length,
    riskLeft: draft.plan.objective.riskLeft,
    packages: draft.plan.changes.length,
    bytes: patch === undefined || patch.layer.entries.length === 0 ? 0 : (await finishedLayer(patch.layer)).bytes.length,
  }
  const told = (newer: readonly NewerBase[], notes: readonly string[]) =>
    newer.length + notes.length === 0 ? undefined : { of: printReference(base), layer, newer, better: betterOf(layer, newer), notes }
  const candidates = await candidatesFor(base, target)
  if (candidates instanceof Fault) return told([], [`Whether ${printReference(base)} is there newer is not known. ${candidates.message}`])
  if (candidates.length === 0) return undefined
  const old = isItself ? undefined : await openBase(world, request, session, printReference(withoutTag(base)))
  if (old instanceof Fault) return told([], [`The base that the image names is not compared. ${old.message}`])
  const present = old?.session ?? session
  const newer: NewerBase[] = []
  const notes: string[] = []
  try {
    if (!isBelow(present.image, session.image))
      return told([], [`The image names ${printReference(base)} as its base, but is not built on it, so newer ones are not compared.`])
    for (const candidate of candidates) {
      const reference = printReference(candidate)
      world.progress({ doing: `Looking at ${reference}` })
      const opened = await openBase(world, request, session, reference)
      if (opened instanceof Fault) {
        notes.push(`${reference} is newer, but not compared. ${opened.message}`)
        continue
      }
      try {
        const root = (await opened.target.source.root()).descriptor.digest
        const known = [base.digest, (await target.source.root()).descriptor.digest, ...newer.map(({ digest }) => digest)]
        if (known.includes(root)) continue
        const lacking = await lackingPlatform(opened.target, target, reference)
        if (lacking === undefined)
          newer.push({
            ...priceOf(request, session, present, opened.session, printReference({ ...candidate, digest: root })),
            digest: root,
          })
        else notes.push(`${reference} is newer, but no replacement. ${lacking}`)
      } finally {
        await opened.target.close()
      }
    }
    return told(newer, notes)
  } finally {
    await old?.target.close()
  }
}

/** The base that the image names with tag and digest, else the image itself where it is in a registry. */
async function baseOf({ places }: ImageTarget, { image }: PlatformSession, { reference, isReplaceable = false }: ImageRequest) {
  const read = readManifestOrIndex(image.manifest)
  const { [BASE_NAME]: name, [BASE_DIGEST]: digest } = read.kind === 'manifest' ? read.annotations : {}
  if (!isReplaceable && name !== undefined && digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) {
    const there = await places.inRegistry(name.includes('@') ? name : `${name}@${digest}`).catch(() => undefined)
    if (there !== undefined) return { base: there.named, isItself: false }
  }
  const there = await places.inRegistry(reference)
  return there === undefined ? undefined : { base: there.named, isItself: true }
}

/** The tag that stands beside a digest may have moved on; then later tags of its line. */
async function candidatesFor(base: RegistryReference, { places }: ImageTarget): Promise<readonly RegistryReference[] | Fault> {
  const { digest, ...floating } = base
  try {
    const tags = (await (await places.inRegistry(printReference(base)))?.tags()) ?? []
    const later = newerTags(base.tag ?? 'latest', tags).map(tag => ({ ...floating, tag }))
    return [...(digest === undefined || base.tag === undefined ? [] : [floating]), ...later].slice(0, MOST_OPENED)
  } catch (fault) {
    return expected(fault)
  }
}

function withoutTag({ tag: _, ...rest }: RegistryReference): RegistryReference {
  return rest
}

/** What an image says of itself has to hold: the base's layers are its lowest. */
function isBelow(base: OpenImage, image: OpenImage): boolean {
  return base.layers.length <= image.layers.length && base.layers.every(({ diffId }, at) => image.layers[at]?.diffId === diffId)
}

/** What is not there for every platform that the present image is looked at for is no replacement: says which. */
async function lackingPlatform(newer: ImageTarget, { platforms, source }: ImageTarget, reference: string): Promise<string | undefined> {
  const there = await platformsOf(newer.source)
  const here = await platformsOf(source)
  const names = new Set(platforms.map(({ image }) => image.manifest.descriptor.digest))
  for (const { platform, manifest } of here) {
    if (platforms.length < 2 || !names.has(manifest.digest)) continue
    try {
      choosePlatform(there, platform, reference)
    } catch (fault) {
      return expected(fault).message
    }
  }
  return undefined
}

/** A fault where it is not there for this platform, or cannot be read: then it is no offer. */
async function openBase(world: EngineWorld, request: OfImage<PlanRequest>, { inventory }: PlatformSession, reference: string) {
  const { platform } = inventory.target
  const platforms = platform === undefined ? [] : [platform]
  try {
    const target = await openTarget(world, { ...request, image: { ...request.image, reference, platforms, update: [] } }, 'streams')
    const [session] = target.platforms
    return session === undefined ? new Fault('image-platform-missing', `${reference} is there for no platform.`) : { target, session }
  } catch (fault) {
    return expected(fault)
  }
}

function expected(fault: unknown): Fault {
  if (fault instanceof Fault && fault.code !== 'internal') return fault
  throw fault
}
