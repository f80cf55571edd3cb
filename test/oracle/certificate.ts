import { costsOf, satisfies } from './brute-force.ts'
import { type Literal, type Problem, solve } from './clingo.ts'

/** What `suture plan --certificate` writes: everything an independent solver needs to check the optimum. */
export interface Certificate {
  /** `variables[i]` says what SAT variable `i + 1` means. */
  readonly variables: readonly string[]
  readonly clauses: readonly (readonly Literal[])[]
  /** The most important level first; each minimises the weights of its literals that are true. */
  readonly levels: readonly {
    readonly name: string
    readonly soft: readonly (readonly [Literal, number])[]
    readonly optimum: number
  }[]
  /** The literals of the model: `+n` true, `-n` or left out false. */
  readonly model: readonly Literal[]
}

export interface CheckedLevel {
  readonly name: string
  readonly claimed: number
  /** What the certificate's own model costs. */
  readonly model: number
  /** What the second solver proves. */
  readonly proved: number
}

export interface CheckedCertificate {
  readonly ok: boolean
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[]
  readonly levels: readonly CheckedLevel[]
}

/** Reads a certificate from outside: throws a TypeError where it has not the form of one. */
export function readCertificate(value: unknown): Certificate {
  const fail = (what: string): never => {
    throw new TypeError(`not a certificate: ${what}`)
  }
  const record = (from: unknown, what: string): Record<string, unknown> =>
    typeof from === 'object' && from !== null && !Array.isArray(from) ? (from as Record<string, unknown>) : fail(what)
  const array = (from: unknown, what: string): unknown[] => (Array.isArray(from) ? from : fail(what))
  const integer = (from: unknown, what: string): number => (typeof from === 'number' && Number.isSafeInteger(from) ? from : fail(what))
  const text = (from: unknown, what: string): string => (typeof from === 'string' ? from : fail(what))
  const top = record(value, 'the document')
  const variables = array(top['variables'], 'variables').map(name => text(name, 'a variable'))
  const literal = (from: unknown): Literal => {
    const found = integer(from, 'a literal')
    return found !== 0 && Math.abs(found) <= variables.length ? found : fail(`literal ${found}`)
  }
  return {
    variables,
    clauses: array(top['clauses'], 'clauses').map(clause => array(clause, 'a clause').map(literal)),
    levels: array(top['levels'], 'levels').map(from => {
      const level = record(from, 'a level')
      const soft = array(level['soft'], 'soft').map((pair): readonly [Literal, number] => {
        const [of, weight] = array(pair, 'a soft literal')
        const amount = integer(weight, 'a weight')
        return [literal(of), amount > 0 ? amount : fail('a weight that is not positive')]
      })
      return { name: text(level['name'], 'a level’s name'), soft, optimum: integer(level['optimum'], 'an optimum') }
    }),
    model: array(top['model'], 'model').map(literal),
  }
}

/** The model keeps the clauses, costs what is claimed, and another solver proves that nothing costs less. */
export async function checkCertificate(certificate: Certificate): Promise<CheckedCertificate> {
  const problem: Problem = {
    variables: certificate.variables.length,
    clauses: certificate.clauses,
    levels: certificate.levels.map(level => level.soft),
  }
  const model = new Set(certificate.model.filter(literal => literal > 0))
  const problems: string[] = []
  if (certificate.model.some(literal => literal < 0 && model.has(-literal))) problems.push('The model contradicts itself.')
  if (!satisfies(problem, model)) problems.push('The model breaks a clause.')
  const costs = costsOf(problem, model)
  const optimum = await solve(problem)
  if (optimum === undefined) problems.push('The clauses contradict each other.')
  const levels = certificate.levels.map(
    (level, index): CheckedLevel => ({
      name: level.name,
      claimed: level.optimum,
      model: costs[index] ?? Number.NaN,
      proved: optimum?.costs[index] ?? Number.NaN,
    }),
  )
  for (const { name, claimed, model: own, proved } of levels) {
    if (own !== claimed) problems.push(`${name}: the model costs ${own}, the certificate claims ${claimed}.`)
    if (optimum !== undefined && proved !== claimed)
      problems.push(`${name}: the second solver proves ${proved}, the certificate claims ${claimed}.`)
  }
  return { ok: problems.length === 0, problems, levels }
}
