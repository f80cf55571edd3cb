import type { VersionScheme } from './scheme.ts'
import { semver } from './semver.ts'

/** By the ecosystem's name in OSV records, without suffix. */
const SCHEMES: ReadonlyMap<string, VersionScheme> = new Map([
  ['npm', semver],
  ['Go', semver],
  ['crates.io', semver],
])

/**
 * The order of an OSV ecosystem's versions; a suffix (`Debian:12`) does not change it. Undefined where none is known:
 * then only the versions that a record lists by name can match.
 */
export function schemeOf(ecosystem: string): VersionScheme | undefined {
  const colon = ecosystem.indexOf(':')
  return SCHEMES.get(colon < 0 ? ecosystem : ecosystem.slice(0, colon))
}
