/** One package's units in ascending order of version, with range membership worked out once per range. */
import semver, { type Range, type SemVer } from 'semver'
import { breakingLine, compareVersions, parsedRange, parsedVersion } from './ranges.ts'

/** Versions of one package in ascending order; a stand-in's is empty and lies in every range. Kept from one world to the next. */
export class VersionList {
  readonly versions: readonly string[]
  readonly #parsed: readonly (SemVer | undefined)[]
  readonly #within = new Map<string, readonly number[]>()
  readonly #atLeast = new Map<string, number>()

  constructor(versions: readonly string[]) {
    this.versions = versions
    this.#parsed = versions.map(version => parsedVersion(version))
  }

  isSame(versions: readonly string[]): boolean {
    return versions.length === this.versions.length && versions.every((version, at) => version === this.versions[at])
  }

  /** Index of the first version that is not below `floor`. */
  firstAtLeast(floor: string): number {
    let at = this.#atLeast.get(floor)
    if (at === undefined) {
      const found = this.versions.findIndex(version => version === floor || compareVersions(version, floor) >= 0)
      at = found === -1 ? this.versions.length : found
      this.#atLeast.set(floor, at)
    }
    return at
  }

  /** Where versions of a range can lie at all: finding its ends costs much less than testing each version. */
  #span(range: Range): readonly [from: number, to: number] {
    let from = this.versions.length
    let to = 0
    for (const alternative of range.set) {
      let least = 0
      let most = this.versions.length
      for (const { operator, semver: end } of alternative) {
        // `*` has a symbol here.
        if (!(end instanceof semver.SemVer)) continue
        if (operator === '>' || operator === '>=')
          least = Math.max(
            least,
            this.#first(version => version.compare(end) >= 0),
          )
        else {
          most = Math.min(
            most,
            this.#first(version => version.compare(end) > 0),
          )
          if (operator !== '<' && operator !== '<=')
            least = Math.max(
              least,
              this.#first(version => version.compare(end) >= 0),
            )
        }
      }
      from = Math.min(from, least)
      to = Math.max(to, most)
    }
    return [from, to]
  }

  /** The first index of which `holds` is true; it is true of all above. What is no version comes first, stand-ins apart. */
  #first(holds: (version: SemVer) => boolean): number {
    let least = 0
    let most = this.#parsed.length
    while (least < most) {
      const middle = (least + most) >>> 1
      const version = this.#parsed[middle]
      if (version === undefined ? this.versions[middle] === '' : holds(version)) most = middle
      else least = middle + 1
    }
    return least
  }

  /** Indexes of the versions in a range. */
  within(range: string): readonly number[] {
    let found = this.#within.get(range)
    if (found === undefined) {
      const trimmed = range.trim()
      const any = trimmed === '' || trimmed === '*'
      const parsed = any ? undefined : parsedRange(trimmed)
      const [from, to] = parsed === undefined ? [0, 0] : this.#span(parsed)
      found = this.versions.flatMap((version, at) => {
        if (version === '' || any) return [at]
        const of = at < from || at >= to ? undefined : this.#parsed[at]
        return of !== undefined && parsed?.test(of) === true ? [at] : []
      })
      this.#within.set(range, found)
    }
    return found
  }
}

/** One package's units in one world, in the order of its version list. */
export class PackageUnits {
  readonly ids: readonly number[]
  readonly #list: VersionList

  constructor(ids: readonly number[], list: VersionList) {
    this.ids = ids
    this.#list = list
  }

  /** Units in the range that are not below the floor; a stand-in always is among them. */
  within(range: string, floor: string | undefined): readonly number[] {
    const from = floor === undefined ? 0 : this.#list.firstAtLeast(floor)
    const units: number[] = []
    for (const at of this.#list.within(range)) {
      const id = this.ids[at]
      if (id !== undefined && (at >= from || this.#list.versions[at] === '')) units.push(id)
    }
    return units
  }

  atLeast(floor: string | undefined): readonly number[] {
    return this.within('*', floor)
  }
}

/**
 * Published versions passed on the way up from the nearest lower locked one. For a package that is new here there is no way up: the
 * newest of its line is nearest, as npm itself would take it. `order` and `here` ascend.
 */
export function distancesOf(order: readonly string[], here: readonly string[]): ReadonlyMap<string, number> {
  const distances = new Map<string, number>()
  if (here.length === 0) {
    const later = new Map<string, number>()
    for (const version of order.toReversed()) {
      const line = breakingLine(version)
      const passed = (later.get(line) ?? 0) + 1
      later.set(line, passed)
      distances.set(version, passed)
    }
    return distances
  }
  const locked = new Set(here)
  let steps = 0
  for (const version of order) {
    if (locked.has(version)) steps = 0
    else distances.set(version, Math.max(1, ++steps))
  }
  return distances
}
