/**
 * Core-guided minimisation (OLL). Assume every penalised literal false; each refutation names a core, a set of which at least one
 * must be true: the lower bound rises by the core's least weight, and a counter over the core carries what lies beyond one. When the
 * assumptions hold, the bound is the optimum. Heavier literals go first (stratification). Source: Andres et al., ICLP 2012;
 * Morgado, Dodaro & Marques-Silva, CP 2014.
 *
 * Cores stay valid when the side conditions given to `minimise` become stricter, so one object can follow a whole curve.
 */
import type { Sat } from './sat.ts'
import { Totalizer } from './totalizer.ts'

export type Soft = readonly [literal: number, weight: number]

/** How hard to try: solver calls that are left (counted down), and conflicts per call. */
export interface Effort {
  calls: number
  readonly conflicts: number
}

export class CoreGuided {
  readonly #sat: Sat
  /** literal → weight of its being true. */
  readonly #penalties = new Map<number, number>()
  readonly #counters = new Map<number, { counter: Totalizer; k: number }>()
  #bound = 0

  constructor(sat: Sat, softs: readonly Soft[]) {
    this.#sat = sat
    for (const [literal, weight] of softs) if (!sat.isRefuted(literal)) this.#penalise(literal, weight)
  }

  /** The proven lower bound; after `minimise` returned true, the optimum. */
  get bound(): number {
    return this.#bound
  }

  /** Finds the least total weight under `given`; false when `given` cannot hold at all. The engine then holds a best model. */
  minimise(given: readonly number[] = []): boolean {
    return this.#minimise(given, assumptions => this.#sat.solve(assumptions)) === true
  }

  /** The same within an effort; undefined when that was not enough, the bound then being as far as it was proven. */
  attempt(given: readonly number[], effort: Effort): boolean | undefined {
    return this.#minimise(given, assumptions => (effort.calls-- > 0 ? this.#sat.attempt(assumptions, effort.conflicts) : undefined))
  }

  #minimise(given: readonly number[], solve: (assumptions: readonly number[]) => boolean | undefined): boolean | undefined {
    let stratum = this.#heaviest(Number.POSITIVE_INFINITY)
    for (;;) {
      const assumptions = this.#assumptions(stratum)
      const answer = solve([...given, ...assumptions])
      if (answer === undefined) return undefined
      if (answer) {
        if (stratum === 0) return true
        stratum = this.#heaviest(stratum)
        continue
      }
      const core = this.#core(given, solve)
      if (core.length === 0) return false
      this.#relax(core)
    }
  }

  /** Literals that, assumed, keep the total at the proven optimum. */
  remaining(): number[] {
    return this.#assumptions(0)
  }

  #penalise(literal: number, weight: number) {
    if (weight <= 0) return
    this.#penalties.set(literal, (this.#penalties.get(literal) ?? 0) + weight)
  }

  /** The heaviest weight below `stratum`; 0 when all weights are covered. */
  #heaviest(stratum: number): number {
    let heaviest = 0
    let lightest = Number.POSITIVE_INFINITY
    for (const weight of this.#penalties.values()) {
      if (weight < stratum && weight > heaviest) heaviest = weight
      if (weight < lightest) lightest = weight
    }
    return heaviest <= lightest ? 0 : heaviest
  }

  #assumptions(stratum: number): number[] {
    const literals: number[] = []
    for (const [literal, weight] of this.#penalties) if (weight >= stratum) literals.push(-literal)
    return literals
  }

  /** The refutation's penalised literals, tightened by refuting it again from itself. */
  #core(given: readonly number[], solve: (assumptions: readonly number[]) => boolean | undefined): number[] {
    let core = this.#penalisedIn(this.#sat.core())
    while (core.length > 1) {
      if (solve([...given, ...core.map(literal => -literal)]) !== false) break
      const tighter = this.#penalisedIn(this.#sat.core())
      if (tighter.length >= core.length) break
      core = tighter
    }
    return core
  }

  #penalisedIn(core: readonly number[]): number[] {
    const found: number[] = []
    for (const literal of core) if (this.#penalties.has(-literal)) found.push(-literal)
    return found.sort((a, b) => a - b)
  }

  #relax(core: readonly number[]) {
    let weight = Number.POSITIVE_INFINITY
    for (const literal of core) weight = Math.min(weight, this.#penalties.get(literal) ?? 0)
    this.#bound += weight
    for (const literal of core) {
      const left = (this.#penalties.get(literal) ?? 0) - weight
      if (left > 0) this.#penalties.set(literal, left)
      else this.#penalties.delete(literal)
      const counted = this.#counters.get(literal)
      if (counted !== undefined && counted.k < counted.counter.size) this.#count(counted.counter, counted.k + 1, weight)
    }
    if (core.length > 1) this.#count(Totalizer.of(this.#sat, core), 2, weight)
  }

  #count(counter: Totalizer, k: number, weight: number) {
    const output = counter.atLeast(k)
    this.#counters.set(output, { counter, k })
    this.#penalise(output, weight)
  }
}
