/** What a plan says of findings, whatever the ecosystem. */
import type { Finding } from '../../model/finding.ts'
import type { Policy } from '../../model/policy.ts'
import type { BuiltWorld, Realisation } from '../../model/world.ts'
import type { Proposal } from '../../plan/propose.ts'

/**
 * What is gone, and what a plan speaks of. A flaw that the new version of a package has as well is not fixed, although the pair of
 * name@version and advisory has changed; it stays under the name of the version that is there now.
 */
export function compareFindings(before: readonly Finding[], after: readonly Finding[], isSelected: (finding: Finding) => boolean) {
  const known = new Set(before.map(({ id }) => id))
  const left = new Set(after.map(({ id }) => id))
  const carried = new Set(after.filter(({ id }) => !known.has(id)).map(({ name, group }) => `${name} ${group}`))
  const fixed = before.filter(({ id, name, group }) => !left.has(id) && !carried.has(`${name} ${group}`))
  const flaws = new Set(before.map(({ name, group }) => `${name} ${group}`))
  const added = after.filter(({ id, name, group }) => !known.has(id) && !flaws.has(`${name} ${group}`))
  return { fixed: fixed.filter(isSelected), shown: [...before.filter(isSelected), ...added] }
}

/** What one finding adds to the risk under a policy. */
export function weightIn({ threshold, weights }: Policy, finding: Finding): number {
  if (finding.ignored !== undefined) return 0
  return finding.severity === 'unscored' || weights[finding.severity] === 0 || RANK[finding.severity] <= RANK[threshold]
    ? weights[finding.severity]
    : 0
}

/** The flags that buy a finding's price: where even the plan with the least risk leaves it, only asking for it alone does. */
export function buys({ leftByAll }: Pick<Proposal<BuiltWorld, Realisation>, 'leftByAll'>, { id, group }: Finding): string {
  return leftByAll.has(id) ? `--only ${group} --budget all` : '--budget all'
}

const RANK = { critical: 0, high: 1, moderate: 2, low: 3, unscored: 4 } as const
