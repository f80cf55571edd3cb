/**
 * The price list's curve: for numbers of new versions, the least risk that can be left.
 *
 * First the points on the front's convex hull, each the optimum of one weighted sum (Aneja & Nair, 1979). Then the points between
 * them: start at the least risk of all and allow ever fewer new versions; a core found under one bound stays a core under a stricter
 * one, so a single core-guided run follows the front. That run has a limited effort, counted in solver steps: on the largest worlds
 * the front below is its hull only, and `complete` says so. Every point given is an optimum either way.
 */
import type { CurvePoint } from '../model/plan.ts'
import type { World } from '../model/world.ts'
import { CoreGuided, type Effort, type Soft } from './core-guided.ts'
import type { Encoded } from './encode.ts'
import { newSofts, riskSofts } from './optimise.ts'
import { Totalizer } from './totalizer.ts'

export interface Curve {
  /** Ascending by new versions, strictly descending by risk. */
  readonly points: readonly CurvePoint[]
  /** The number of new versions from which on every point of the front is there. */
  readonly completeFrom: number
}

const EFFORT = { calls: 1500, conflicts: 1000 }

export function curve(world: World, encoded: Encoded, effort: Effort = { ...EFFORT }): Curve {
  const { sat } = encoded
  const risks = riskSofts(world, encoded)
  const news = newSofts(world, encoded)
  const read = (): CurvePoint => ({
    newVersions: news.filter(([literal]) => sat.isTrue(literal)).length,
    riskLeft: risks.reduce((sum, [literal, weight]) => sum + (sat.isTrue(literal) ? weight : 0), 0),
    findingsLeft: world.risks.filter((risk, id) => risk.weight > 0 && (encoded.risks[id] ?? 0) !== 0 && sat.isTrue(encoded.risks[id] ?? 0))
      .length,
  })
  const lowest = new CoreGuided(sat, risks)
  if (!lowest.minimise()) return { points: [], completeFrom: 0 }
  const right = fewestAt(sat, news, lowest.remaining(), read)
  const untouched = new CoreGuided(sat, risks)
  if (right.newVersions === 0 || !untouched.minimise(news.map(([literal]) => -literal))) return { points: [right], completeFrom: 0 }
  const left = read()
  const hull = [left, ...between(left, right, (a, b) => supported(sat, risks, news, a, b, read)), right]
  const { points, completeFrom } = descend(world, encoded, lowest, right, read, effort)
  return { points: front([...hull, ...points]), completeFrom }
}

function fewestAt(sat: Encoded['sat'], news: readonly Soft[], given: readonly number[], read: () => CurvePoint): CurvePoint {
  const fewest = new CoreGuided(sat, news)
  fewest.minimise(given)
  return read()
}

/** Hull points strictly between two: the one farthest below their chord, and so on to either side. */
function between(a: CurvePoint, b: CurvePoint, best: (a: CurvePoint, b: CurvePoint) => CurvePoint | undefined): CurvePoint[] {
  if (b.newVersions - a.newVersions < 2) return []
  const middle = best(a, b)
  return middle === undefined ? [] : [...between(a, middle, best), middle, ...between(middle, b, best)]
}

function supported(
  sat: Encoded['sat'],
  risks: readonly Soft[],
  news: readonly Soft[],
  a: CurvePoint,
  b: CurvePoint,
  read: () => CurvePoint,
): CurvePoint | undefined {
  const drop = a.riskLeft - b.riskLeft
  const span = b.newVersions - a.newVersions
  const weighted = new CoreGuided(sat, [
    ...risks.map(([literal, weight]): Soft => [literal, weight * span]),
    ...news.map(([literal, weight]): Soft => [literal, weight * drop]),
  ])
  if (!weighted.minimise()) return undefined
  const found = read()
  return found.riskLeft * span + found.newVersions * drop < a.riskLeft * span + a.newVersions * drop ? found : undefined
}

/** A plan seldom takes more than two new versions of one package; counting no further keeps the counter small. */
const PER_PACKAGE = 3

function descend(world: World, encoded: Encoded, risk: CoreGuided, from: CurvePoint, read: () => CurvePoint, effort: Effort) {
  const counter = Totalizer.ofGroups(encoded.sat, newByPackage(world, encoded), PER_PACKAGE)
  const points: CurvePoint[] = []
  let used = from.newVersions
  while (used > 0) {
    if (used > counter.size || risk.attempt([-counter.atLeast(used)], effort) !== true) break
    const point = read()
    // A group beyond its cap was counted too low: the bound did not bind, and nothing below is known.
    if (point.newVersions >= used) break
    points.push(point)
    used = point.newVersions
  }
  return { points, completeFrom: used }
}

function newByPackage(world: World, encoded: Encoded): number[][] {
  const groups = new Map<string, number[]>()
  world.units.forEach((unit, id) => {
    const literal = encoded.unit[id] ?? 0
    if (literal === 0 || unit.locked || encoded.sat.isRefuted(literal)) return
    const group = groups.get(unit.package)
    if (group === undefined) groups.set(unit.package, [literal])
    else group.push(literal)
  })
  return [...groups.values()]
}

function front(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const kept: CurvePoint[] = []
  const ascending = points.toSorted((a, b) => a.newVersions - b.newVersions || a.riskLeft - b.riskLeft)
  for (const point of ascending) if (kept.length === 0 || point.riskLeft < (kept.at(-1)?.riskLeft ?? 0)) kept.push(point)
  return kept
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
