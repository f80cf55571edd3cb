/** Inventory × advisories → findings: one for each name@version and alias group, however many places or binary packages hold it. */
import type { AdvisoryDatabase, AdvisoryMatch } from '../model/advisory.ts'
import type { Finding } from '../model/finding.ts'
import type { Inventory, Subject } from '../model/inventory.ts'
import type { Policy } from '../model/policy.ts'
import { SEVERITIES } from '../model/severity.ts'

/** Components whose content is known by name and version: what a registry served, bundled or not. */
const MATCHABLE: ReadonlySet<string> = new Set(['registry', 'bundled'])

export function findingsOf(inventory: Inventory, database: Pick<AdvisoryDatabase, 'match'>, policy: Policy, now: Date): readonly Finding[] {
  const places = new Map<string, { subject: Subject; locations: string[] }>()
  for (const component of inventory.components) {
    if (!MATCHABLE.has(component.origin)) continue
    const subject = component.subject ?? { ...component, ecosystem: inventory.target.ecosystem }
    const known = places.get(subject.purl)
    if (known === undefined) places.set(subject.purl, { subject, locations: [component.location] })
    else known.locations.push(component.location)
  }
  const findings: Finding[] = []
  const known = new Set<string>()
  for (const { subject, locations } of places.values()) {
    const { ecosystem, name, version, purl } = subject
    for (const match of database.match(ecosystem, name, version)) {
      const ignored = ignoredBy(policy, name, match, now)
      const plain = findingId(name, version, match.group)
      // One record may be about packages of two ecosystems that have the same name.
      const id = known.has(plain) ? `${ecosystem}:${plain}` : plain
      known.add(id)
      findings.push({
        id,
        name,
        version,
        purl,
        group: match.group,
        ids: match.ids,
        severity: match.severity,
        ...(match.score === undefined ? {} : { score: match.score }),
        locations: locations.toSorted(),
        ...(ignored === undefined ? {} : { ignored }),
      })
    }
  }
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.id < b.id ? -1 : 1))
}

export function findingId(name: string, version: string, group: string): string {
  return `${name}@${version}:${group}`
}

/** What one advisory on a package adds to the risk under a policy; 0 below the threshold or where it is ignored. */
export function weightOf(policy: Policy, name: string, match: AdvisoryMatch, now: Date): number {
  if (ignoredBy(policy, name, match, now) !== undefined) return 0
  const counts = match.severity === 'unscored' || SEVERITIES.indexOf(match.severity) <= SEVERITIES.indexOf(policy.threshold)
  return counts ? policy.weights[match.severity] : 0
}

function ignoredBy(policy: Policy, name: string, match: AdvisoryMatch, now: Date): Finding['ignored'] {
  const today = now.toISOString().slice(0, 10)
  const rule = policy.ignore.find(
    other =>
      match.ids.includes(other.advisory) &&
      (other.package === undefined || other.package === name) &&
      (other.expires === undefined || other.expires >= today),
  )
  return rule === undefined ? undefined : { reason: rule.reason, ...(rule.expires === undefined ? {} : { expires: rule.expires }) }
}
