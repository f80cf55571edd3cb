/**
 * Whether the image that is named, or the base that it says it was built on, is there newer, under its own tag or a later tag of the same
 * line, and what taking that would cost beside the layer: findings left, packages that move, bytes to pull, settings that differ.
 */

import { readManifestOrIndex } from '../../../images/manifest.ts'
import { newerTags } from '../../../images/newer-tags.ts'
import { printReference, type RegistryReference } from '../../../images/reference.ts'
import { Fault } from '../../../model/faults.ts'
import type { Finding } from '../../../model/finding.ts'
import type { OpenImage } from '../../../model/image.ts'
import type { BasePrices, EngineWorld, NewerBase, PlanRequest } from '../../engine.ts'
import { weightIn } from '../planned-findings.ts'
import { finishedLayer } from './derive.ts'
import type { PlatformSession } from './platform-session.ts'
import type { Settled } from './settle.ts'
import { type ImageTarget, openTarget } from './target.ts'
import type { OfImage } from './verbs.ts'

/** Each is opened whole, so there are few. */
const MOST_OPENED = 2

const BASE_NAME = 'org.opencontainers.image.base.name'
const BASE_DIGEST = 'org.opencontainers.image.base.digest'

/** Undefined where there is nothing newer, nothing to fix, or no registry that could say so. */
export async function basePrices(
  world: EngineWorld,
  request: OfImage<PlanRequest>,
  target: ImageTarget,
  session: PlatformSession,
  { draft, patch }: Settled,
): Promise<BasePrices | undefined> {
  if (request.offline || draft.plan.riskBefore === 0) return undefined
  const found = await baseOf(target, session, request.image.reference)
  if (found === undefined) return undefined
  const { base, isItself } = found
  const there = await target.places.inRegistry(printReference(base))
  if (there === undefined) return undefined
  const { digest, ...floating } = base
  const offers = newerTags(base.tag ?? 'latest', await there.tags()).map(tag => ({ ...floating, tag }))
  // A tag beside a digest may have moved on.
  const candidates = digest === undefined || base.tag === undefined ? offers : [floating, ...offers]
  const old = isItself ? undefined : await openBase(world, request, session, printReference(withoutTag(base)))
  const present = old?.session ?? session
  try {
    const newer: NewerBase[] = []
    for (const candidate of candidates.slice(0, MOST_OPENED)) {
      world.progress({ doing: `Looking at ${printReference(candidate)}` })
      const opened = await openBase(world, request, session, printReference(candidate))
      if (opened === undefined) continue
      try {
        const root = (await opened.target.source.root()).descriptor.digest
        if (root === digest || root === (await target.source.root()).descriptor.digest) continue
        newer.push(compared(request, session, present, opened.session, printReference({ ...candidate, digest: root })))
      } finally {
        await opened.target.close()
      }
    }
    if (newer.length === 0) return undefined
    const layer = {
      findingsLeft: draft.plan.findings.filter(({ outcome }) => outcome !== 'fixed' && outcome !== 'ignored').length,
      riskLeft: draft.plan.objective.riskLeft,
      packages: draft.plan.changes.length,
      bytes: patch === undefined || patch.layer.entries.length === 0 ? 0 : finishedLayer(patch.layer).bytes.length,
    }
    return { of: printReference(base), layer, newer, better: betterOf(layer, newer) }
  } finally {
    await old?.target.close()
  }
}

/** The base that the image names with tag and digest, else the image itself where it is in a registry. */
async function baseOf({ places }: ImageTarget, { image }: PlatformSession, reference: string) {
  const read = readManifestOrIndex(image.manifest)
  const { [BASE_NAME]: name, [BASE_DIGEST]: digest } = read.kind === 'manifest' ? read.annotations : {}
  if (name !== undefined && digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) {
    const there = await places.inRegistry(name.includes('@') ? name : `${name}@${digest}`).catch(() => undefined)
    if (there !== undefined) return { base: there.named, isItself: false }
  }
  const there = await places.inRegistry(reference)
  return there === undefined ? undefined : { base: there.named, isItself: true }
}

function withoutTag({ tag: _, ...rest }: RegistryReference): RegistryReference {
  return rest
}

/** Undefined where it is not there for this platform, or cannot be read: then it is no offer. */
async function openBase(world: EngineWorld, request: OfImage<PlanRequest>, { inventory }: PlatformSession, reference: string) {
  const { platform } = inventory.target
  const platforms = platform === undefined ? [] : [platform]
  try {
    const target = await openTarget(world, { ...request, image: { ...request.image, reference, platforms, update: [] } }, 'streams')
    const [session] = target.platforms
    return session === undefined ? undefined : { target, session }
  } catch (fault) {
    if (fault instanceof Fault && fault.code !== 'internal') return undefined
    throw fault
  }
}

/** What the image has beside its base stays; what came with the base is as in the newer one. */
function compared(
  request: PlanRequest,
  session: PlatformSession,
  present: PlatformSession,
  newer: PlatformSession,
  reference: string,
): NewerBase {
  const counts = (finding: Finding) => finding.ignored === undefined && session.isSelected(finding, request.only)
  const inBase = new Set(present.inventory.components.map(({ location }) => location))
  const own = session.findings(session.inventory).filter(({ locations }) => !locations.every(location => inBase.has(location)))
  const left = [...own, ...newer.findings(newer.inventory)].filter(counts)
  const before = new Map(present.inventory.components.map(({ location, version }) => [location, version]))
  const after = new Map(newer.inventory.components.map(({ location, version }) => [location, version]))
  const held = new Set(present.image.layers.map(({ diffId }) => diffId))
  const fresh = newer.image.layers.filter(({ diffId }) => !held.has(diffId))
  return {
    reference,
    findingsLeft: left.length,
    riskLeft: left.reduce((sum, finding) => sum + weightIn(session.policy, finding), 0),
    packages: {
      changed: [...after].filter(([location, version]) => before.has(location) && before.get(location) !== version).length,
      added: [...after.keys()].filter(location => !before.has(location)).length,
      removed: [...before.keys()].filter(location => !after.has(location)).length,
    },
    layers: fresh.length,
    bytes: fresh.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
    settings: settingsThatDiffer(present.image, newer.image),
  }
}

/** Least risk first, then fewest packages. */
function betterOf(layer: BasePrices['layer'], newer: readonly NewerBase[]): string {
  let best = { name: 'layer', risk: layer.riskLeft, packages: layer.packages }
  for (const { reference, riskLeft, packages } of newer) {
    const moved = packages.changed + packages.added + packages.removed
    if (riskLeft < best.risk || (riskLeft === best.risk && moved < best.packages))
      best = { name: reference, risk: riskLeft, packages: moved }
  }
  return best.name
}

/** What a container notices besides its files. */
function settingsThatDiffer(one: OpenImage, other: OpenImage): readonly string[] {
  const [before, after] = [settingsOf(one), settingsOf(other)]
  return [...new Set([...before.keys(), ...after.keys()])].filter(name => before.get(name) !== after.get(name)).sort()
}

const SETTINGS = ['User', 'WorkingDir', 'Entrypoint', 'Cmd', 'StopSignal', 'ExposedPorts', 'Volumes', 'Shell', 'Healthcheck']
const VERSION_LIKE = /version|_ver$|sha256|digest|revision/i

/** Variables that only tell a version differ always, and nobody depends on them. */
function settingsOf({ config }: OpenImage): ReadonlyMap<string, string> {
  const root: { config?: Readonly<Record<string, unknown>> | null } = JSON.parse(Buffer.from(config.bytes).toString('utf8'))
  const found = new Map<string, string>()
  for (const name of SETTINGS) {
    const value = Object.hasOwn(root.config ?? {}, name) ? root.config?.[name] : undefined
    if (value !== undefined && value !== null && value !== '') found.set(name, JSON.stringify(value))
  }
  const variables = root.config?.['Env']
  for (const item of Array.isArray(variables) ? variables.slice(0, 10_000) : []) {
    const [name = '', ...value] = String(item).split('=')
    if (!VERSION_LIKE.test(name)) found.set(`Env ${name}`, value.join('='))
  }
  return found
}
