/**
 * Fewer candidates, same optimum. A version goes when another of its package is at least as good in every respect: serves every need that
 * it serves, needs nothing more, and costs no more. Repeated, because needs disappear with the versions that had them.
 */

export interface Wanted {
  readonly package: string
  readonly range: string
  /** Nothing lower serves: what the consumer has now. */
  readonly floor: string | undefined
  /** Versions that serve whatever the range says: the lock resolved to them. */
  readonly also: readonly string[]
}

export interface Candidate {
  readonly name: string
  readonly version: string
  readonly locked: boolean
  readonly risk: number
  /** The breaking line that it gains. */
  readonly line: string | undefined
  /** Counts as a new version. */
  readonly fresh: boolean
  readonly needs: readonly Wanted[]
}

type Admits = (wanted: Wanted, version: string) => boolean

const keyOf = (wanted: Wanted): string => JSON.stringify([wanted.package, wanted.range, wanted.floor, wanted.also])

interface Weighed {
  readonly candidate: Candidate
  /** The needs that it serves, one bit each. */
  readonly serves: bigint
  readonly needs: ReadonlySet<string>
}

const covers = (u: bigint, v: bigint): boolean => (u & v) === v

function dominates(u: Weighed, v: Weighed): boolean {
  if (u.candidate.risk > v.candidate.risk || (u.candidate.fresh && !v.candidate.fresh)) return false
  if (u.candidate.line !== undefined && u.candidate.line !== v.candidate.line) return false
  return covers(u.serves, v.serves) && u.needs.size <= v.needs.size && [...u.needs].every(need => v.needs.has(need))
}

export function dropDominated(
  candidates: readonly Candidate[],
  fixed: readonly Wanted[],
  open: ReadonlySet<string>,
  admits: Admits,
): Candidate[] {
  let left = [...candidates]
  for (;;) {
    const wanted = new Map<string, Wanted>()
    for (const need of [...fixed, ...left.flatMap(candidate => candidate.needs)]) if (open.has(need.package)) wanted.set(keyOf(need), need)
    const byPackage = Map.groupBy(wanted.values(), need => need.package)
    const kept = [...Map.groupBy(left, candidate => candidate.name)].flatMap(([name, group]) => {
      const needs = byPackage.get(name) ?? []
      const weighed = group.map(
        (candidate): Weighed => ({
          candidate,
          serves: needs.reduce((bits, need, index) => (admits(need, candidate.version) ? bits | (1n << BigInt(index)) : bits), 0n),
          needs: new Set(candidate.needs.map(keyOf)),
        }),
      )
      const stays: Weighed[] = []
      // What is locked stays; then each version only if none that stays is as good, and those that it beats go.
      for (const one of weighed.toSorted((a, b) => Number(b.candidate.locked) - Number(a.candidate.locked))) {
        if (!one.candidate.locked && (one.serves === 0n || stays.some(other => dominates(other, one)))) continue
        const beaten = stays.filter(other => !other.candidate.locked && dominates(one, other))
        for (const other of beaten) stays.splice(stays.indexOf(other), 1)
        stays.push(one)
      }
      return stays.map(one => one.candidate)
    })
    if (kept.length === left.length) return kept
    left = kept
  }
}
