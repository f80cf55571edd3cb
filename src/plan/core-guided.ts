/**
 * Core-guided minimisation (OLL). Assume every penalised literal false; each refutation names a core, a set of which at least one
 * must be true: the lower bound rises by the core's least weight, and a counter over the core carries what lies beyond one. When the
 * assumptions hold, the bound is the optimum. Heavier literals go first (stratification). Source: Andres et al., ICLP 2012;
 * Morgado, Dodaro & Marques-Silva, CP 2014.
 *
 * Cores stay valid when the side conditions given to `minimise` become stricter, so one object can follow a whole curve. A core that
 * was found without side conditions holds whatever the weights are, so minimisers that differ in weights only can share their cores.
 */
import type { Sat } from './sat.ts'
import { Totalizer } from './totalizer.ts'

export type Soft = readonly [literal: number, weight: number]

/** How hard to try: solver calls that are left (counted down), and conflicts per call. */
export interface Effort {
  calls: number
  readonly conflicts: number
}

/** Cores that hold without side conditions, in the order in which they were found, each with its counter. */
export type SharedCores = { readonly core: readonly number[]; readonly counter: Totalizer | undefined }[]

/** Such cores hardly ever get smaller. */
const SMALL_CORE = 8

export class CoreGuided {
  readonly #sat: Sat
  readonly #shared: SharedCores | undefined
  /** literal → weight of its being true. */
  readonly #penalties = new Map<number, number>()
  readonly #counters = new Map<number, { counter: Totalizer; k: number }>()
  #bound = 0

  constructor(sat: Sat, softs: readonly Soft[], shared?: SharedCores) {
    this.#sat = sat
    this.#shared = shared
    for (const [literal, weight] of softs) {
      if (sat.isRefuted(-literal)) this.#bound += weight
      else if (!sat.isRefuted(literal)) this.#penalise(literal, weight)
    }
    for (const { core, counter } of shared ?? []) this.#relax(core, counter)
  }

  /** Takes those of the sets that the engine refutes at once, or what it refutes of them, as cores. They hold without side conditions. */
  suggest(cores: readonly (readonly number[])[]) {
    for (const suggested of cores) {
      const possible = [...new Set(suggested)].filter(literal => !this.#sat.isRefuted(literal))
      if (!possible.every(literal => this.#penalties.has(literal)) || !this.#sat.refutes(possible.map(literal => -literal))) continue
      const core = this.#penalisedIn(this.#sat.core())
      if (core.length > 0) this.#found(core, true)
    }
  }

  /** The proven lower bound; after `minimise` returned true, the optimum. */
  get bound(): number {
    return this.#bound
  }

  /** Finds the least total weight under `given`; false when `given` cannot hold at all. The engine then holds a best model. */
  minimise(given: readonly number[] = []): boolean {
    return this.#minimise(given, assumptions => this.#sat.solve(assumptions), Number.POSITIVE_INFINITY) === true
  }

  /**
   * The same within an effort; undefined when that was not enough, the bound then being as far as it was proven. False also when the
   * total must exceed `most`.
   */
  attempt(given: readonly number[], effort: Effort, most = Number.POSITIVE_INFINITY): boolean | undefined {
    return this.#minimise(given, assumptions => (effort.calls-- > 0 ? this.#sat.attempt(assumptions, effort.conflicts) : undefined), most)
  }

  /** Literals that, assumed, keep the total at the proven optimum. */
  remaining(): number[] {
    return this.within(0)
  }

  /** Literals that hold in every model whose total exceeds the proven bound by no more than `slack`. */
  within(slack: number): number[] {
    return this.#assumptions(slack + 1)
  }

  /** Another minimiser that knows the same cores and goes on by itself. */
  fork(): CoreGuided {
    const other = new CoreGuided(this.#sat, [])
    for (const [literal, weight] of this.#penalties) other.#penalties.set(literal, weight)
    for (const [literal, counted] of this.#counters) other.#counters.set(literal, counted)
    other.#bound = this.#bound
    return other
  }

  #minimise(given: readonly number[], solve: (assumptions: readonly number[]) => boolean | undefined, most: number): boolean | undefined {
    let stratum = this.#below(Number.POSITIVE_INFINITY)
    for (;;) {
      if (this.#bound > most) return false
      const answer = solve([...given, ...this.#assumptions(stratum)])
      if (answer === undefined) return undefined
      if (answer) {
        if (stratum === 0) return true
        stratum = this.#below(stratum)
        continue
      }
      const core = this.#core(given, solve)
      if (core.length === 0) return false
      this.#found(core, given.length === 0)
    }
  }

  #found(core: readonly number[], unconditional: boolean) {
    const counter = core.length > 1 ? Totalizer.of(this.#sat, core) : undefined
    if (unconditional && core.every(literal => !this.#counters.has(literal))) this.#shared?.push({ core, counter })
    this.#relax(core, counter)
  }

  #penalise(literal: number, weight: number) {
    if (weight <= 0) return
    this.#penalties.set(literal, (this.#penalties.get(literal) ?? 0) + weight)
  }

  /** The next weights below `stratum`, down to half of the heaviest of them; 0 when all weights are covered. */
  #below(stratum: number): number {
    let heaviest = 0
    for (const weight of this.#penalties.values()) if (weight < stratum && weight > heaviest) heaviest = weight
    let least = heaviest
    let rest = false
    for (const weight of this.#penalties.values()) {
      if (weight > heaviest / 2 && weight < least) least = weight
      rest ||= weight <= heaviest / 2
    }
    return rest ? least : 0
  }

  #assumptions(stratum: number): number[] {
    const literals: number[] = []
    for (const [literal, weight] of this.#penalties) if (weight >= stratum) literals.push(-literal)
    return literals
  }

  /** The refutation's penalised literals; a large core is tightened by refuting it again from itself. */
  #core(given: readonly number[], solve: (assumptions: readonly number[]) => boolean | undefined): number[] {
    let core = this.#penalisedIn(this.#sat.core())
    while (core.length > SMALL_CORE) {
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

  /** Does nothing where one of the core costs nothing any more. */
  #relax(core: readonly number[], counter: Totalizer | undefined) {
    let weight = Number.POSITIVE_INFINITY
    for (const literal of core) weight = Math.min(weight, this.#penalties.get(literal) ?? 0)
    if (weight === 0) return
    this.#bound += weight
    for (const literal of core) {
      const left = (this.#penalties.get(literal) ?? 0) - weight
      if (left > 0) this.#penalties.set(literal, left)
      else this.#penalties.delete(literal)
      const counted = this.#counters.get(literal)
      if (counted !== undefined && counted.k < counted.counter.size) this.#count(counted.counter, counted.k + 1, weight)
    }
    if (counter !== undefined) this.#count(counter, 2, weight)
  }

  #count(counter: Totalizer, k: number, weight: number) {
    const output = counter.atLeast(k)
    this.#counters.set(output, { counter, k })
    this.#penalise(output, weight)
  }
}
