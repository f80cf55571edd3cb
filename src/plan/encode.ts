/**
 * The world as clauses. A unit's presence is a variable; a fixed consumer's choice is a clause; a present unit implies each choice
 * that it needs.
 *
 * Peers. A consumer and what it needs stand in one place, where one version of each name is visible. So when a consumer takes unit w
 * of one name, and w has a peer that the same consumer also needs, the consumer must take that peer from w's range. For fixed
 * consumers, which take exactly one version of each name, this is exact (`takes`); for others it is required of the versions present,
 * and the ecosystem's own check of the placed tree decides.
 */
import type { Reduced } from './reduce.ts'
import type { Sat } from './sat.ts'
import type { Choice, Peer, World } from '../model/world.ts'

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
}

export interface EncodeOptions {
  /** Allow the choices' relaxations, each at the price of its edit. */
  readonly manifest: boolean
}

export function encode(world: World, reduced: Reduced, sat: Sat, options: EncodeOptions): Encoded {
  const unit = world.units.map((_, id) => (reduced.live[id] ? sat.newVariable() : 0))
  const edits = new Map<string, number>()
  const choices = new ChoiceClauses(world, unit, sat, options.manifest ? edits : undefined)
  for (const consumer of world.fixed) for (const id of consumer) sat.addClause(choices.literals(id))
  world.units.forEach((of, id) => {
    const presence = unit[id] ?? 0
    if (presence === 0) return
    for (const need of of.needs) sat.addClause([-presence, ...choices.literals(need)])
  })
  encodePeers(world, unit, sat, choices)
  return { sat, unit, edits, lines: encodeLines(world, unit, sat), risks: encodeRisks(world, unit, sat) }
}

/** Literals of which one must hold for a choice; long ones are named once and shared. */
class ChoiceClauses {
  readonly #world: World
  readonly #unit: readonly number[]
  readonly #sat: Sat
  readonly #edits: Map<string, number> | undefined
  readonly #named = new Map<number, readonly number[]>()

  constructor(world: World, unit: readonly number[], sat: Sat, edits: Map<string, number> | undefined) {
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

  present(units: readonly number[]): number[] {
    return units.map((id) => this.#unit[id] ?? 0).filter((literal) => literal !== 0)
  }
}

function encodePeers(world: World, unit: readonly number[], sat: Sat, choices: ChoiceClauses) {
  const targets = new Set(world.units.flatMap((of) => of.peers.map((peer) => peer.package)))
  if (targets.size === 0) return
  for (const consumer of world.fixed) encodeScope(world, unit, sat, choices, targets, consumer, undefined)
  world.units.forEach((of, id) => {
    const presence = unit[id] ?? 0
    if (presence !== 0) encodeScope(world, unit, sat, choices, targets, of.needs, presence)
  })
}

function encodeScope(
  world: World,
  unit: readonly number[],
  sat: Sat,
  choices: ChoiceClauses,
  targets: ReadonlySet<string>,
  needs: readonly number[],
  consumer: number | undefined,
) {
  const byName = new Map<string, Choice>()
  for (const id of needs) {
    const choice = world.choices[id]
    if (choice !== undefined) byName.set(choice.package, choice)
  }
  const takes = new Map<string, ReadonlyMap<number, number>>()
  const taking = (choice: Choice): ReadonlyMap<number, number> => {
    let picks = takes.get(choice.package)
    if (picks === undefined) {
      picks = encodeTakes(choice, unit, sat, choices)
      takes.set(choice.package, picks)
    }
    return picks
  }
  for (const choice of byName.values()) {
    for (const id of allOf(choice)) {
      const presence = unit[id] ?? 0
      if (presence === 0) continue
      for (const peer of world.units[id]?.peers ?? []) {
        const accepted = world.choices[peer.choice]
        if (accepted === undefined) continue
        const beside = byName.get(peer.package)
        if (consumer === undefined) {
          const head = taking(choice).get(id)
          if (head === undefined) continue
          if (beside !== undefined) {
            const picks = taking(beside)
            sat.addClause([-head, ...accepted.anyOf.map((other) => picks.get(other) ?? 0).filter((literal) => literal !== 0)])
          } else if (!peer.optional) sat.addClause([-head, ...choices.present(accepted.anyOf)])
        } else encodeLoosely(consumer, presence, choice, id, beside, peer, accepted, choices, sat)
      }
    }
  }
}

function encodeLoosely(
  consumer: number,
  presence: number,
  choice: Choice,
  id: number,
  beside: Choice | undefined,
  peer: Peer,
  accepted: Choice,
  choices: ChoiceClauses,
  sat: Sat,
) {
  if (beside === undefined && peer.optional) return
  const others = choices.present(allOf(choice).filter((other) => other !== id))
  const besides = beside === undefined ? accepted.anyOf : allOf(beside).filter((other) => accepted.anyOf.includes(other))
  sat.addClause([-consumer, -presence, ...others, ...choices.present(besides)])
}

function allOf(choice: Choice): readonly number[] {
  return choice.relaxed === undefined ? choice.anyOf : [...choice.anyOf, ...choice.relaxed.flatMap((relaxation) => relaxation.anyOf)]
}

/** One version of a name per fixed consumer: exactly one of the literals holds, and it is present. */
function encodeTakes(choice: Choice, unit: readonly number[], sat: Sat, choices: ChoiceClauses): ReadonlyMap<number, number> {
  const picks = new Map<number, number>()
  for (const id of new Set(allOf(choice))) {
    const presence = unit[id] ?? 0
    if (presence === 0) continue
    const pick = sat.newVariable()
    sat.addClause([-pick, presence])
    picks.set(id, pick)
  }
  const within = new Set(choice.anyOf)
  for (const relaxation of choice.relaxed ?? []) {
    const edit = choices.edit(relaxation.key)
    for (const id of relaxation.anyOf) {
      const pick = picks.get(id)
      if (pick !== undefined && !within.has(id)) sat.addClause(edit === undefined ? [-pick] : [-pick, edit])
    }
  }
  const literals = [...picks.values()]
  if (literals.length > 0) sat.addClause(literals)
  literals.forEach((pick, at) => {
    for (const other of literals.slice(at + 1)) sat.addClause([-pick, -other])
  })
  return picks
}

function encodeLines(world: World, unit: readonly number[], sat: Sat): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  world.units.forEach((of, id) => {
    const presence = unit[id] ?? 0
    if (presence === 0 || of.gainedLine === undefined) return
    let line = lines.get(of.gainedLine)
    if (line === undefined) {
      line = sat.newVariable()
      lines.set(of.gainedLine, line)
    }
    sat.addClause([-presence, line])
  })
  return lines
}

function encodeRisks(world: World, unit: readonly number[], sat: Sat): readonly number[] {
  return world.risks.map((risk) => {
    const units = risk.units.map((id) => unit[id] ?? 0).filter((literal) => literal !== 0)
    const only = units[0]
    if (only === undefined) return 0
    if (units.length === 1) return only
    const open = sat.newVariable()
    for (const literal of units) sat.addClause([-literal, open])
    return open
  })
}
