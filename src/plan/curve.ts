/**
 * The price list's curve: for numbers of new versions, the least risk that can be left.
 *
 * First the corners of the front, each the optimum of one weighted sum (Aneja & Nair, 1979). Then what lies between two corners, in two
 * phases (Ulungu & Teghem, 1995). Points on the line between them are optima of the same weighted sum: with that sum held at its optimum
 * little is free, and whether a number of new versions is reached is a quick question. Points above the line but still worth having have
 * a sum that exceeds the optimum by less than the triangle below the two allows, so everything that costs more by itself is out. That last
 * search has a limited effort, counted in solver steps; where it ends early the front may lack points, and `gaps` says between which.
 * Every point given is an optimum either way.
 */
import type { CurvePoint } from '../model/plan.ts'
import type { World } from '../model/world.ts'
import { CoreGuided, type Effort, type SharedCores, type Soft } from './core-guided.ts'
import type { Encoded } from './encode.ts'
import { newSofts, riskSofts } from './optimise.ts'
import type { Sat } from './sat.ts'
import { Totalizer } from './totalizer.ts'

export interface Curve {
  /** Ascending by new versions, strictly descending by risk. */
  readonly points: readonly CurvePoint[]
  /** Pairs of neighbours, by new versions, between which the front may have more points. */
  readonly gaps: readonly (readonly [number, number])[]
}

/** For everything between the corners, and for one corner: real locks take up to 250 calls, and where 600 do not do, 3,000 did not. */
const EFFORT = { calls: 400, conflicts: 300 }
const CORNER = { calls: 600, conflicts: 20_000 }

export function curve(world: World, encoded: Encoded, effort: Effort = { ...EFFORT }): Curve {
  const { sat } = encoded
  const front = new Front(world, encoded, effort)
  const lowest = new CoreGuided(sat, front.risks, front.cores)
  if (!lowest.minimise()) return { points: [], gaps: [] }
  new CoreGuided(sat, front.news).minimise(lowest.remaining())
  const right = front.read()
  const untouched = new CoreGuided(sat, front.risks)
  if (right.newVersions === 0 || !untouched.minimise(front.news.map(([literal]) => -literal))) return { points: [right], gaps: [] }
  const left = front.read()
  return { points: [left, ...front.between(left, right), right], gaps: front.gaps }
}

class Front {
  readonly risks: readonly Soft[]
  readonly news: readonly Soft[]
  /** Minimisers of sums differ in their weights only. */
  readonly cores: SharedCores = []
  readonly gaps: [number, number][] = []
  readonly #world: World
  readonly #encoded: Encoded
  readonly #sat: Sat
  readonly #effort: Effort

  constructor(world: World, encoded: Encoded, effort: Effort) {
    this.#world = world
    this.#encoded = encoded
    this.#sat = encoded.sat
    this.#effort = effort
    this.risks = riskSofts(world, encoded)
    this.news = newSofts(world, encoded)
  }

  /** The point that the engine's model stands for. */
  read(): CurvePoint {
    const isOpen = (id: number) => (this.#encoded.risks[id] ?? 0) !== 0 && this.#sat.isTrue(this.#encoded.risks[id] ?? 0)
    return {
      newVersions: this.news.filter(([literal]) => this.#sat.isTrue(literal)).length,
      riskLeft: this.risks.reduce((sum, [literal, weight]) => sum + (this.#sat.isTrue(literal) ? weight : 0), 0),
      findingsLeft: this.#world.risks.filter((risk, id) => risk.weight > 0 && isOpen(id)).length,
    }
  }

  /** The front strictly between two of its points. */
  between(a: CurvePoint, b: CurvePoint): CurvePoint[] {
    if (b.newVersions - a.newVersions < 2) return []
    const rate = { risk: b.newVersions - a.newVersions, newVersions: a.riskLeft - b.riskLeft }
    const sum = new CoreGuided(this.#sat, [...scaled(this.risks, rate.risk), ...scaled(this.news, rate.newVersions)], this.cores)
    if (sum.attempt([], { ...CORNER }) !== true) {
      this.gaps.push([a.newVersions, b.newVersions])
      return []
    }
    const middle = this.read()
    if (sum.bound < rated(a, rate)) return [...this.between(a, middle), middle, ...this.between(middle, b)]
    return this.#along(a, b, rate, sum)
  }

  /** No point lies below the line between these two. */
  #along(a: CurvePoint, b: CurvePoint, rate: Rate, sum: CoreGuided): CurvePoint[] {
    const stops = [...this.#online(a, b, sum), b]
    const found: CurvePoint[] = []
    let from = a
    for (const to of stops) {
      found.push(...this.#above(from, to, rate, sum), to)
      from = to
    }
    return found.slice(0, -1)
  }

  /** Points on the line itself: which numbers of new versions are reached while the sum stays at its optimum? */
  #online(a: CurvePoint, b: CurvePoint, sum: CoreGuided): CurvePoint[] {
    const given = sum.within(0)
    const free = this.#free(given)
    if (free.length <= a.newVersions || free.length * b.newVersions > MOST_COUNTED) return []
    const count = Totalizer.of(this.#sat, free)
    const search = (least: number, most: number): CurvePoint[] => {
      if (least > Math.min(most, count.size) || this.#ask([...given, ...count.between(least, most)]) !== true) return []
      const point = this.read()
      return [...search(least, point.newVersions - 1), point, ...search(point.newVersions + 1, most)]
    }
    return search(a.newVersions + 1, b.newVersions - 1)
  }

  /** Points above the line, between two neighbours on it: for each number of new versions the least sum, as long as it can be worth having. */
  #above(a: CurvePoint, b: CurvePoint, rate: Rate, sum: CoreGuided): CurvePoint[] {
    const found: CurvePoint[] = []
    let best = a.riskLeft
    for (let exactly = a.newVersions + 1; exactly < b.newVersions; exactly++) {
      const worth = rated({ newVersions: exactly, riskLeft: best - 1 }, rate)
      if (worth < sum.bound) continue
      const given = sum.within(worth - sum.bound)
      const free = this.#free(given)
      if (free.length < exactly) continue
      const answer = this.#leastAt(exactly, worth, given, free, sum)
      if (answer === undefined) {
        this.gaps.push([found.at(-1)?.newVersions ?? a.newVersions, b.newVersions])
        break
      }
      if (!answer) continue
      const point = this.read()
      found.push(point)
      best = point.riskLeft
    }
    return found
  }

  /** Finds the least sum with exactly so many new versions; false where it exceeds what is worth having. */
  #leastAt(exactly: number, worth: number, given: readonly number[], free: readonly number[], sum: CoreGuided): boolean | undefined {
    if (free.length * exactly > MOST_COUNTED) return undefined
    const count = Totalizer.of(this.#sat, free)
    return sum.fork().attempt([...given, ...count.between(exactly, exactly)], this.#effort, worth)
  }

  /** The new versions that these assumptions do not forbid. */
  #free(given: readonly number[]): number[] {
    const taken = new Set(given)
    return this.news.flatMap(([literal]) => (taken.has(-literal) || this.#sat.isRefuted(literal) ? [] : [literal]))
  }

  #ask(assumptions: readonly number[]): boolean | undefined {
    return this.#effort.calls-- > 0 ? this.#sat.attempt(assumptions, this.#effort.conflicts) : undefined
  }
}

/** Bound on the size of a counter: what it counts × how far. */
const MOST_COUNTED = 10_000

interface Rate {
  readonly risk: number
  readonly newVersions: number
}

function rated(point: Omit<CurvePoint, 'findingsLeft'>, rate: Rate): number {
  return point.riskLeft * rate.risk + point.newVersions * rate.newVersions
}

function scaled(softs: readonly Soft[], factor: number): Soft[] {
  return softs.map(([literal, weight]): Soft => [literal, weight * factor])
}

/** Index of the point farthest below the chord between the ends: from there on, each new version buys less. */
export function knee(points: readonly CurvePoint[]): number {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined || first === last) return 0
  const span = last.newVersions - first.newVersions
  const drop = first.riskLeft - last.riskLeft
  let best = 0
  let farthest = 0
  points.forEach((point, at) => {
    const distance = (first.riskLeft - point.riskLeft) / drop - (point.newVersions - first.newVersions) / span
    if (distance > farthest) {
      farthest = distance
      best = at
    }
  })
  return best
}
