import semver from 'semver'

/**
 * What a dependency's right-hand side asks for. Only `registry` needs can be served by another version; everything else
 * (git, file, url, workspace) is immovable. Source: npm's package specifier documentation.
 */
export type Spec =
  | { readonly kind: 'registry'; readonly name: string; readonly range: string }
  | { readonly kind: 'tag'; readonly name: string; readonly tag: string }
  | { readonly kind: 'immovable' }

const specs = new Map<string, Spec>()

/** Parses `range` as declared for `name`; `npm:other@range` is an alias of another package. */
export function parseSpec(name: string, range: string): Spec {
  const key = `${name}\n${range}`
  let spec = specs.get(key)
  if (spec === undefined) {
    spec = readSpec(name, range.trim())
    specs.set(key, spec)
  }
  return spec
}

function readSpec(name: string, range: string): Spec {
  if (range.startsWith('npm:')) {
    const target = range.slice(4)
    const at = target.indexOf('@', 1)
    const aliased = at === -1 ? target : target.slice(0, at)
    const rest = at === -1 ? '*' : target.slice(at + 1)
    return rest.startsWith('npm:') ? { kind: 'immovable' } : readSpec(aliased, rest)
  }
  if (parsedRange(range) !== undefined) return { kind: 'registry', name, range }
  if (/^[a-z0-9][a-z0-9._-]*$/i.test(range)) return { kind: 'tag', name, tag: range }
  return { kind: 'immovable' }
}

const ranges = new Map<string, semver.Range | null>()

/** Bounds: comparing two ranges takes the product of their comparators; the longest that packages publish have about a hundred. */
const LONGEST_RANGE = 2048
const MAX_COMPARATORS = 256

/** The range, parsed loosely as npm does; undefined when it is not a version range. Cached. */
export function parsedRange(range: string): semver.Range | undefined {
  let parsed = ranges.get(range)
  if (parsed === undefined) {
    parsed = readRange(range)
    ranges.set(range, parsed)
  }
  return parsed ?? undefined
}

function readRange(range: string): semver.Range | null {
  if (range.length > LONGEST_RANGE) return null
  try {
    const parsed = new semver.Range(range, true)
    return parsed.set.reduce((sum, alternative) => sum + alternative.length, 0) <= MAX_COMPARATORS ? parsed : null
  } catch {
    return null
  }
}

const intersections = new Map<string, boolean>()

/** Whether some version lies in both; false where one of them is no range. Cached. */
export function rangesIntersect(one: string, other: string): boolean {
  const key = `${one}\n${other}`
  let meet = intersections.get(key)
  if (meet === undefined) {
    const left = parsedRange(one)
    const right = parsedRange(other)
    meet = left !== undefined && right !== undefined && left.intersects(right, true)
    intersections.set(key, meet)
  }
  return meet
}

const versions = new Map<string, semver.SemVer | null>()

export function parsedVersion(version: string): semver.SemVer | undefined {
  let parsed = versions.get(version)
  if (parsed === undefined) {
    parsed = semver.parse(version, true)
    versions.set(version, parsed)
  }
  return parsed ?? undefined
}

/** Whether npm takes `version` for `range`: `*` takes anything, pre-releases only match ranges that name their triple. */
export function inRange(version: string, range: string): boolean {
  const trimmed = range.trim()
  if (trimmed === '*' || trimmed === '') return true
  const parsed = parsedRange(trimmed)
  const of = parsedVersion(version)
  return parsed !== undefined && of !== undefined && parsed.test(of)
}

/** Order of versions; those that are not SemVer sort first, as text. */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0
  const left = parsedVersion(a)
  const right = parsedVersion(b)
  if (left === undefined || right === undefined) {
    if (left !== undefined) return 1
    if (right !== undefined) return -1
    return a < b ? -1 : 1
  }
  return left.compare(right) || (a < b ? -1 : 1)
}

/** The line whose crossing users call breaking: the major, for 0.x the minor, for 0.0.x the patch. */
export function breakingLine(version: string): string {
  const parsed = parsedVersion(version)
  if (parsed === undefined) return version
  if (parsed.major > 0) return `${parsed.major}`
  return parsed.minor > 0 ? `0.${parsed.minor}` : `0.0.${parsed.patch}`
}
