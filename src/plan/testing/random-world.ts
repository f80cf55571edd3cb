/** Small made-up worlds, and what trying every set of versions says about them. */
import fc from 'fast-check'
import type { Choice, Peer, Risk, Unit, World } from '../../model/world.ts'

interface Shape {
  /** Per package: how many of its versions are in the lock, and how many more exist. */
  readonly packages: readonly { readonly locked: number; readonly more: number }[]
  readonly seed: number
  readonly peers: boolean
  /** One version of each package, and some packages that exclude each other. */
  readonly onePerPackage: boolean
}

const shape = (peers: boolean, onePerPackage: boolean): fc.Arbitrary<Shape> =>
  fc.record({
    packages: fc.array(fc.record({ locked: fc.integer({ min: 0, max: onePerPackage ? 1 : 2 }), more: fc.integer({ min: 0, max: 3 }) }), {
      minLength: 2,
      maxLength: 5,
    }),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    peers: fc.constant(peers),
    onePerPackage: fc.constant(onePerPackage),
  })

/** Worlds of at most 12 versions whose lock keeps its own rules. */
export function smallWorlds({ peers = false, onePerPackage = false } = {}): fc.Arbitrary<World> {
  return shape(peers, onePerPackage)
    .filter(({ packages }) => packages.reduce((sum, each) => sum + each.locked + each.more, 0) <= 12)
    .map(makeWorld)
}

type Growing = Unit & { needs: number[]; now: number[]; peers: Peer[] }

function makeWorld({ packages, seed, peers, onePerPackage }: Shape): World {
  let state = seed
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % bound
  }
  const units: Growing[] = packages.flatMap(({ locked, more }, at) =>
    Array.from({ length: locked + more }, (_, step): Growing => {
      const isLocked = step < locked
      const line = below(3)
      return {
        package: `p${at}`,
        version: `${step + 1}.0.0`,
        locked: isLocked,
        entries: isLocked ? 1 + below(2) : 0,
        topmost: isLocked && step === 0,
        gainedLine: isLocked || line === 0 || locked === 0 ? undefined : `p${at} ${line}`,
        distance: isLocked ? 0 : 1 + below(4),
        gainsScript: !isLocked && below(6) === 0,
        needs: [],
        now: [],
        peers: [],
        standIn: false,
        unread: undefined,
      }
    }),
  )
  const choices: Choice[] = []
  const idsOf = (name: string): number[] => units.flatMap((unit, id) => (unit.package === name ? [id] : []))
  /** A range of one package; what is locked must be served by what is locked. */
  const range = (from: number, servedByLocked: boolean): number | undefined => {
    const others = packages.map((_, at) => at).filter(at => at !== from && (!servedByLocked || (packages[at]?.locked ?? 0) > 0))
    const at = others[below(Math.max(1, others.length))]
    if (at === undefined) return undefined
    const all = idsOf(`p${at}`)
    const anyOf = all.filter(() => below(3) > 0)
    const needed = all.filter(id => units[id]?.locked)
    if (servedByLocked && !anyOf.some(id => units[id]?.locked)) anyOf.push(needed[below(needed.length)] ?? 0)
    const range = `${new Set(anyOf).size} of ${all.length}`
    choices.push({ package: `p${at}`, range, anyOf: [...new Set(anyOf)].sort((a, b) => a - b) })
    return choices.length - 1
  }
  const servedBy = (choice: number): number => choices[choice]?.anyOf.find(id => units[id]?.locked) ?? -1
  units.forEach(unit => {
    const from = Number(unit.package.slice(1))
    for (let count = below(3); count > 0; count--) {
      const need = range(from, unit.locked)
      if (need === undefined || unit.needs.some(other => choices[other]?.package === choices[need]?.package)) continue
      unit.needs.push(need)
      unit.now.push(unit.locked ? servedBy(need) : -1)
    }
    if (!peers || unit.locked || below(3) > 0) return
    const peer = range(from, false)
    if (peer !== undefined) unit.peers.push({ package: choices[peer]?.package ?? '', choice: peer, optional: below(2) === 0 })
  })
  const root = Array.from({ length: 1 + below(3) }, () => range(-1, true)).filter(choice => choice !== undefined)
  packages.forEach(({ locked }, at) => {
    if (!onePerPackage || locked === 0) return
    root.push(choices.length)
    choices.push({ package: `p${at}`, range: '*', anyOf: idsOf(`p${at}`) })
  })
  const risks = Array.from({ length: 1 + below(4) }, (_, at): Risk => {
    const affected = [...new Set([below(units.length), ...(below(2) === 0 ? [below(units.length)] : [])])].filter(id => id < units.length)
    const present = affected.some(id => units[id]?.locked)
    return { finding: `f${at}`, group: `g${at % 3}`, weight: [3, 10, 30, 100][below(4)] ?? 3, aside: 0, units: affected, present }
  })
  const conflicts = pairsOf(units).filter(([one, other]) => {
    if (units[one]?.package === units[other]?.package) return onePerPackage
    return !(units[one]?.locked && units[other]?.locked) && below(12) === 0
  })
  return { units, choices, fixed: [{ key: '', needs: root, now: root.map(servedBy) }], risks, conflicts }
}

function pairsOf(units: readonly unknown[]): [number, number][] {
  return units.flatMap((_, one) => units.slice(0, one).map((_, other): [number, number] => [one, other]))
}

/** The levels that the planner minimises, of one set of present units; undefined where a need is not met or a conflict broken. Peers are left out. */
export function costsOf(world: World, present: ReadonlySet<number>): number[] | undefined {
  const isMet = (choice: number): boolean => (world.choices[choice]?.anyOf ?? []).some(id => present.has(id))
  const there = world.units.filter((_, id) => present.has(id))
  if (!world.fixed.every(({ needs }) => needs.every(isMet)) || !there.every(({ needs }) => needs.every(isMet))) return undefined
  if (world.conflicts.some(([one, other]) => present.has(one) && present.has(other))) return undefined
  const sum = (of: (unit: Unit) => number): number => there.reduce((total, unit) => total + of(unit), 0)
  return [
    world.risks.reduce((total, risk) => total + (risk.units.some(id => present.has(id)) ? risk.weight : 0), 0),
    0,
    0,
    0,
    new Set(there.flatMap(({ gainedLine }) => gainedLine ?? [])).size,
    sum(({ locked }) => (locked ? 0 : 1)),
    0,
    world.units.reduce((total, unit, id) => total + (unit.locked && !present.has(id) ? unit.entries : 0), 0),
    sum(({ distance }) => distance),
    sum(({ gainsScript }) => (gainsScript ? 1 : 0)),
  ]
}

/** The costs of every set of units that keeps the rules. */
export function* everyPlan(world: World): Generator<{ readonly present: ReadonlySet<number>; readonly costs: readonly number[] }> {
  for (let bits = 0; bits < 2 ** world.units.length; bits++) {
    const present = new Set(world.units.flatMap((_, id) => ((bits >> id) & 1 ? [id] : [])))
    const costs = costsOf(world, present)
    if (costs !== undefined) yield { present, costs }
  }
}

/** The lexicographic optimum among the plans that are allowed. */
export function bestPlan(world: World, allowed: (costs: readonly number[]) => boolean = () => true): readonly number[] | undefined {
  let best: readonly number[] | undefined
  for (const { costs } of everyPlan(world)) if (allowed(costs) && (best === undefined || compareCosts(costs, best) < 0)) best = costs
  return best
}

export function compareCosts(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((cost, level) => cost !== b[level])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}
