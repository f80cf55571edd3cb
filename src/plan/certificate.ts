/**
 * What an independent solver needs to check that a plan is the best: variables, hard clauses, the objective's levels, the claimed
 * optimum of each, and a model that reaches it. Minimise, level after level, the weights of the literals that are true.
 */
import type { BuiltWorld, World } from '../model/world.ts'
import { encode } from './encode.ts'
import { type Bounds, bind, levelSofts, type Solution } from './optimise.ts'
import type { Reduced } from './reduce.ts'
import { openSat, type Sat } from './sat.ts'

export interface Certificate {
  /** Name of variable i+1; `name@version` where it stands for a version's presence. */
  readonly variables: readonly string[]
  readonly clauses: readonly (readonly number[])[]
  readonly levels: readonly {
    readonly name: string
    readonly soft: readonly (readonly [literal: number, weight: number])[]
    readonly optimum: number
  }[]
  /** One literal per variable. */
  readonly model: readonly number[]
}

export async function certificateOf(
  built: BuiltWorld,
  reduced: Reduced,
  options: { bounds: Bounds; manifest: boolean },
  solution: Solution,
): Promise<Certificate> {
  const engine = await openSat()
  const clauses: number[][] = []
  let variables = 0
  const sat: Sat = {
    ...engine,
    addClause(literals) {
      clauses.push([...literals])
      engine.addClause(literals)
    },
    newVariable() {
      variables++
      return engine.newVariable()
    },
  }
  const { world } = built
  const encoded = encode(world, reduced, sat, options)
  bind(world, encoded, options.bounds)
  const names = namesOf(world, encoded.unit, variables)
  const hard = clauses.length
  // The chosen units, assumed, leave the rest of the model to the engine; each level is then held at its optimum.
  const chosen = encoded.unit.flatMap((literal, id) => (literal === 0 ? [] : [solution.present.has(id) ? literal : -literal]))
  const softs = levelSofts(world, encoded)
  const levels = solution.levels.map(({ name, optimum }, at) => ({ name, optimum, soft: softs[at]?.softs ?? [] }))
  const free = new Set(
    softs.flatMap(level => level.softs.map(([literal]) => literal)).filter(literal => !encoded.unit.includes(Math.abs(literal))),
  )
  const bought = [...encoded.edits].map(([key, literal]) => (solution.edits.includes(key) ? literal : -literal))
  const tight = [...free].filter(literal => ![...encoded.edits.values()].includes(Math.abs(literal)))
  engine.solve([...chosen, ...bought])
  for (const literal of tight) if (engine.solve([...chosen, ...bought, -literal])) engine.addClause([-literal])
  engine.solve([...chosen, ...bought])
  const model = Array.from({ length: variables }, (_, at) => (engine.isTrue(at + 1) ? at + 1 : -(at + 1)))
  engine.dispose()
  return { variables: names, clauses: clauses.slice(0, hard), levels, model }
}

function namesOf(world: World, unit: readonly number[], variables: number): readonly string[] {
  const names = Array.from({ length: variables }, (_, at) => `x${at + 1}`)
  unit.forEach((literal, id) => {
    const of = world.units[id]
    if (literal !== 0 && of !== undefined) names[literal - 1] = of.standIn ? `${of.package}@any` : `${of.package}@${of.version}`
  })
  return names
}
