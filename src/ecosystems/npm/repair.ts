/**
 * A lock may lack what its own entries ask for: optional packages of other platforms, which some npm versions forgot. `npm ci` then
 * refuses the whole lock. A fix that changes such a lock completes it, if that takes nothing but versions that may enter; all or none,
 * since npm refuses a lock with one gap as it does one with ten.
 */
import type { PackageFacts } from '../../model/catalogue.ts'
import { type CandidateRules, candidates } from './candidates.ts'
import { type Locked, reachable } from './locked.ts'
import { compareVersions, inRange, parseSpec } from './ranges.ts'
import { type Need, resolve, type Tree, type TreeNode, targetOf } from './tree.ts'

export interface Gap {
  readonly node: TreeNode
  readonly need: Need
}

/** A lock with more gaps than this lacks something else than a few packages of other platforms. */
const MAX_GAPS = 64

/** Needs that nothing serves, other than peers: what npm would fetch if it installed from the lock. */
export function gapsIn(tree: Tree): readonly Gap[] {
  const reached = reachable(tree)
  const gaps: Gap[] = []
  for (const node of tree.values()) {
    if (node.link !== undefined || node.bundledBy !== undefined || !reached.has(node.location)) continue
    for (const need of node.needs) {
      if (need.kind === 'peer' || need.kind === 'peer-optional' || resolve(tree, node.location, need.name) !== undefined) continue
      gaps.push({ node, need })
    }
  }
  return gaps
}

/** Registry packages to read before gaps can be closed; none where there are too many. */
export function packagesOfGaps(gaps: readonly Gap[]): readonly string[] {
  if (gaps.length > MAX_GAPS) return []
  const specs = gaps.map(({ need }) => parseSpec(need.name, need.range))
  return [...new Set(specs.flatMap(spec => (spec.kind === 'immovable' ? [] : [spec.name])))]
}

export interface RepairInput {
  readonly locked: Locked
  readonly chosen: ReadonlyMap<string, readonly string[]>
  readonly packageFacts: (name: string) => PackageFacts | undefined
  readonly rules: CandidateRules
  readonly isOpen: (name: string, version: string) => boolean
}

/** Gaps that npm would not leave: an optional package that no registry has is none. */
export function gapsThatCount(gaps: readonly Gap[], packageFacts: RepairInput['packageFacts']): readonly Gap[] {
  return gaps.filter(({ need }) => {
    const spec = parseSpec(need.name, need.range)
    const facts = spec.kind === 'registry' ? packageFacts(spec.name) : undefined
    if (need.kind !== 'optional' || spec.kind !== 'registry' || facts === undefined) return true
    return facts.versions.some(({ version }) => inRange(version, spec.range))
  })
}

/** The versions to be present so that every gap can be closed; undefined when one cannot. */
export function versionsForGaps(gaps: readonly Gap[], input: RepairInput): ReadonlyMap<string, readonly string[]> | undefined {
  if (gaps.length > MAX_GAPS) return undefined
  const chosen = new Map(input.chosen)
  for (const { need } of gaps) {
    const spec = parseSpec(need.name, need.range)
    if (spec.kind !== 'registry') return undefined
    const present = chosen.get(spec.name) ?? input.locked.versions.get(spec.name) ?? []
    if (present.some(version => inRange(version, spec.range))) continue
    const version = versionForGap(spec, input)
    if (version === undefined) return undefined
    chosen.set(spec.name, [...present, version].sort(compareVersions))
  }
  return chosen
}

/** As npm would choose: what the tag `latest` says where that is in range, else the highest. */
function versionForGap({ name, range }: { readonly name: string; readonly range: string }, input: RepairInput): string | undefined {
  const facts = input.packageFacts(name)
  if (facts === undefined) return undefined
  const admissible = candidates(facts, input.locked.versions.get(name) ?? [], input.rules)
    .filter(({ facts: { version, bundled }, young }) => !young && bundled === undefined && inRange(version, range))
    .map(({ facts: { version } }) => version)
    .filter(version => !input.isOpen(name, version))
  const latest = facts.tags['latest']
  return latest !== undefined && admissible.includes(latest) ? latest : admissible.at(-1)
}

/** Direct needs that the lock serves with another version than package.json asks for. */
export function outOfStep(tree: Tree): readonly Gap[] {
  return [...tree.values()]
    .filter(({ origin, link }) => link === undefined && (origin === 'root' || origin === 'workspace'))
    .flatMap(node => node.needs.map(need => ({ node, need })))
    .filter(({ node, need }) => {
      const spec = parseSpec(need.name, need.range)
      const at = resolve(tree, node.location, need.name)
      const to = at === undefined ? undefined : targetOf(tree, at)
      const peer = need.kind === 'peer' || need.kind === 'peer-optional'
      return !peer && spec.kind === 'registry' && to?.origin === 'registry' && !inRange(to.version, spec.range)
    })
}
