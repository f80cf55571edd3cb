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
  const lowest = [...locked].sort(compareVersions)[0]
  const here = of.versions.filter(({ version }) => locked.includes(version))
  const allowed: Allowed = {
    deprecated: here.some(({ deprecated }) => deprecated),
    preRelease: locked.some(version => (parsedVersion(version)?.prerelease.length ?? 0) > 0),
    node: rules.node !== undefined && here.some(({ node }) => !runsOn(node, rules.node)) ? undefined : rules.node,
  }
  const found: Candidate[] = []
  for (const facts of of.versions) {
    if (locked.includes(facts.version) || !isAdmissible(of.name, facts, allowed, rules)) continue
    if (lowest !== undefined && compareVersions(facts.version, lowest) < 0) continue
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

interface Allowed {
  readonly deprecated: boolean
  readonly preRelease: boolean
  readonly node: string | undefined
}

function isAdmissible(name: string, facts: VersionFacts, allowed: Allowed, rules: CandidateRules): boolean {
  const parsed = parsedVersion(facts.version)
  if (parsed === undefined) return false
  if (parsed.prerelease.length > 0 && !allowed.preRelease) return false
  if (facts.deprecated === true && !allowed.deprecated) return false
  // A shrinkwrap decides about what is below it, and its content is not in the metadata.
  if (facts.hasShrinkwrap === true) return false
  if (rules.needsIntegrity && facts.integrity === undefined) return false
  if (rules.before !== undefined && !(Date.parse(facts.published ?? '') <= rules.before.getTime())) return false
  const pin = Object.hasOwn(rules.policy.pin, name) ? rules.policy.pin[name] : undefined
  if (pin !== undefined && !inRange(facts.version, pin)) return false
  return runsOn(facts.node, allowed.node)
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
