/**
 * A totalizer counts how many of its inputs are true: output k holds when at least k do. Only that direction is encoded, which is
 * enough to bound counts from above. Outputs are built when asked for. Source: Bailleux & Boufkhad, CP 2003; Martins et al., CP 2014
 * (incremental form).
 */
import type { Sat } from './sat.ts'

export class Totalizer {
  readonly size: number
  readonly #sat: Sat
  #left: Totalizer | undefined = undefined
  #right: Totalizer | undefined = undefined
  readonly #outputs: number[] = []

  private constructor(sat: Sat, size: number, parts: readonly [Totalizer, Totalizer] | number) {
    this.#sat = sat
    this.size = size
    if (typeof parts === 'number') this.#outputs.push(parts)
    else [this.#left, this.#right] = parts
  }

  static of(sat: Sat, inputs: readonly number[]): Totalizer {
    return balanced(
      sat,
      inputs.map(literal => new Totalizer(sat, 1, literal)),
      Number.POSITIVE_INFINITY,
    )
  }

  /**
   * Counts group by group, and within a group no further than `cap`. Where a model has more than `cap` of one group the count is too
   * low, so a bound stays valid as a relaxation but may have to be asked again with a higher cap.
   */
  static ofGroups(sat: Sat, groups: readonly (readonly number[])[], cap: number): Totalizer {
    const parts = groups.map(group =>
      balanced(
        sat,
        group.map(literal => new Totalizer(sat, 1, literal)),
        cap,
      ),
    )
    return balanced(sat, parts, Number.POSITIVE_INFINITY)
  }

  static sum(sat: Sat, left: Totalizer, right: Totalizer, cap: number): Totalizer {
    return new Totalizer(sat, Math.min(cap, left.size + right.size), [left, right])
  }

  /** The literal that holds when at least `k` inputs are true; 1 ≤ k ≤ size. */
  atLeast(k: number): number {
    while (this.#outputs.length < k) this.#grow()
    const literal = this.#outputs[k - 1]
    if (literal === undefined) throw new RangeError(`no output ${k} of ${this.size}`)
    return literal
  }

  #grow() {
    const left = this.#left
    const right = this.#right
    if (left === undefined || right === undefined) throw new RangeError('a leaf has one output')
    const k = this.#outputs.length + 1
    const output = this.#sat.newVariable()
    this.#outputs.push(output)
    const previous = this.#outputs[k - 2]
    if (previous !== undefined) this.#sat.addClause([-output, previous])
    for (let i = Math.max(0, k - right.size); i <= Math.min(k, left.size); i++) {
      const clause = [output]
      if (i > 0) clause.push(-left.atLeast(i))
      if (k - i > 0) clause.push(-right.atLeast(k - i))
      this.#sat.addClause(clause)
    }
  }
}

function balanced(sat: Sat, parts: readonly Totalizer[], cap: number): Totalizer {
  const only = parts[0]
  if (only === undefined) throw new RangeError('nothing to count')
  if (parts.length === 1) return only
  const middle = parts.length >> 1
  return Totalizer.sum(sat, balanced(sat, parts.slice(0, middle), cap), balanced(sat, parts.slice(middle), cap), cap)
}
