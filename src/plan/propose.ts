/** One question to the planner, answered in full: the best plan that has a place, the curve, and the price of every finding. */
import { Fault } from '../model/faults.ts'
import type { Budget, CurvePoint } from '../model/plan.ts'
import type { BuiltWorld, ChosenVersions, PlanningSource, Realisation } from '../model/world.ts'
import { type ChooseOptions, type Chosen, choose, Worlds } from './choose.ts'
import { curve, knee } from './curve.ts'
import { encode } from './encode.ts'
import type { Bounds } from './optimise.ts'
import { type AlonePrice, prices } from './prices.ts'
import { openSat } from './sat.ts'

export interface ProposeOptions {
  readonly budget: Budget
  readonly manifest: boolean
  /** Work out the curve and every price; otherwise only what the budget and the findings that stay open need. */
  readonly priceList: boolean
  readonly progress?: (round: number, packages: number) => void
}

export interface Proposal<Built extends BuiltWorld, Result extends Realisation> {
  readonly chosen: Chosen<Built>
  readonly bounds: Bounds
  readonly realised: Result
  readonly curve: readonly CurvePoint[]
  readonly knee: number
  /** Finding id → what removing it alone takes, from the lock only. */
  readonly prices: ReadonlyMap<string, AlonePrice | undefined>
  /** Findings that the plan with the least risk leaves, where that plan was worked out: removing one alone brings at least as much as it takes. */
  readonly leftByAll: ReadonlySet<string>
  /** The same where manifest edits are allowed, for findings that the lock alone leaves without a price. */
  readonly manifestPrices: ReadonlyMap<string, AlonePrice | undefined>
  readonly notes: readonly string[]
}

const MAX_PLACINGS = 24

export async function propose<Built extends BuiltWorld, Result extends Realisation>(
  source: PlanningSource<Built, Result>,
  options: ProposeOptions,
): Promise<Proposal<Built, Result>> {
  const worlds = new Worlds(source)
  await worlds.read(source.start())
  const notes: string[] = []
  const suspected = new Map<string, number>()
  const shared = options.progress === undefined ? {} : { progress: options.progress }
  for (let placing = 0; placing < MAX_PLACINGS; placing++) {
    const counted = options.budget === 'knee' || typeof options.budget === 'number'
    const needsAll = options.priceList || counted || (options.budget === 'all' && !options.manifest)
    const everything = needsAll ? await choose(worlds, { ...shared, bounds: {}, manifest: false }) : undefined
    const priced = everything === undefined || !(options.priceList || counted) ? NO_CURVE : await curveOf(everything)
    const { bounds } = boundsOf(options.budget, priced.points)
    const same = everything !== undefined && options.budget === 'all' && !options.manifest
    const chosen = same ? everything : await within(worlds, { ...shared, bounds, manifest: options.manifest }, priced.points, notes)
    const realised = source.realise(chosenVersions(source, chosen))
    if (realised.suspects.length > 0) {
      ban(worlds.banned, realised.suspects, suspected, placing)
      continue
    }
    const open = openIn(chosen)
    const asked = options.priceList ? () => true : (finding: string) => open.has(finding)
    const lockPrices = same && !options.priceList ? new Map<string, AlonePrice | undefined>() : await pricesOf(everything ?? chosen, asked)
    const isUnpriced = (finding: string) => lockPrices.get(finding) === undefined
    const unpriced = [...lockPrices.keys()].some(isUnpriced)
    const manifestPrices =
      options.priceList && unpriced ? await manifestPriceList(worlds, shared, isUnpriced) : new Map<string, AlonePrice | undefined>()
    const leftByAll = everything === undefined ? new Set<string>() : openIn(everything)
    if (priced.gaps.length > 0) notes.push(gapNote(priced.gaps))
    return {
      chosen,
      bounds,
      realised,
      curve: priced.points,
      knee: knee(priced.points),
      prices: lockPrices,
      leftByAll,
      manifestPrices,
      notes,
    }
  }
  throw new Fault('planner-limit', `No plan whose versions all have a place was found in ${MAX_PLACINGS} attempts.`)
}

/** A bound between two corners of the curve can be hard; the corner below it is then the best plan that is proved to keep it. */
async function within<Built extends BuiltWorld>(
  worlds: Worlds<Built>,
  options: ChooseOptions,
  points: readonly CurvePoint[],
  notes: string[],
) {
  const most = options.bounds.newVersions
  try {
    return await choose(worlds, options)
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'planner-limit' || most === undefined) throw fault
    const corner = points.findLastIndex(point => point.newVersions <= most)
    notes.push(
      `The best plan with exactly ${most} new versions is beyond the planner’s limit; this is the best with ${points[corner]?.newVersions ?? 0}.`,
    )
    return choose(worlds, { ...options, bounds: cornerAt(points, corner) })
  }
}

/**
 * Does without the versions that found no place; a package that fails again keeps the versions it has. When little time is left all
 * new versions go, and what can be had without any remains.
 */
function ban(banned: Set<string>, suspects: readonly string[], suspected: Map<string, number>, placing: number) {
  for (const suspect of suspects) {
    banned.add(suspect)
    const name = suspect.slice(0, suspect.lastIndexOf('@'))
    const times = (suspected.get(name) ?? 0) + 1
    suspected.set(name, times)
    if (times > 2) banned.add(`${name}@*`)
  }
  if (placing >= MAX_PLACINGS - 2) banned.add('*')
}

const NO_CURVE = { points: [], gaps: [] } as const

function gapNote(gaps: readonly (readonly [number, number])[]): string {
  const first = gaps.slice(0, 3).map(([from, to]) => `${from} and ${to}`)
  const more = gaps.length > first.length ? ` and in ${gaps.length - first.length} more places` : ''
  return `Between ${first.join(', ')}${more} new versions the curve may lack points; each that it shows is an optimum.`
}

function openIn<Built extends BuiltWorld>({ built, solution }: Chosen<Built>): ReadonlySet<string> {
  return new Set(built.world.risks.filter(risk => risk.units.some(unit => solution.present.has(unit))).map(({ finding }) => finding))
}

async function curveOf<Built extends BuiltWorld>(everything: Chosen<Built>) {
  return readOnly(everything, encoded => curve(everything.built.world, encoded))
}

async function pricesOf<Built extends BuiltWorld>(of: Chosen<Built>, asked: (finding: string) => boolean) {
  return readOnly(of, encoded => prices(of.built.world, encoded, asked))
}

/** A question about plans that use only what was read. */
async function readOnly<Built extends BuiltWorld, Answer>(
  { built, reduced }: Chosen<Built>,
  ask: (encoded: ReturnType<typeof encode>) => Answer,
): Promise<Answer> {
  const sat = await openSat()
  try {
    const encoded = encode(built.world, reduced, sat, { manifest: false })
    built.world.units.forEach((unit, id) => {
      const literal = encoded.unit[id] ?? 0
      if (unit.unread !== undefined && literal !== 0) sat.addClause([-literal])
    })
    return ask(encoded)
  } finally {
    sat.dispose()
  }
}

async function manifestPriceList<Built extends BuiltWorld>(
  worlds: Worlds<Built>,
  shared: Pick<ChooseOptions, 'progress'>,
  asked: (finding: string) => boolean,
) {
  const { built, reduced } = await choose(worlds, { ...shared, bounds: {}, manifest: true, readingOnly: true })
  const sat = await openSat()
  const found = prices(built.world, encode(built.world, reduced, sat, { manifest: true, bindingPeersOnly: true }), asked)
  sat.dispose()
  return found
}

function boundsOf(budget: Budget, points: readonly CurvePoint[]): { readonly bounds: Bounds } {
  if (budget === 'all') return { bounds: {} }
  if (budget === 'default') return { bounds: { noBreakingLines: true } }
  if (budget === 'knee') return { bounds: cornerAt(points, knee(points)) }
  if (budget === 0) return { bounds: { newVersions: 0 } }
  const reachable = points.findLastIndex(point => point.newVersions <= budget)
  const point = points[reachable]
  if (point === undefined || point.newVersions === budget || reachable === points.length - 1)
    return { bounds: reachable === points.length - 1 ? {} : cornerAt(points, reachable) }
  return { bounds: { newVersions: budget } }
}

/** Weights that make one corner of the curve the only optimum: between what the step before it bought and what the step after it buys. */
function cornerAt(points: readonly CurvePoint[], at: number): Bounds {
  const here = points[at]
  if (here === undefined) return {}
  const before = points[at - 1]
  const after = points[at + 1]
  const gained =
    before === undefined ? Number.POSITIVE_INFINITY : (before.riskLeft - here.riskLeft) / (here.newVersions - before.newVersions)
  const offered = after === undefined ? 0 : (here.riskLeft - after.riskLeft) / (after.newVersions - here.newVersions)
  if (gained <= offered) return { newVersions: here.newVersions }
  const rate = gained === Number.POSITIVE_INFINITY ? offered * 2 + 1 : (gained + offered) / 2
  const scale = 1000
  return { exchange: { risk: scale, newVersions: Math.max(1, Math.round(rate * scale)) } }
}

export function chosenVersions<Built extends BuiltWorld>(
  source: Pick<PlanningSource<Built>, 'movable'>,
  { built, solution }: Chosen<Built>,
): ChosenVersions {
  const { units } = built.world
  const movable = source.movable(built)
  const versions = new Map<string, string[]>()
  units.forEach((unit, id) => {
    const list = versions.get(unit.package) ?? []
    versions.set(unit.package, list)
    if (!unit.standIn && (solution.present.has(id) || (unit.locked && !movable.has(unit.package)))) list.push(unit.version)
  })
  const takes = new Map<string, Map<string, string>>()
  for (const { consumer, package: name, unit } of solution.takes) {
    const owner = typeof consumer === 'number' ? units[consumer] : undefined
    if (typeof consumer === 'number' && (owner === undefined || !solution.present.has(consumer))) continue
    const key = owner === undefined ? String(consumer) : `${owner.package}@${owner.version}`
    const version = units[unit]?.version
    if (version !== undefined) takes.set(key, (takes.get(key) ?? new Map<string, string>()).set(name, version))
  }
  return { versions, takes, edits: solution.edits }
}
