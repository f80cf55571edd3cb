/** The objective's levels, one after the other, on one encoded world. */
import { Fault } from '../model/faults.ts'
import type { World } from '../model/world.ts'
import { CoreGuided, type SharedCores, type Soft } from './core-guided.ts'
import { CoreHints, LiteralNames } from './core-hints.ts'
import type { Encoded } from './encode.ts'
import { Totalizer } from './totalizer.ts'

export interface Bounds {
  /** No breaking line may be gained. */
  readonly noBreakingLines?: boolean
  /** At most this many new name@versions. */
  readonly newVersions?: number
  /** Before all levels: the least of risk left × `risk` + new versions × `newVersions`. Names one corner of the curve. */
  readonly exchange?: { readonly risk: number; readonly newVersions: number }
}

export interface Level {
  readonly name: string
  readonly softs: readonly Soft[]
  readonly optimum: number
}

export interface Solution {
  /** Unit ids that are present. */
  readonly present: ReadonlySet<number>
  /** Keys of the manifest edits that are bought. */
  readonly edits: readonly string[]
  readonly levels: readonly Level[]
  /** What consumers take of a name, where peers make that matter. */
  readonly takes: readonly { readonly consumer: string | number; readonly package: string; readonly unit: number }[]
}

/** How many levels decide whether a plan profits from versions that are not told apart yet. */
export const UP_TO_UNREAD = 7

/** What a plan uses without its having been read. */
export function unreadIn(world: World, solution: Solution): readonly string[] {
  return world.units.flatMap((unit, id) => (unit.unread !== undefined && solution.present.has(id) ? [unit.unread] : [])).sort()
}

export function levelSofts(world: World, encoded: Encoded): readonly { readonly name: string; readonly softs: readonly Soft[] }[] {
  const perUnit = (weight: (unit: World['units'][number]) => number, negated = false): Soft[] =>
    world.units.flatMap((unit, id): Soft[] => {
      const presence = encoded.unit[id] ?? 0
      const own = weight(unit)
      return presence === 0 || own <= 0 ? [] : [[negated ? -presence : presence, own]]
    })
  const editSofts = [...encoded.edits].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    { name: 'risk left', softs: riskSofts(world, encoded) },
    { name: 'risk added aside', softs: riskSofts(world, encoded, risk => (risk.present ? 0 : risk.aside)) },
    { name: 'manifest edits', softs: editSofts.map(([, literal]): Soft => [literal, 1]) },
    { name: 'overrides', softs: editSofts.filter(([key]) => key.startsWith('override ')).map(([, literal]): Soft => [literal, 1]) },
    { name: 'breaking lines', softs: [...encoded.lines.values()].map((literal): Soft => [literal, 1]) },
    { name: 'new versions', softs: newSofts(world, encoded) },
    { name: 'unread', softs: perUnit(unit => (unit.unread === undefined ? 0 : 1)) },
    { name: 'entries that lose their version', softs: perUnit(unit => (unit.locked ? unit.entries : 0), true) },
    { name: 'version distance', softs: perUnit(unit => unit.distance) },
    { name: 'install scripts', softs: perUnit(unit => (unit.gainsScript ? 1 : 0)) },
  ]
}

export function riskSofts(world: World, encoded: Encoded, weight = (risk: World['risks'][number]) => risk.weight): Soft[] {
  return world.risks.flatMap((risk, id): Soft[] => {
    const literal = encoded.risks[id] ?? 0
    return literal === 0 || weight(risk) <= 0 ? [] : [[literal, weight(risk)]]
  })
}

export function newSofts(world: World, encoded: Encoded): Soft[] {
  return world.units.flatMap((unit, id): Soft[] => {
    const presence = encoded.unit[id] ?? 0
    return presence === 0 || unit.locked ? [] : [[presence, 1]]
  })
}

/**
 * The lexicographic optimum, level by level. Each level's optimum is hardened before the next, so the engine can serve no other
 * question afterwards.
 */
export class Optimisation {
  readonly #world: World
  readonly #encoded: Encoded
  readonly #bounds: Bounds
  readonly #softs: ReturnType<typeof levelSofts>
  readonly #levels: Level[] = []
  readonly #hints: CoreHints
  readonly #names: LiteralNames

  /** `hints` come from worlds that were asked about before, and get what is learned here. */
  constructor(world: World, encoded: Encoded, bounds: Bounds, hints = new CoreHints()) {
    this.#world = world
    this.#encoded = encoded
    this.#bounds = bounds
    this.#hints = hints
    this.#names = new LiteralNames(world, encoded)
    bind(world, encoded, bounds)
    this.#softs = levelSofts(world, encoded)
  }

  /** Goes on to so many levels; all of them and the names in order unless told otherwise. Undefined when the bounds cannot hold at all. */
  upTo(count = Number.POSITIVE_INFINITY): Solution | undefined {
    const { sat } = this.#encoded
    for (const { name, softs } of this.#softs.slice(this.#levels.length, count)) {
      const cores: SharedCores = []
      const minimiser = new CoreGuided(sat, softs, cores)
      minimiser.suggest(this.#hints.suggest(name, this.#names))
      // A bound on a count can make the first level hard; then the caller asks for a corner of the curve instead.
      const found = this.#bounds.newVersions === undefined ? minimiser.minimise() : minimiser.attempt([], { ...BOUNDED })
      if (found === undefined) {
        throw new Fault(
          'planner-limit',
          `The best plan with at most ${this.#bounds.newVersions} new versions was not found within the limit.`,
        )
      }
      if (!found) return undefined
      for (const literal of minimiser.remaining()) sat.addClause([literal])
      this.#hints.remember(
        name,
        cores.map(({ core }) => core),
        this.#names,
      )
      this.#levels.push({ name, softs, optimum: minimiser.bound })
    }
    if (count === Number.POSITIVE_INFINITY) settleByName(this.#world, this.#encoded)
    return { ...read(this.#world, this.#encoded), levels: [...this.#levels] }
  }
}

const BOUNDED = { calls: 3000, conflicts: 5000 }

/** Adds what the bounds demand, before any level. */
export function bind(world: World, encoded: Encoded, bounds: Bounds) {
  const { sat } = encoded
  if (bounds.noBreakingLines === true) for (const line of encoded.lines.values()) sat.addClause([-line])
  const news = newSofts(world, encoded)
  if (bounds.newVersions !== undefined && bounds.newVersions < news.length) {
    sat.addClause([
      -Totalizer.of(
        sat,
        news.map(([literal]) => literal),
      ).atLeast(bounds.newVersions + 1),
    ])
  }
  const { exchange } = bounds
  if (exchange === undefined) return
  const weighted = new CoreGuided(sat, [
    ...riskSofts(world, encoded).map(([literal, weight]): Soft => [literal, weight * exchange.risk]),
    ...news.map(([literal, weight]): Soft => [literal, weight * exchange.newVersions]),
  ])
  if (weighted.minimise()) for (const literal of weighted.remaining()) sat.addClause([literal])
}

/** The last level: of equal plans the one whose new versions come first by name, so that the answer never depends on the engine. */
function settleByName(world: World, encoded: Encoded) {
  const { sat } = encoded
  const candidates = world.units
    .map((unit, id) => ({ unit, literal: encoded.unit[id] ?? 0 }))
    .filter(({ unit, literal }) => literal !== 0 && !unit.locked && !sat.isRefuted(literal))
    .sort((a, b) => (a.unit.package === b.unit.package ? a.unit.distance - b.unit.distance : a.unit.package < b.unit.package ? 1 : -1))
  const model = () => new Set(sat.solve([]) ? candidates.filter(({ literal }) => sat.isTrue(literal)).map(({ literal }) => literal) : [])
  let chosen = model()
  for (const { literal } of candidates) {
    if (!chosen.has(literal)) continue
    const avoidable = sat.solve([-literal])
    sat.addClause([avoidable ? -literal : literal])
    if (avoidable) chosen = model()
  }
}

function read(world: World, encoded: Encoded): Omit<Solution, 'levels'> {
  const { sat } = encoded
  sat.solve([])
  const present = new Set<number>()
  world.units.forEach((_, id) => {
    const literal = encoded.unit[id] ?? 0
    if (literal !== 0 && sat.isTrue(literal)) present.add(id)
  })
  const edits = [...encoded.edits].filter(([, literal]) => sat.isTrue(literal)).map(([key]) => key)
  const takes = encoded.takes.flatMap(({ consumer, package: name, picks }) =>
    [...picks].filter(([, literal]) => sat.isTrue(literal)).map(([unit]) => ({ consumer, package: name, unit })),
  )
  return { present, edits: edits.sort(), takes }
}
