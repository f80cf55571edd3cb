import { Cadical } from 'cadical-wasm'
import { Fault } from '../model/faults.ts'

/** Port to an incremental SAT engine. Literals are non-zero integers, `-v` negates variable `v`. */
export interface Sat {
  addClause(literals: readonly number[]): void
  newVariable(): number
  /** True when satisfiable under the assumptions; faults when the engine gives up. */
  solve(assumptions: readonly number[]): boolean
  /** The same within so many conflicts; undefined when that was not enough. A count, not a time, so that the answer never depends on the machine. */
  attempt(assumptions: readonly number[], conflicts: number): boolean | undefined
  /** Whether the assumptions are refuted with hardly any search; false proves nothing. */
  refutes(assumptions: readonly number[]): boolean
  /** After a satisfiable solve. */
  isTrue(literal: number): boolean
  /** The literal can no longer be true, whatever else holds. */
  isRefuted(literal: number): boolean
  /** After an unsatisfiable solve: the assumptions that were used in the refutation. */
  core(): readonly number[]
  dispose(): void
}

/** Bound on conflicts per solve: far above what real locks need (hundreds), low enough to end in about a minute. */
const MAX_CONFLICTS = 2_000_000

/** What "at once" means: the assumptions themselves are no decisions. */
const AT_ONCE = { conflicts: 8, decisions: 24 }

/** CaDiCaL, compiled to WebAssembly. One call makes one independent solver. */
export async function openSat(): Promise<Sat> {
  const solver = await Cadical.create({ quiet: true, phase: false, lucky: false })
  let variables = 0
  const attempt = (assumptions: readonly number[], conflicts: number) => {
    const status = solver.solve({ assumptions, conflicts })
    return status === 'unknown' ? undefined : status === 'satisfiable'
  }
  return {
    attempt,
    addClause: literals => solver.addClause(literals),
    newVariable: () => ++variables,
    solve(assumptions) {
      const answer = attempt(assumptions, MAX_CONFLICTS)
      if (answer === undefined) throw new Fault('planner-limit', `No answer within ${MAX_CONFLICTS} conflicts.`)
      return answer
    },
    refutes: assumptions => solver.solve({ assumptions, ...AT_ONCE }) === 'unsatisfiable',
    isTrue: literal => solver.value(literal),
    isRefuted: literal => solver.fixed(literal) === false,
    core: () => solver.failedAssumptions(),
    dispose: () => solver.dispose(),
  }
}
