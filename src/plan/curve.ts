/**
 * The price list's curve: for every number of new versions the least risk that can be left. It starts at the least risk of all and
 * allows ever fewer new versions; a core found under one bound stays a core under a stricter one, so a single core-guided run yields
 * the whole Pareto front.
 */
import type { CurvePoint } from '../model/plan.ts'
import { CoreGuided } from './core-guided.ts'
import type { Encoded } from './encode.ts'
import { newSofts, riskSofts } from './optimise.ts'
import { Totalizer } from './totalizer.ts'
import type { World } from '../model/world.ts'

export function curve(world: World, encoded: Encoded): readonly CurvePoint[] {
  const { sat } = encoded
  const risk = new CoreGuided(sat, riskSofts(world, encoded))
  if (!risk.minimise()) return []
  const news = newSofts(world, encoded)
  const fewest = new CoreGuided(sat, news)
  if (!fewest.minimise(risk.remaining())) return []
  const counter = Totalizer.ofGroups(sat, newByPackage(world, encoded), PER_PACKAGE)
  const points: CurvePoint[] = []
  let used = fewest.bound
  for (;;) {
    const point = { newVersions: used, riskLeft: risk.bound, findingsLeft: openFindings(world, encoded) }
    points.push(point)
    if (used === 0 || !risk.minimise([-counter.atLeast(used)])) break
    used = fewestAt(news, encoded)
  }
  return front(points.reverse())
}

/** A plan seldom takes more than two new versions of one package; counting no further keeps the counter small. */
const PER_PACKAGE = 3

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

function openFindings(world: World, encoded: Encoded): number {
  return world.risks.filter((risk, id) => risk.weight > 0 && (encoded.risks[id] ?? 0) !== 0 && encoded.sat.isTrue(encoded.risks[id] ?? 0)).length
}

/** New versions in the engine's present model. */
function fewestAt(news: readonly (readonly [number, number])[], { sat }: Encoded): number {
  return news.filter(([literal]) => sat.isTrue(literal)).length
}

/** Drops points that another reaches with fewer new versions. Points ascend by new versions. */
function front(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const kept: CurvePoint[] = []
  for (const point of points) if (kept.length === 0 || point.riskLeft < (kept.at(-1)?.riskLeft ?? 0)) kept.push(point)
  return kept
}

/** The point farthest below the chord between the ends: from there on, each new version buys less. */
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
