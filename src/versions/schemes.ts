import { deb } from './deb.ts'
import { maven } from './maven.ts'
import { python } from './python.ts'
import type { VersionScheme } from './scheme.ts'
import { cargo, go } from './semantic.ts'
import { semver } from './semver.ts'

interface Ordered {
  readonly scheme: VersionScheme
  /** What follows the colon is a release of the whole distribution: a record that names none is about all of them. */
  readonly releases: boolean
}

/** By the ecosystem's name in OSV records, without suffix. */
const ECOSYSTEMS: ReadonlyMap<string, Ordered> = new Map([
  ['npm', { scheme: semver, releases: false }],
  ['PyPI', { scheme: python, releases: false }],
  ['Maven', { scheme: maven, releases: false }],
  ['Go', { scheme: go, releases: false }],
  ['crates.io', { scheme: cargo, releases: false }],
  ['Debian', { scheme: deb, releases: true }],
  ['Ubuntu', { scheme: deb, releases: true }],
])

/**
 * The order of an OSV ecosystem's versions; a suffix (`Debian:12`) does not change it. Undefined where none is known:
 * then only the versions that a record lists by name can match.
 */
export function schemeOf(ecosystem: string): VersionScheme | undefined {
  return ECOSYSTEMS.get(withoutSuffix(ecosystem))?.scheme
}

/** The ecosystems whose records are about packages of this one: itself, and `Debian` for `Debian:12`. */
export function ecosystemsThatCover(ecosystem: string): readonly string[] {
  const whole = withoutSuffix(ecosystem)
  return whole !== ecosystem && ECOSYSTEMS.get(whole)?.releases === true ? [ecosystem, whole] : [ecosystem]
}

function withoutSuffix(ecosystem: string): string {
  const colon = ecosystem.indexOf(':')
  return colon < 0 ? ecosystem : ecosystem.slice(0, colon)
}
