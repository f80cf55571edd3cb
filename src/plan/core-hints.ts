/**
 * Worlds that the planner asks about one after the other differ little, so what was a core in one often is one in the next. Cores are
 * remembered by names, as units and literals are numbered anew in each world, and are taken again only where the engine refutes them at
 * once: a hint can save work and never change an optimum. Where a package has been told apart since, its versions stand for its stand-in.
 */
import type { World } from '../model/world.ts'
import type { Encoded } from './encode.ts'

export class CoreHints {
  /** Level → cores, each literal by its name, with `-` before it when it is negated. */
  readonly #cores = new Map<string, readonly (readonly string[])[]>()

  remember(level: string, cores: readonly (readonly number[])[], names: LiteralNames) {
    this.#cores.set(
      level,
      cores.map(core => core.map(literal => names.name(literal))),
    )
  }

  /** What may be cores of a level in another world; those that name what it does not have are left out. */
  suggest(level: string, names: LiteralNames): readonly (readonly number[])[] {
    return (this.#cores.get(level) ?? []).flatMap(core => {
      const literals = core.map(name => names.literals(name))
      return literals.some(found => found.length === 0) ? [] : [literals.flat()]
    })
  }
}

/** Names for the literals that have a price, the same from world to world. */
export class LiteralNames {
  readonly #names = new Map<number, string>()
  readonly #literals = new Map<string, number>()
  readonly #newOf = new Map<string, number[]>()

  constructor(world: World, encoded: Encoded) {
    world.risks.forEach(({ finding }, id) => {
      this.#add(`risk ${finding}`, encoded.risks[id] ?? 0)
    })
    world.units.forEach((unit, id) => {
      const literal = encoded.unit[id] ?? 0
      this.#add(unitName(unit), literal)
      if (literal === 0 || unit.locked) return
      const others = this.#newOf.get(unit.package)
      if (others === undefined) this.#newOf.set(unit.package, [literal])
      else others.push(literal)
    })
    for (const [line, literal] of encoded.lines) this.#add(`line ${line}`, literal)
    for (const [edit, literal] of encoded.edits) this.#add(`edit ${edit}`, literal)
  }

  name(literal: number): string {
    const name = this.#names.get(Math.abs(literal)) ?? ''
    return literal < 0 ? `-${name}` : name
  }

  /** The literal of a name; for a stand-in that is no more, those of its package's new versions; none where there is nothing. */
  literals(name: string): readonly number[] {
    if (name.startsWith('-')) return this.literals(name.slice(1)).map(literal => -literal)
    const literal = this.#literals.get(name)
    if (literal !== undefined) return [literal]
    return name.startsWith(STAND_IN) ? (this.#newOf.get(name.slice(STAND_IN.length)) ?? []) : []
  }

  #add(name: string, literal: number) {
    if (literal === 0) return
    this.#literals.set(name, literal)
    if (!this.#names.has(literal)) this.#names.set(literal, name)
  }
}

const STAND_IN = 'stand-in '

function unitName(unit: World['units'][number]): string {
  return unit.standIn ? `${STAND_IN}${unit.package}` : `unit ${unit.package}@${unit.version}`
}
