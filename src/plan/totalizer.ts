/**
 * A totalizer counts how many of its inputs are true: output k holds when at least k do. Only that direction is encoded, which is
 * enough to bound counts from above; a demand is the other direction. Both are built when asked for. Source: Bailleux & Boufkhad,
 * CP 2003; Martins et al., CP 2014 (incremental form).
 */
import type { Sat } from './sat.ts'

export class Totalizer {
  readonly size: number
  readonly #sat: Sat
  #left: Totalizer | undefined = undefined
  #right: Totalizer | undefined = undefined
  readonly #outputs: number[] = []
  readonly #demands = new Map<number, number>()

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
    )
  }

  static sum(sat: Sat, left: Totalizer, right: Totalizer): Totalizer {
    return new Totalizer(sat, left.size + right.size, [left, right])
  }

  /** The literal that holds when at least `k` inputs are true; 1 ≤ k ≤ size. */
  atLeast(k: number): number {
    while (this.#outputs.length < k) this.#grow()
    const literal = this.#outputs[k - 1]
    if (literal === undefined) throw new RangeError(`no output ${k} of ${this.size}`)
    return literal
  }

  /** Assumptions under which at least `least` and at most `most` inputs are true; `least` is no more than there are. */
  between(least: number, most: number): number[] {
    if (least > this.size) throw new RangeError(`no demand of ${least} out of ${this.size}`)
    return [...(most < this.size ? [-this.atLeast(most + 1)] : []), ...(least > 0 ? [this.#demand(least)] : [])]
  }

  /** A literal that makes at least `k` inputs true, 1 ≤ k ≤ size. */
  #demand(k: number): number {
    const left = this.#left
    const right = this.#right
    if (left === undefined || right === undefined) return this.atLeast(1)
    let demand = this.#demands.get(k)
    if (demand === undefined) {
      demand = this.#sat.newVariable()
      this.#demands.set(k, demand)
      // Where the left part has no more than i, the right part has to have the rest.
      for (let i = 0; i <= Math.min(k - 1, left.size); i++) {
        const clause = [-demand]
        if (i < left.size) clause.push(left.#demand(i + 1))
        if (k - i <= right.size) clause.push(right.#demand(k - i))
        this.#sat.addClause(clause)
      }
    }
    return demand
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

function balanced(sat: Sat, parts: readonly Totalizer[]): Totalizer {
  const only = parts[0]
  if (only === undefined) throw new RangeError('nothing to count')
  if (parts.length === 1) return only
  const middle = parts.length >> 1
  return Totalizer.sum(sat, balanced(sat, parts.slice(0, middle)), balanced(sat, parts.slice(middle)))
}
