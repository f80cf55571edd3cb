/**
 * A made-up registry with the shape of a real one: packages that publish over time, carets on what was newest then, a few tight ranges,
 * majors that break. The same seed gives the same registry on every machine. Dependencies point to later packages only, so it has no cycle.
 */
import { createHash } from 'node:crypto'

export interface Random {
  (): number
  /** A whole number below `bound`. */
  below(bound: number): number
  pick<T>(items: readonly T[]): T
}

/** mulberry32: small, fast, the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
  return Object.assign(next, { below, pick })
}

export interface MadeVersion {
  readonly version: string
  /** When it was published, 0 to 1. */
  readonly at: number
  readonly dependencies: ReadonlyMap<string, string>
}

export interface MadePackage {
  readonly name: string
  /** Ascending, in the order of publishing. */
  readonly versions: readonly MadeVersion[]
}

export interface RegistrySize {
  readonly packages: number
  readonly versions: number
  /** Mean number of dependencies of a version. */
  readonly needs: number
}

/** Stands for the archive's digest; there is no archive. */
export const integrityOf = (name: string, version: string): string =>
  `sha512-${createHash('sha512').update(`${name}@${version}`).digest('base64')}`

export const nameOf = (index: number): string => `made-${String(index).padStart(4, '0')}`

function numbers(random: Random, count: number): string[] {
  let [major, minor, patch] = random() < 0.08 ? [0, 1, 0] : [1, 0, 0]
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) {
      const step = random()
      if (step < 0.025) [major, minor, patch] = [major + 1, 0, 0]
      else if (step < 0.35) [minor, patch] = [minor + 1, 0]
      else patch++
    }
    return `${major}.${minor}.${patch}`
  })
}

function rangeOn(random: Random, version: string): string {
  const kind = random()
  if (kind < 0.95) return `^${version}`
  if (kind < 0.96) return `~${version}`
  return kind < 0.97 ? version : `>=${version}`
}

/** The newest version published by then; the first, if none was. */
export function newestAt(made: MadePackage, at: number): MadeVersion {
  const found = made.versions.findLast(version => version.at <= at) ?? made.versions[0]
  if (found === undefined) throw new RangeError(`${made.name} has no version`)
  return found
}

export function makeRegistry(size: RegistrySize, random: Random): MadePackage[] {
  const made = new Map<number, MadePackage>()
  // From the last to the first: what a package depends on is there already.
  for (let index = size.packages - 1; index >= 0; index--) {
    const later = size.packages - index - 1
    const target = (): number => index + 1 + Math.floor(later * random() ** 2)
    const wanted = new Set<number>()
    const mean = Math.min(later, size.needs)
    while (wanted.size < Math.min(later, Math.floor(mean * 2 * random() + 0.5))) wanted.add(target())
    const moments = Array.from({ length: size.versions }, () => random()).sort((a, b) => a - b)
    const ranges = new Map<number, string>()
    const versions = numbers(random, size.versions).map((version, step): MadeVersion => {
      const at = moments[step] ?? 0
      if (later > 0 && random() < 0.05) wanted.add(target())
      if (wanted.size > 1 && random() < 0.05) wanted.delete(random.pick([...wanted]))
      for (const each of wanted) {
        const dependency = made.get(each)
        // Ranges are refreshed now and then, as maintainers do.
        if (dependency !== undefined && (!ranges.has(each) || random() < 0.25))
          ranges.set(each, rangeOn(random, newestAt(dependency, at).version))
      }
      const sorted = [...wanted].sort((a, b) => a - b)
      return { version, at, dependencies: new Map(sorted.map(each => [nameOf(each), ranges.get(each) ?? '*'])) }
    })
    made.set(index, { name: nameOf(index), versions })
  }
  return [...made.values()].reverse()
}
