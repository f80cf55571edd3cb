import SemVer from 'semver/classes/semver.js'
import type { VersionScheme } from './scheme.ts'

/**
 * Precedence of Semantic Versioning 2.0 (section 11): pre-releases sort before their release, build metadata does not count.
 * Strict: no leading `v`, no missing part, no white space, although node-semver would forgive them.
 */
const REMEMBERED = 50_000

const parsed = new Map<string, SemVer | null>()

function parse(version: string): SemVer | null {
  const known = parsed.get(version)
  if (known !== undefined) return known
  if (parsed.size >= REMEMBERED) parsed.clear()
  const fresh = parseStrictly(version)
  parsed.set(version, fresh)
  return fresh
}

function parseStrictly(version: string): SemVer | null {
  if (!/^\d\S+$/.test(version)) return null
  try {
    return new SemVer(version)
  } catch {
    // node-semver throws for whatever is not SemVer, and for numbers beyond 2^53: neither can be ordered.
    return null
  }
}

function demand(version: string): SemVer {
  const found = parse(version)
  if (found === null) throw new TypeError(`not a semantic version: ${version}`)
  return found
}

export const semver: VersionScheme = {
  compare: (a, b) => demand(a).compare(demand(b)),
  valid: version => parse(version) !== null,
  bound(text) {
    // A bound that stops early means the first version there is: `fixed: 8.0` ends before 8.0.0.
    const whole = /^\d+$/.test(text) ? `${text}.0.0` : /^\d+\.\d+$/.test(text) ? `${text}.0` : text
    return parse(whole) === null ? undefined : whole
  },
}
