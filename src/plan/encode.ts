/**
 * The world as clauses. A unit's presence is a variable; a fixed consumer's choice is a clause; a present unit implies each choice
 * that it needs; of two units in conflict one is absent.
 *
 * Peers. A consumer and what it needs stand in one place, where one version of each name is visible. So when a consumer takes unit w
 * of one name, and w has a peer that the same consumer also needs, the consumer must take that peer from w's range. The ecosystem
 * places accordingly, and its own check of the placed tree decides.
 */

import type { Choice, World } from '../model/world.ts'
import type { Reduced } from './reduce.ts'
import type { Sat } from './sat.ts'

export interface Encoded {
  readonly sat: Sat
  /** Presence variable per unit id; 0 for units that were dropped. */
  readonly unit: readonly number[]
  /** Gained breaking line → variable. */
  readonly lines: ReadonlyMap<string, number>
  /** Manifest edit → variable. */
  readonly edits: ReadonlyMap<string, number>
  /** Per risk: variable, or 0 when no live unit carries it. */
  readonly risks: readonly number[]
  readonly takes: readonly Takes[]
}

export interface EncodeOptions {
  /** Allow the choices' relaxations, each at the price of its edit. */
  readonly manifest: boolean
  /** Leave out peers that every version suits: the same plans, and what consumers take is told where it matters only. */
  readonly bindingPeersOnly?: boolean
}

export function encode(world: World, reduced: Reduced, sat: Sat, options: EncodeOptions): Encoded {
  const unit = world.units.map((_, id) => (reduced.live[id] ? sat.newVariable() : 0))
  const edits = new Map<string, number>()
  const lines = new Map<string, number>()
  const choices = new ChoiceClauses(world, unit, sat, options.manifest ? edits : undefined, lines)
  for (const { needs } of world.fixed) for (const id of needs) sat.addClause(choices.literals(id))
  world.units.forEach((of, id) => {
    const presence = unit[id] ?? 0
    if (presence === 0) return
    for (const need of of.needs) sat.addClause([-presence, ...choices.literals(need)])
  })
  for (const [one, other] of world.conflicts) {
    const [a = 0, b = 0] = [unit[one], unit[other]]
    if (a !== 0 && b !== 0) sat.addClause([-a, -b])
  }
  const takes = encodePeers(world, unit, sat, choices, options.bindingPeersOnly === true)
  encodeLines(world, unit, sat, lines)
  return { sat, unit, edits, takes, lines, risks: encodeRisks(world, unit, sat) }
}

/** Literals of which one must hold for a choice; long ones are named once and shared. */
class ChoiceClauses {
  readonly #world: World
  readonly #unit: readonly number[]
  readonly #sat: Sat
  readonly #edits: Map<string, number> | undefined
  readonly #lines: Map<string, number>
  readonly #named = new Map<number, readonly number[]>()

  constructor(world: World, unit: readonly number[], sat: Sat, edits: Map<string, number> | undefined, lines: Map<string, number>) {
    this.#lines = lines
    this.#world = world
    this.#unit = unit
    this.#sat = sat
    this.#edits = edits
  }

  literals(id: number): readonly number[] {
    let literals = this.#named.get(id)
    if (literals === undefined) {
      literals = this.#name(this.#world.choices[id])
      this.#named.set(id, literals)
    }
    return literals
  }

  #name(choice: Choice | undefined): readonly number[] {
    if (choice === undefined) return []
    const literals = this.present(choice.anyOf)
    for (const relaxation of this.#edits === undefined ? [] : (choice.relaxed ?? [])) literals.push(...this.#relaxed(relaxation))
    if (literals.length <= 2) return literals
    const name = this.#sat.newVariable()
    this.#sat.addClause([-name, ...literals])
    return [name]
  }

  #relaxed(relaxation: NonNullable<Choice['relaxed']>[number]): readonly number[] {
    const units = this.present(relaxation.anyOf)
    if (units.length === 0) return []
    const edit = this.edit(relaxation.key)
    if (edit === undefined) return []
    const bought = this.#sat.newVariable()
    this.#sat.addClause([-bought, edit])
    this.#sat.addClause([-bought, ...units])
    if (relaxation.crosses) this.#sat.addClause([-bought, this.crossing(relaxation.key)])
    return [bought]
  }

  /** The variable of one manifest edit; undefined when the manifest may not change. */
  edit(key: string): number | undefined {
    let edit = this.#edits?.get(key)
    if (edit === undefined && this.#edits !== undefined) {
      edit = this.#sat.newVariable()
      this.#edits.set(key, edit)
    }
    return edit
  }

  /** The variable that counts a consumer's crossing into another line. */
  crossing(key: string): number {
    return lineOf(this.#lines, `crossing ${key}`, this.#sat)
  }

  present(units: readonly number[]): number[] {
    return units.map(id => this.#unit[id] ?? 0).filter(literal => literal !== 0)
  }
}

/** What one consumer takes of each name, where peers make that matter. */
export interface Takes {
  /** A fixed consumer's key, or a unit id. */
  readonly consumer: string | number
  readonly package: string
  /** unit id → variable. */
  readonly picks: ReadonlyMap<number, number>
}

const NO_CHOICE: Choice = { package: '', range: '', anyOf: [] }

interface Scope {
  readonly consumer: string | number
  readonly presence: number | undefined
  readonly needs: readonly number[]
  readonly now: readonly number[]
}

function encodePeers(world: World, unit: readonly number[], sat: Sat, choices: ChoiceClauses, bindingOnly: boolean): readonly Takes[] {
  const takes: Takes[] = []
  if (world.units.every(of => of.peers.length === 0)) return takes
  const sets = new Map<Choice, ReadonlySet<number>>()
  const peered = new Map<Choice, readonly number[]>()
  const topmost = new Map<string, number[]>()
  world.units.forEach((of, id) => {
    if (of.topmost) topmost.set(of.package, [...(topmost.get(of.package) ?? []), id])
  })
  for (const { key, needs, now } of world.fixed) encodeScope({ consumer: key, presence: undefined, needs, now })
  world.units.forEach((of, id) => {
    const presence = unit[id] ?? 0
    if (presence !== 0) encodeScope({ consumer: id, presence, needs: of.needs, now: of.now })
  })
  return takes

  /** Live units of a choice that have peers: of most choices there are none. */
  function withPeers(choice: Choice): readonly number[] {
    let known = peered.get(choice)
    if (known === undefined) {
      known = allOf(choice).filter(id => (unit[id] ?? 0) !== 0 && (world.units[id]?.peers.length ?? 0) > 0)
      peered.set(choice, known)
    }
    return known
  }

  /** Whatever a consumer takes for a choice, it lies in the peer's range. */
  function suitsAll(choice: Choice, accepted: Choice): boolean {
    if (choice === accepted) return true
    const within = withinOf(accepted)
    return allOf(choice).every(id => (unit[id] ?? 0) === 0 || within.has(id))
  }

  function withinOf(choice: Choice): ReadonlySet<number> {
    const known = sets.get(choice) ?? new Set(choice.anyOf)
    sets.set(choice, known)
    return known
  }

  /** A peer that may be absent must still suit where a version of it stands in everyone's sight. */
  function forbidUnsuitable(name: string, presence: number, accepted: Choice) {
    for (const id of topmost.get(name) ?? []) {
      if ((unit[id] ?? 0) !== 0 && !accepted.anyOf.includes(id))
        sat.addClause([-presence, -(unit[id] ?? 0), ...choices.present(accepted.anyOf)])
    }
  }

  function encodeScope(scope: Scope) {
    if (!scope.needs.some(id => withPeers(world.choices[id] ?? NO_CHOICE).length > 0)) return
    const byName = new Map<string, { choice: Choice; now: number }>()
    scope.needs.forEach((id, at) => {
      const choice = world.choices[id]
      if (choice !== undefined) byName.set(choice.package, { choice, now: scope.now[at] ?? -1 })
    })
    const own = new Map<string, ReadonlyMap<number, number>>()
    const picksOf = (choice: Choice): ReadonlyMap<number, number> => {
      let picks = own.get(choice.package)
      if (picks === undefined) {
        picks = encodeTakes(choice, unit, sat, choices, scope.presence)
        own.set(choice.package, picks)
        takes.push({ consumer: scope.consumer, package: choice.package, picks })
      }
      return picks
    }
    for (const { choice, now } of byName.values()) {
      for (const id of withPeers(choice)) {
        for (const peer of world.units[id]?.peers ?? []) {
          const accepted = world.choices[peer.choice]
          const beside = byName.get(peer.package)
          if (accepted === undefined || standsApart(world, now, peer.package, beside?.now)) continue
          if (beside === undefined && peer.optional) {
            forbidUnsuitable(peer.package, unit[id] ?? 0, accepted)
            continue
          }
          if (bindingOnly && beside !== undefined && suitsAll(beside.choice, accepted)) continue
          const head = picksOf(choice).get(id) ?? 0
          const others = beside === undefined ? choices.present(accepted.anyOf) : present(picksOf(beside.choice), accepted.anyOf)
          sat.addClause([-head, ...others])
        }
      }
    }
  }
}

/** What serves the consumer now stands where it sees another version of the peer than the consumer does: the rule does not hold there. */
function standsApart(world: World, now: number, name: string, besideNow: number | undefined): boolean {
  const peer = now < 0 ? undefined : world.units[now]?.peers.find(other => other.package === name)
  if (peer === undefined || besideNow === undefined || besideNow < 0) return false
  return world.choices[peer.choice]?.anyOf.includes(besideNow) === false
}

function present(picks: ReadonlyMap<number, number>, units: readonly number[]): number[] {
  return units.map(id => picks.get(id) ?? 0).filter(literal => literal !== 0)
}

function allOf(choice: Choice): readonly number[] {
  return choice.relaxed === undefined ? choice.anyOf : [...choice.anyOf, ...choice.relaxed.flatMap(relaxation => relaxation.anyOf)]
}

/** A consumer takes exactly one version of a name, and that one is present. */
function encodeTakes(
  choice: Choice,
  unit: readonly number[],
  sat: Sat,
  choices: ChoiceClauses,
  presence: number | undefined,
): ReadonlyMap<number, number> {
  const picks = new Map<number, number>()
  for (const id of new Set(allOf(choice))) {
    const available = unit[id] ?? 0
    if (available === 0) continue
    const pick = sat.newVariable()
    sat.addClause([-pick, available])
    picks.set(id, pick)
  }
  const within = new Set(choice.anyOf)
  for (const relaxation of choice.relaxed ?? []) {
    const edit = choices.edit(relaxation.key)
    for (const id of relaxation.anyOf) {
      const pick = picks.get(id)
      if (pick === undefined || within.has(id)) continue
      sat.addClause(edit === undefined ? [-pick] : [-pick, edit])
      if (relaxation.crosses) sat.addClause([-pick, choices.crossing(relaxation.key)])
    }
  }
  const literals = [...picks.values()]
  if (literals.length > 0) sat.addClause(presence === undefined ? literals : [-presence, ...literals])
  atMostOne(sat, literals)
  return picks
}

/** Sequential counter: linear in the number of literals. Source: Sinz, CP 2005. */
function atMostOne(sat: Sat, literals: readonly number[]) {
  let before: number | undefined
  literals.forEach((literal, at) => {
    if (before !== undefined) sat.addClause([-literal, -before])
    if (at === literals.length - 1) return
    const upTo = sat.newVariable()
    sat.addClause([-literal, upTo])
    if (before !== undefined) sat.addClause([-before, upTo])
    before = upTo
  })
}

function encodeLines(world: World, unit: readonly number[], sat: Sat, lines: Map<string, number>) {
  world.units.forEach((of, id) => {
    const presence = unit[id] ?? 0
    if (presence === 0 || of.gainedLine === undefined) return
    sat.addClause([-presence, lineOf(lines, of.gainedLine, sat)])
  })
}

function lineOf(lines: Map<string, number>, key: string, sat: Sat): number {
  let line = lines.get(key)
  if (line === undefined) {
    line = sat.newVariable()
    lines.set(key, line)
  }
  return line
}

function encodeRisks(world: World, unit: readonly number[], sat: Sat): readonly number[] {
  return world.risks.map(risk => {
    const units = risk.units.map(id => unit[id] ?? 0).filter(literal => literal !== 0)
    const only = units[0]
    if (only === undefined) return 0
    if (units.length === 1) return only
    const open = sat.newVariable()
    for (const literal of units) sat.addClause([-literal, open])
    return open
  })
}
