/** What a world is built from, and what comes of it. */
import type { AdvisoryMatch } from '../../model/advisory.ts'
import type { Catalogue, VersionFacts } from '../../model/catalogue.ts'
import type { BuiltWorld, Relaxation, WorldState } from '../../model/world.ts'
import type { BundleNode } from './bundles.ts'
import type { CandidateRules } from './candidates.ts'
import { coneOfInfluence, type Locked } from './locked.ts'
import type { OverrideRule } from './overrides.ts'
import type { Need } from './tree.ts'
import type { WorldMemo } from './world-memo.ts'

/** How much one advisory on one package weighs; `aside` where the user asked about others only. */
export interface Weight {
  readonly weight: number
  readonly aside: number
}

export interface WorldInput extends WorldState {
  readonly locked: Locked
  readonly catalogue: Catalogue
  readonly rules: CandidateRules
  readonly overrides: readonly OverrideRule[]
  readonly match: (name: string, version: string) => readonly AdvisoryMatch[]
  readonly weigh: (name: string, match: AdvisoryMatch) => Weight
  /** Whether the manifest of a folder can be given another range for a need. */
  readonly isRaisable: (location: string, need: Need) => boolean
  /** What building one world learns that the next can use. */
  readonly memo: WorldMemo
  /** What a version's archive bundles; undefined until it was read. */
  readonly bundleOf: (name: string, version: string) => readonly BundleNode[] | undefined
}

export interface NpmWorld extends BuiltWorld {
  /** Facts of each new unit, by unit id. */
  readonly facts: ReadonlyMap<number, VersionFacts>
  readonly young: ReadonlySet<number>
  /** Packages whose versions are chosen; all others stay as they are. */
  readonly movable: ReadonlySet<string>
}

/** Packages that carry a finding that weighs, or bundle one: told apart from the start. */
export function vulnerablePackages({ locked, match, weigh }: Pick<WorldInput, 'locked' | 'match' | 'weigh'>): readonly string[] {
  const found = new Set<string>()
  for (const unit of locked.units.values()) {
    const carried = unit.nodes.flatMap(node => [node, ...(locked.bundles.get(node.location) ?? [])])
    if (carried.some(node => match(node.packageName, node.version).some(other => weigh(node.packageName, other).weight > 0)))
      found.add(unit.package)
  }
  return [...found].sort()
}

/** Packages that carry a finding that weighs, and all from which one is reached. */
export function coneOf({ locked, match, weigh }: Pick<WorldInput, 'locked' | 'match' | 'weigh'>): ReadonlySet<string> {
  return coneOfInfluence(locked, (name, version) => match(name, version).filter(found => weigh(name, found).weight > 0))
}

/** The ladder beyond a range: a project's own range may be raised, a package's may be overridden for that package alone. */
export interface Relaxed extends Pick<Relaxation, 'kind'> {
  /** Location of the manifest, or the package whose need is overridden. */
  readonly owner: string
  readonly name?: string
}
