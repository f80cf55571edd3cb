/**
 * A version may be accepted by all who would use it and still have no way in: something that it brings may not enter. Found from the
 * version downwards, as far as the registry was read: a need is met when one version in its range may enter and has its own needs met.
 */
import type { PackageFacts, VersionFacts } from '../../model/catalogue.ts'
import { declaredByFacts } from './build-tree.ts'
import { type CandidateRules, refusal } from './candidates.ts'
import { inRange, parseSpec } from './ranges.ts'

export interface HeldInput {
  readonly locked: (name: string) => readonly string[]
  /** Versions that could be taken, ascending, locked ones included. */
  readonly admissible: (name: string) => readonly string[]
  readonly factsOf: (name: string, version: string) => VersionFacts | undefined
  readonly packageFacts: (name: string) => PackageFacts | undefined
  readonly rules: CandidateRules
}

/** A need that nothing admissible meets, and whose it is. */
export interface Held {
  readonly owner: string
  readonly name: string
  readonly range: string
  /** Why nothing in the range may enter: the end of a sentence. */
  readonly because: string
}

const MAX_DEPTH = 40

/** Answers what keeps a version out; undefined when nothing that was read does. */
export function heldBelow(input: HeldInput): (name: string, version: string) => Held | undefined {
  const known = new Map<string, Held | undefined>()
  const ranges = new Map<string, readonly string[]>()
  const admissibleIn = (name: string, range: string): readonly string[] => {
    const key = `${name}\n${range}`
    const within = ranges.get(key) ?? input.admissible(name).filter(version => inRange(version, range))
    ranges.set(key, within)
    return within
  }
  const visit = (name: string, version: string, depth: number): Held | undefined => {
    const key = `${name}@${version}`
    if (known.has(key) || depth > MAX_DEPTH || input.locked(name).includes(version)) return known.get(key)
    // Cycles hold nobody out.
    known.set(key, undefined)
    const found = firstUnmet(name, version, depth)
    known.set(key, found)
    return found
  }
  const firstUnmet = (owner: string, version: string, depth: number): Held | undefined => {
    const facts = input.factsOf(owner, version)
    for (const { name, range, kind } of facts === undefined ? [] : declaredByFacts(facts)) {
      const spec = parseSpec(name, range)
      const bundled = facts?.bundled === true || facts?.bundled?.includes(name) === true
      if (kind !== 'runtime' || spec.kind !== 'registry' || bundled) continue
      const published = input.packageFacts(spec.name)
      if (published === undefined) continue
      const admissible = admissibleIn(spec.name, spec.range)
      if (admissible.length === 0)
        return { owner: `${owner}@${version}`, name: spec.name, range, because: whyNone(input, published, spec.range) }
      const newest = visit(spec.name, admissible.at(-1) ?? '', depth + 1)
      const others = admissible.slice(0, -1).reverse()
      if (newest !== undefined && others.every(other => visit(spec.name, other, depth + 1) !== undefined)) return newest
    }
    return undefined
  }
  return (name, version) => visit(name, version, 0)
}

function whyNone({ locked, rules }: HeldInput, published: PackageFacts, range: string): string {
  const within = published.versions.map(({ version }) => version).filter(version => inRange(version, range))
  const highest = within.at(-1)
  if (highest === undefined) return `no version of ${published.name} in that range is published`
  const here = locked(published.name)
  const why = refusal(published, here, rules, highest) ?? 'younger than the cool-down allows'
  return `${published.name} ${highest}, the newest in that range, is ${why}${why.startsWith('lower') ? ` (${here.join(', ')})` : ''}`
}
