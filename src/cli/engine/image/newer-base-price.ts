/** What taking a newer base would leave, move and bring, and which of several is better than the layer. Pure. */
import type { Finding } from '../../../model/finding.ts'
import type { OpenImage } from '../../../model/image.ts'
import type { BasePrices, NewerBase, PlanRequest } from '../../engine.ts'
import { weightIn } from '../planned-findings.ts'
import type { PlatformSession } from './platform-session.ts'

/** What the image has beside its base stays; what came with the base is as in the newer one. */
export function priceOf(
  request: PlanRequest,
  session: PlatformSession,
  present: PlatformSession,
  newer: PlatformSession,
  reference: string,
): Omit<NewerBase, 'digest'> {
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
    left,
    riskLeft: left.reduce((sum, finding) => sum + weightIn(session.policy, finding), 0),
    packages: {
      changed: [...after].filter(([location, version]) => before.has(location) && before.get(location) !== version).length,
      added: [...after.keys()].filter(location => !before.has(location)).length,
      removed: [...before.keys()].filter(location => !after.has(location)).length,
    },
    layers: fresh.length,
    bytes: fresh.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
    settings: settingsThatDiffer(present.image, newer.image),
    ...(isOtherRelease(present, newer) ? { release: newer.inventory.release.name } : {}),
  }
}

/** Everything in another release of the distribution is another line of versions, whatever the tag says. */
function isOtherRelease({ inventory: { release: one } }: PlatformSession, { inventory: { release: other } }: PlatformSession): boolean {
  return one.id !== other.id || one.version !== other.version || one.codename !== other.codename
}

/** Least risk first, then fewest packages. Another release of the distribution is shown, and never said to be better. */
export function betterOf(layer: BasePrices['layer'], newer: readonly NewerBase[]): string {
  let best = { name: 'layer', risk: layer.riskLeft, packages: layer.packages }
  for (const { reference, riskLeft, packages, release } of newer) {
    if (release !== undefined) continue
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
