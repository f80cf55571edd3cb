/** Which published versions may enter the lock: the policy's and npm's hard rules, applied to one package. */

import semver from 'semver'
import type { PackageFacts, VersionFacts } from '../../model/catalogue.ts'
import type { Policy } from '../../model/policy.ts'
import { breakingLine, compareVersions, inRange, parsedRange, parsedVersion } from './ranges.ts'

export interface CandidateRules {
  readonly policy: Policy
  /** The Node.js range the project declares, if any. */
  readonly node: string | undefined
  readonly now: Date
  /** npm's own `before` (or `min-release-age`): nothing published later may enter. */
  readonly before?: Date
  /** The lock records integrity values, so a version without one cannot enter. */
  readonly needsIntegrity: boolean
}

export interface Candidate {
  readonly facts: VersionFacts
  /** Younger than the cool-down: it may enter only as a logged security exception. */
  readonly young: boolean
}

/** Admissible versions above the lowest locked one, ascending. `locked` are the versions in the lock now. */
export function candidates(of: PackageFacts, locked: readonly string[], rules: CandidateRules): readonly Candidate[] {
  if (rules.policy.hold.includes(of.name)) return []
  const allowed = allowedBeside(of, locked, rules)
  const found: Candidate[] = []
  for (const facts of of.versions) {
    if (locked.includes(facts.version) || refusalOf(of.name, facts, allowed, rules) !== undefined) continue
    const young = isYoung(facts, rules)
    if (!young || rules.policy.coolDown.exceptSecurity) found.push({ facts, young })
  }
  return newestBundlersOnly(found)
}

/** What a version bundles is known only from its archive; so that few have to be read, only the newest bundling version of each line counts. */
function newestBundlersOnly(found: readonly Candidate[]): readonly Candidate[] {
  const newest = new Map<string, string>()
  for (const { facts } of found) if (facts.bundled !== undefined) newest.set(breakingLine(facts.version), facts.version)
  return found.filter(({ facts }) => facts.bundled === undefined || newest.get(breakingLine(facts.version)) === facts.version)
}

/** Why a version may not enter, in the words that finish "it is …". */
export type Refusal =
  | 'held'
  | 'no version'
  | 'a pre-release'
  | 'deprecated'
  | 'shrinkwrapped'
  | 'without an integrity value'
  | 'later than npm’s before'
  | 'outside the pin'
  | 'for another Node.js'
  | 'lower than any that the lock has'

/** Undefined where the version may enter or is in the lock already. */
export function refusal(of: PackageFacts, locked: readonly string[], rules: CandidateRules, version: string): Refusal | undefined {
  const facts = of.versions.find(other => other.version === version)
  if (facts === undefined || locked.includes(version)) return undefined
  if (rules.policy.hold.includes(of.name)) return 'held'
  return refusalOf(of.name, facts, allowedBeside(of, locked, rules), rules)
}

interface Allowed {
  readonly lowest: string | undefined
  readonly deprecated: boolean
  readonly preRelease: boolean
  readonly node: string | undefined
}

/** What the versions that are there already make admissible. */
function allowedBeside(of: PackageFacts, locked: readonly string[], rules: CandidateRules): Allowed {
  const here = of.versions.filter(({ version }) => locked.includes(version))
  return {
    lowest: [...locked].sort(compareVersions)[0],
    deprecated: here.some(({ deprecated }) => deprecated),
    preRelease: locked.some(version => (parsedVersion(version)?.prerelease.length ?? 0) > 0),
    node: rules.node !== undefined && here.some(({ node }) => !runsOn(node, rules.node)) ? undefined : rules.node,
  }
}

function refusalOf(name: string, facts: VersionFacts, allowed: Allowed, rules: CandidateRules): Refusal | undefined {
  const parsed = parsedVersion(facts.version)
  if (parsed === undefined) return 'no version'
  if (parsed.prerelease.length > 0 && !allowed.preRelease) return 'a pre-release'
  if (facts.deprecated === true && !allowed.deprecated) return 'deprecated'
  // A shrinkwrap decides about what is below it, and its content is not in the metadata.
  if (facts.hasShrinkwrap === true) return 'shrinkwrapped'
  if (rules.needsIntegrity && facts.integrity === undefined) return 'without an integrity value'
  if (rules.before !== undefined && !(Date.parse(facts.published ?? '') <= rules.before.getTime())) return 'later than npm’s before'
  const pin = Object.hasOwn(rules.policy.pin, name) ? rules.policy.pin[name] : undefined
  if (pin !== undefined && !inRange(facts.version, pin)) return 'outside the pin'
  if (!runsOn(facts.node, allowed.node)) return 'for another Node.js'
  return allowed.lowest !== undefined && compareVersions(facts.version, allowed.lowest) < 0 ? 'lower than any that the lock has' : undefined
}

/** Whether some Node.js that the project accepts can run it. */
function runsOn(engine: string | undefined, project: string | undefined): boolean {
  if (engine === undefined || project === undefined) return true
  if (parsedRange(engine) === undefined || parsedRange(project) === undefined) return true
  return semver.intersects(engine, project, { loose: true, includePrerelease: true })
}

function isYoung(facts: VersionFacts, { policy, now }: CandidateRules): boolean {
  if (policy.coolDown.days <= 0) return false
  if (facts.published === undefined) return true
  return now.getTime() - Date.parse(facts.published) < policy.coolDown.days * 86_400_000
}
