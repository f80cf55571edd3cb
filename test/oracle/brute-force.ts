import type { Literal, Optimum, Problem } from './clingo.ts'

const holds = (literal: Literal, model: ReadonlySet<number>): boolean => (literal > 0 ? model.has(literal) : !model.has(-literal))

/** Every clause and limit holds. */
export function satisfies(problem: Problem, model: ReadonlySet<number>): boolean {
  return (
    problem.clauses.every(clause => clause.some(literal => holds(literal, model))) &&
    (problem.limits ?? []).every(({ literals, atMost }) => literals.filter(literal => holds(literal, model)).length <= atMost)
  )
}

export function costsOf(problem: Problem, model: ReadonlySet<number>): number[] {
  return problem.levels.map(soft => soft.reduce((sum, [literal, weight]) => sum + (holds(literal, model) ? weight : 0), 0))
}

export function compareCosts(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((cost, index) => cost !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}

/** Tries every assignment: for tiny problems only. */
export function bruteForce(problem: Problem): Optimum | undefined {
  if (problem.variables > 20) throw new RangeError('too many variables to try them all')
  let best: Optimum | undefined
  for (let bits = 0; bits < 2 ** problem.variables; bits++) {
    const model = new Set<number>()
    for (let variable = 1; variable <= problem.variables; variable++) if (bits & (1 << (variable - 1))) model.add(variable)
    if (!satisfies(problem, model)) continue
    const costs = costsOf(problem, model)
    if (best === undefined || compareCosts(costs, best.costs) < 0) best = { costs, model }
  }
  return best
}
