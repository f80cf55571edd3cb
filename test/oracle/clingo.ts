/**
 * A second solver. The problem is written in aspif, the ground format that clingo reads without a grounding step
 * (Potassco, "A Tutorial on Hybrid Answer Set Solving with clingo", appendix A): one choice rule for the variables,
 * one integrity constraint per clause, one weighted minimise statement per level, the first level having the highest priority.
 * clingo-wasm 0.5 passes the program over the wasm stack and answers an empty error above roughly 1.4 MB.
 */
import clingo from 'clingo-wasm'

/** A DIMACS literal: `+n` or `-n` for variable n ≥ 1. */
export type Literal = number

/** Minimise, level after level, the weights of the literals that are true. */
export interface Problem {
  readonly variables: number
  readonly clauses: readonly (readonly Literal[])[]
  readonly levels: readonly (readonly (readonly [Literal, number])[])[]
  /** At most `atMost` of the literals are true. */
  readonly limits?: readonly { readonly literals: readonly Literal[]; readonly atMost: number }[]
}

export interface Optimum {
  readonly costs: readonly number[]
  /** The variables that are true. */
  readonly model: ReadonlySet<number>
}

export const PROGRAM_LIMIT = 1_300_000

const list = (items: readonly number[]): string => [items.length, ...items].join(' ')

export function toAspif(problem: Problem): string {
  const variables = Array.from({ length: problem.variables }, (_, index) => index + 1)
  const lines = ['asp 1 0 0', `1 1 ${list(variables)} 0 0`]
  // A clause is broken when each of its literals is false, and that must not be.
  for (const clause of problem.clauses) lines.push(`1 0 0 0 ${list(clause.map(literal => -literal))}`)
  for (const { literals, atMost } of problem.limits ?? []) {
    if (literals.length > atMost)
      lines.push(`1 0 0 1 ${atMost + 1} ${literals.length} ${literals.map(literal => `${literal} 1`).join(' ')}`)
  }
  problem.levels.forEach((soft, index) => {
    const terms = soft.map(([literal, weight]) => `${literal} ${weight}`)
    if (terms.length > 0) lines.push(`2 ${problem.levels.length - index} ${terms.length} ${terms.join(' ')}`)
  })
  for (const variable of variables) lines.push(`4 ${String(variable).length} ${variable} 1 ${variable}`)
  lines.push('0', '')
  return lines.join('\n')
}

type Run = Awaited<ReturnType<typeof clingo.init>>

let engine: Promise<Run> | undefined

/** clingo-wasm greets on the console each time it starts; the threaded build is not part of the package. */
async function start(): Promise<Run> {
  const info = console.info
  console.info = () => {}
  try {
    return await clingo.init({ singleThreaded: true })
  } finally {
    console.info = info
  }
}

/** The lexicographic optimum, proved, or undefined when the clauses contradict each other. */
export async function solve(problem: Problem, options: readonly string[] = ['--opt-strategy=usc,oll']): Promise<Optimum | undefined> {
  const program = toAspif(problem)
  if (program.length > PROGRAM_LIMIT)
    throw new RangeError(`the program has ${program.length} bytes; clingo-wasm fails above about ${PROGRAM_LIMIT}`)
  engine ??= start()
  const answer = (await engine)(program, 0, ['--mode=clasp', ...options])
  if (answer.Result === 'UNSATISFIABLE') return undefined
  const nothingToMinimise = problem.levels.every(soft => soft.length === 0)
  if (answer.Result !== 'OPTIMUM FOUND' && !(nothingToMinimise && answer.Result === 'SATISFIABLE')) {
    throw new Error(`clingo answered ${answer.Result}${'Error' in answer ? `: ${answer.Error}` : ''}`)
  }
  // Between the models stand lower bounds, which have neither values nor costs.
  const reports: readonly { readonly Value?: readonly string[]; readonly Costs?: readonly number[] }[] = answer.Call.at(-1)?.Witnesses ?? []
  const witness = reports.findLast(report => report.Value !== undefined || report.Costs !== undefined)
  if (witness === undefined) throw new Error('clingo gave no witness')
  const proved = [...(witness.Costs ?? [])]
  const costs = problem.levels.map(soft => (soft.length === 0 ? 0 : (proved.shift() ?? Number.NaN)))
  return { costs, model: new Set(witness.Value?.map(Number)) }
}
