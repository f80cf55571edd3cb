/** One package's units in ascending order of version, with range membership worked out once per range. */
import type { SemVer } from 'semver'
import { breakingLine, compareVersions, parsedRange, parsedVersion } from './ranges.ts'

interface Versioned {
  readonly version: string
  readonly standIn: boolean
}

export class PackageUnits {
  readonly ids: readonly number[]
  readonly #parsed: readonly (SemVer | undefined)[]
  readonly #versions: readonly string[]
  readonly #within = new Map<string, readonly number[]>()

  constructor(ids: readonly number[], units: readonly Versioned[]) {
    this.ids = ids
    this.#versions = ids.map((id) => units[id]?.version ?? '')
    this.#parsed = this.#versions.map((version) => parsedVersion(version))
  }

  /** Index of the first unit that is not below `floor`. */
  firstAtLeast(floor: string): number {
    const at = this.#versions.findIndex((version) => version === floor || compareVersions(version, floor) >= 0)
    return at === -1 ? this.ids.length : at
  }

  /** Units in the range; a stand-in is in every range. */
  within(range: string, units: readonly Versioned[]): readonly number[] {
    let found = this.#within.get(range)
    if (found === undefined) {
      const any = range.trim() === '' || range.trim() === '*'
      const parsed = parsedRange(range.trim())
      found = this.ids.filter((id, at) => {
        const version = this.#parsed[at]
        return units[id]?.standIn === true || any || (version !== undefined && parsed?.test(version) === true)
      })
      this.#within.set(range, found)
    }
    return found
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
