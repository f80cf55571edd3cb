/**
 * Dominance. A new unit w is dropped when some unit u of the same package is at least as good in every way: every choice that w
 * satisfies, u satisfies; whatever u needs, w needs at least as narrowly; what u excludes, w excludes; u brings no risk, breaking line, install script or distance that
 * w does not. Any plan with w is then no worse with u instead, so no level of the objective changes. Dropping units
 * empties choices and memberships, so it repeats until nothing changes. Measured on 36,000 versions: a third of the variables stay.
 */
import type { Unit, World } from '../model/world.ts'

export interface Reduced {
  /** Per unit id: still a candidate. */
  readonly live: readonly boolean[]
  /** Per choice id: something live needs it. */
  readonly needed: readonly boolean[]
}

const MAX_ROUNDS = 16

export function reduce(world: World): Reduced {
  const live = world.units.map(() => true)
  const flaws = flawsOf(world)
  const peerKeys = world.units.map(unit => unit.peers.map(peer => `${peer.package} ${peer.choice} ${peer.optional}`).join('\n'))
  const conflicts = conflictsOf(world)
  const kinds = kindsOf(world, flaws, peerKeys, conflicts)
  const dependents = dependentsOf(world)
  const packages = packagesOf(world)
  let needed = reach(world, live)
  let suspects: ReadonlySet<string> | undefined
  for (let round = 0; round < MAX_ROUNDS && suspects?.size !== 0; round++) {
    const memberships = membershipsOf(world, live, needed)
    const measures = { live, flaws, peerKeys, conflicts, kinds, memberships, subsets: new Subsets(world, live, packages) }
    const shrunk = new Set<string>()
    for (const [name, units] of byPackage(world, live)) {
      if (suspects !== undefined && !suspects.has(name)) continue
      if (dropTwins(world, units, measures) + dropDominated(world, units, measures) > 0) shrunk.add(name)
    }
    const before = needed
    needed = reach(world, live)
    const narrowed = new Set<string>()
    for (const name of shrunk) for (const dependent of dependents.get(name) ?? []) narrowed.add(dependent)
    world.choices.forEach((choice, id) => {
      if (before[id] && !needed[id]) narrowed.add(choice.package)
    })
    suspects = narrowed
  }
  return { live, needed }
}

/** Per choice: a number for its package. */
function packagesOf(world: World): readonly number[] {
  const numbers = new Map<string, number>()
  return world.choices.map(choice => {
    const known = numbers.get(choice.package) ?? numbers.size
    numbers.set(choice.package, known)
    return known
  })
}

/** Per unit: what it excludes. */
type Conflicts = readonly (ReadonlySet<number> | undefined)[]

function conflictsOf(world: World): Conflicts {
  const conflicts: (Set<number> | undefined)[] = []
  for (const [one, other] of world.conflicts) {
    conflicts[one] = (conflicts[one] ?? new Set()).add(other)
    conflicts[other] = (conflicts[other] ?? new Set()).add(one)
  }
  return conflicts
}

/** Units of one kind differ in nothing but their distance and what they satisfy. One that excludes others is of its own kind. */
function kindsOf(world: World, flaws: readonly Flaws[], peerKeys: readonly string[], conflicts: Conflicts): number[] {
  const numbers = new Map<string, number>()
  return world.units.map((unit, id) => {
    if (unit.locked) return -1
    const apart = conflicts[id] === undefined ? '' : id
    const key = [unit.needs.join(), flawsKey(flaws[id]), unit.gainedLine, unit.gainsScript, peerKeys[id], apart].join('\n')
    const known = numbers.get(key) ?? numbers.size
    numbers.set(key, known)
    return known
  })
}

/** Who needs a package: their choices narrow when it loses units. */
function dependentsOf(world: World): ReadonlyMap<string, ReadonlySet<string>> {
  const dependents = new Map<string, Set<string>>()
  for (const unit of world.units) {
    for (const need of unit.needs) {
      const name = world.choices[need]?.package ?? ''
      const known = dependents.get(name)
      if (known === undefined) dependents.set(name, new Set([unit.package]))
      else known.add(unit.package)
    }
  }
  return dependents
}

/** Marks choices reachable from the fixed consumers; new units that nothing reaches are no candidates. */
function reach(world: World, live: boolean[]): boolean[] {
  const needed = world.choices.map(() => false)
  const reached = world.units.map(() => false)
  const queue: number[] = []
  const need = (choice: number) => {
    if (needed[choice]) return
    needed[choice] = true
    queue.push(choice)
  }
  const demandsOf = (unit: Unit | undefined) => {
    if (unit === undefined) return
    for (const choice of unit.needs) need(choice)
    for (const peer of unit.peers) need(peer.choice)
  }
  const serve = (id: number) => {
    if (reached[id] || !live[id]) return
    reached[id] = true
    demandsOf(world.units[id])
  }
  for (const { needs } of world.fixed) for (const choice of needs) need(choice)
  for (const unit of world.units) if (unit.locked) demandsOf(unit)
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const choice = world.choices[id]
    for (const unit of choice?.anyOf ?? []) serve(unit)
    for (const relaxation of choice?.relaxed ?? []) for (const unit of relaxation.anyOf) serve(unit)
  }
  world.units.forEach((unit, id) => {
    if (!reached[id] && !unit.locked) live[id] = false
  })
  return needed
}

/** What a unit adds to the risk: findings that only it brings, by advisory group, and findings that other units bring as well. */
interface Flaws {
  readonly own: Map<string, { weight: number; aside: number }>
  readonly shared: Set<number>
}

function flawsOf(world: World): readonly Flaws[] {
  const flaws = world.units.map((): Flaws => ({ own: new Map(), shared: new Set() }))
  world.risks.forEach((risk, id) => {
    for (const unit of risk.units) {
      const of = flaws[unit]
      if (of === undefined) continue
      if (risk.units.length > 1) {
        of.shared.add(id)
        continue
      }
      const known = of.own.get(risk.group) ?? { weight: 0, aside: 0 }
      const aside = risk.present ? 0 : risk.aside
      of.own.set(risk.group, { weight: known.weight + risk.weight, aside: known.aside + aside })
    }
  })
  return flaws
}

function flawsKey(flaws: Flaws | undefined): string {
  if (flaws === undefined) return ''
  const own = [...flaws.own].map(([group, { weight, aside }]) => `${group} ${weight} ${aside}`)
  return `${own.sort().join()} ${[...flaws.shared].join()}`
}

/** Whatever else is present, `better` adds no more to the risk than `worse` does. */
function addsNoRisk(better: Flaws | undefined, worse: Flaws | undefined): boolean {
  if (better === undefined || worse === undefined || !isSubset(better.shared, worse.shared)) return false
  for (const [group, { weight, aside }] of better.own) {
    const other = worse.own.get(group)
    if (other === undefined || other.weight < weight || other.aside < aside) return false
  }
  return true
}

/**
 * Per unit: which needed choices (and which of their relaxations) it satisfies, as bits numbered within its package. A choice may have
 * units of several packages: then each package has its own bit for it.
 */
function membershipsOf(world: World, live: readonly boolean[], needed: readonly boolean[]): Uint32Array[] {
  const numbers = new Map<string, number>()
  const sets: { readonly bit: number; readonly units: readonly number[] }[] = []
  const addOne = (name: string, units: readonly number[]) => {
    const bit = numbers.get(name) ?? 0
    numbers.set(name, bit + 1)
    sets.push({ bit, units })
  }
  const add = (units: readonly number[]) => {
    const name = world.units[units[0] ?? -1]?.package
    if (name === undefined) return
    if (units.every(unit => world.units[unit]?.package === name)) addOne(name, units)
    else for (const [own, some] of Map.groupBy(units, unit => world.units[unit]?.package ?? '')) addOne(own, some)
  }
  world.choices.forEach((choice, id) => {
    if (!needed[id]) return
    add(choice.anyOf)
    for (const relaxation of choice.relaxed ?? []) add([...choice.anyOf, ...relaxation.anyOf])
  })
  const memberships = world.units.map((unit, id) => new Uint32Array(live[id] ? ((numbers.get(unit.package) ?? 0) + 31) >>> 5 : 0))
  for (const { bit, units } of sets) {
    for (const unit of units) {
      const bits = memberships[unit]
      if (live[unit] && bits !== undefined) bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }
  return memberships
}

function byPackage(world: World, live: readonly boolean[]): ReadonlyMap<string, number[]> {
  const groups = new Map<string, number[]>()
  world.units.forEach((unit, id) => {
    if (!live[id]) return
    const group = groups.get(unit.package)
    if (group === undefined) groups.set(unit.package, [id])
    else group.push(id)
  })
  return groups
}

interface Measures {
  readonly live: boolean[]
  readonly flaws: readonly Flaws[]
  readonly peerKeys: readonly string[]
  readonly conflicts: Conflicts
  readonly kinds: readonly number[]
  readonly memberships: readonly Uint32Array[]
  readonly subsets: Subsets
}

/** Units that differ in nothing but their distance: the nearest stays. */
function dropTwins(world: World, units: readonly number[], { live, kinds, memberships }: Measures): number {
  if (units.length < 2) return 0
  const nearest = new Map<string, number>()
  let dropped = 0
  for (const id of units) {
    const unit = world.units[id]
    if (unit === undefined || unit.locked || unit.unread !== undefined) continue
    const key = `${kinds[id]} ${memberships[id]?.join()}`
    const twin = nearest.get(key)
    const further = twin === undefined ? undefined : (world.units[twin]?.distance ?? 0) <= unit.distance ? id : twin
    if (further !== id) nearest.set(key, id)
    if (further === undefined) continue
    live[further] = false
    dropped++
  }
  return dropped
}

/** What dominates is no further away, and dominance is transitive: each unit is held only against those that stay so far. */
function dropDominated(world: World, units: readonly number[], measures: Measures): number {
  const distance = (id: number): number => world.units[id]?.distance ?? 0
  const candidates = units.filter(id => measures.live[id]).sort((a, b) => distance(a) - distance(b) || a - b)
  let kept: number[] = []
  for (const id of candidates) {
    if (!world.units[id]?.locked && kept.some(better => dominates(world, better, id, measures))) continue
    const beaten = kept.filter(
      other => distance(other) === distance(id) && !world.units[other]?.locked && dominates(world, id, other, measures),
    )
    if (beaten.length > 0) kept = kept.filter(other => !beaten.includes(other))
    kept.push(id)
  }
  const stays = new Set(kept)
  for (const id of candidates) if (!stays.has(id)) measures.live[id] = false
  return candidates.length - kept.length
}

function dominates(world: World, better: number, worse: number, measures: Measures): boolean {
  const { flaws, peerKeys, memberships, subsets } = measures
  const u = world.units[better]
  const w = world.units[worse]
  if (u === undefined || w === undefined || u.unread !== undefined || w.standIn) return false
  if (u.distance > w.distance || (u.gainsScript && !w.gainsScript)) return false
  if (u.gainedLine !== undefined && u.gainedLine !== w.gainedLine) return false
  if (u.peers.length > 0 && peerKeys[better] !== peerKeys[worse]) return false
  if (!excludesNoMore(better, worse, measures)) return false
  if (!coversBits(memberships[better], memberships[worse]) || !addsNoRisk(flaws[better], flaws[worse])) return false
  return u.needs.length <= w.needs.length && subsets.cover(u.needs, w.needs)
}

/** What `better` excludes and could still be present, `worse` excludes as well; where the two exclude each other, one has gone already. */
function excludesNoMore(better: number, worse: number, { conflicts, live }: Measures): boolean {
  for (const other of conflicts[better] ?? []) {
    if (other !== worse && live[other] && conflicts[worse]?.has(other) !== true) return false
  }
  return true
}

function coversBits(large: Uint32Array | undefined, small: Uint32Array | undefined): boolean {
  if (large === undefined || small === undefined) return false
  for (let word = 0; word < small.length; word++) if (((small[word] ?? 0) & ~(large[word] ?? 0)) !== 0) return false
  return true
}

function isSubset<T>(small: ReadonlySet<T> | undefined, large: ReadonlySet<T> | undefined): boolean {
  if (small === undefined || large === undefined || small.size > large.size) return false
  for (const element of small) if (!large.has(element)) return false
  return true
}

/** Whether every live unit of one choice also satisfies another; remembered. */
class Subsets {
  readonly #world: World
  readonly #live: readonly boolean[]
  readonly #packages: readonly number[]
  readonly #known = new Map<number, boolean>()
  readonly #sets = new Map<number, ReadonlySet<number>>()

  /** `packages`: a number for the package of each choice. */
  constructor(world: World, live: readonly boolean[], packages: readonly number[]) {
    this.#world = world
    this.#live = live
    this.#packages = packages
  }

  /** Each of `needs` is met wherever some of `others` is. */
  cover(needs: readonly number[], others: readonly number[]): boolean {
    for (const need of needs) {
      let covered = others.includes(need)
      const of = this.#packages[need]
      for (let at = 0; !covered && at < others.length; at++) {
        const other = others[at] ?? -1
        covered = this.#packages[other] === of && this.#within(other, need)
      }
      if (!covered) return false
    }
    return true
  }

  #within(small: number, large: number): boolean {
    const a = this.#world.choices[small]
    const b = this.#world.choices[large]
    if (a === undefined || b === undefined || a.relaxed !== undefined) return false
    const key = small * this.#world.choices.length + large
    let known = this.#known.get(key)
    if (known === undefined) {
      known = isSubset(this.#set(small), this.#set(large))
      this.#known.set(key, known)
    }
    return known
  }

  #set(choice: number): ReadonlySet<number> {
    let set = this.#sets.get(choice)
    if (set === undefined) {
      set = new Set(this.#world.choices[choice]?.anyOf.filter(unit => this.#live[unit]))
      this.#sets.set(choice, set)
    }
    return set
  }
}
