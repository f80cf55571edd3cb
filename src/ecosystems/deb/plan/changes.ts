/** Moves as changes for people: what each removes, or which relation makes it necessary. */
import type { Finding } from '../../../model/finding.ts'
import type { Change } from '../../../model/plan.ts'
import { type DebPackage, packageKey, type RelationGroup } from '../package.ts'
import { excludes, printGroup, printRelation } from '../relations.ts'
import { isYoung } from './candidates.ts'
import { named } from './check.ts'
import { type ImagePackages, isBroken } from './image.ts'
import { needsOf, PackageIndex } from './package-index.ts'
import type { DebPlanning, Move, Realised } from './planning.ts'
import { lineOf, releaseKind } from './upstream.ts'

/** Fixes first, each group by name. `fixed` are the findings, by source package, that were there and are gone. */
export function changesOf(planning: DebPlanning, realised: Realised, fixed: readonly Finding[]): readonly Change[] {
  const { rules } = planning.input
  const index = new PackageIndex<string>()
  for (const [key, item] of realised.after) index.add(item, key)
  const changes = realised.moves.map((move): Change => {
    const { key, from, to } = move
    const fixes = fixed.filter(({ name, version }) => name === from?.source.name && version === from.source.version)
    const asked = planning.updates.keys.has(key) && from !== undefined
    const reason =
      fixes.length > 0
        ? removes(fixes)
        : (reasonFor(planning.image, index, realised.moves, move) ?? (asked ? 'a security update, as asked' : undefined))
    return {
      name: to.name,
      ...(from === undefined ? {} : { from: from.version }),
      to: to.version,
      locations: [key],
      why: fixes.length > 0 || asked ? 'fix' : 'need',
      because: reason ?? 'comes with the change',
      fixes: fixes.map(({ id }) => id),
      breaking: from !== undefined && lineOf(from.version) !== lineOf(to.version),
      installScript: false,
      ...(from === undefined ? {} : { release: releaseKind(from.version, to.version) }),
      ...(isYoung(to, rules) ? { coolDownException: { published: to.suite.date, days: rules.policy.coolDown.days } } : {}),
    }
  })
  return changes.sort((a, b) => Number(a.why === 'need') - Number(b.why === 'need') || (key(a) < key(b) ? -1 : 1))
}

function key({ locations }: Change): string {
  return locations[0] ?? ''
}

/** A package can have a hundred flaws; all are in the plan's findings. */
const MOST_NAMED = 3

function removes(fixes: readonly Finding[]): string {
  const ids = fixes.map(({ ids, group }) => ids.find(id => id.startsWith('CVE-')) ?? group)
  if (ids.length > MOST_NAMED) return `removes ${ids.slice(0, MOST_NAMED - 1).join(', ')} and ${ids.length - MOST_NAMED + 1} more`
  return `removes ${ids.length < 2 ? ids.join('') : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`}`
}

/** The relation that would break if this package alone stayed as it was. */
function reasonFor(
  image: ImagePackages,
  after: PackageIndex<string>,
  moves: readonly Move[],
  { key: own, from, to }: Move,
): string | undefined {
  const { native } = image
  const isLost = (group: RelationGroup, architecture: string) => !after.isServedWith(group, { architecture, native }, own, from)
  for (const { key: other, to: mover } of moves) {
    if (other === own) continue
    const needed = needsOf(mover).find(group => group.some(({ name }) => isCalled(name, to)) && isLost(group, mover.architecture))
    if (needed !== undefined) return `${named(mover)} needs ${printGroup(needed)}`
    const excluded = from === undefined ? undefined : exclusionOf(mover, from, native)
    if (excluded !== undefined) return `${named(mover)} cannot stand beside ${excluded}`
  }
  if (from === undefined) return undefined
  const held = needsOf(from).find(group => isLost(group, from.architecture) && !isBroken(image, own, group, from.architecture))
  if (held !== undefined) return `at ${from.version} it needs ${printGroup(held)}`
  for (const { key: other, to: mover } of moves) {
    const excluded = other === own ? undefined : exclusionOf(from, mover, native)
    if (excluded !== undefined) return `at ${from.version} it cannot stand beside ${excluded}`
    if (other !== own && mover.name === from.name) return `${packageKey(mover)} moves, and its architectures share one version`
  }
  return undefined
}

function isCalled(name: string, item: DebPackage): boolean {
  return item.name === name || item.provides.some(provided => provided.name === name)
}

function exclusionOf(owner: DebPackage, item: DebPackage, native: string): string | undefined {
  const relation = [...owner.breaks, ...owner.conflicts].find(other => excludes(other, item, owner, native))
  return relation === undefined ? undefined : printRelation(relation)
}
