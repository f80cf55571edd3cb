/** An npm project's side of planning: worlds for the planner, and a placed tree for what the planner chose. */
import type { AdvisoryMatch } from '../../model/advisory.ts'
import type { Catalogue, PackageFacts, VersionFacts } from '../../model/catalogue.ts'
import type { ChosenVersions, PlanningSource, Readings, Realisation, WorldState } from '../../model/world.ts'
import { buildTree, isPeer, packageName } from './build-tree.ts'
import { buildWorld } from './build-world.ts'
import { type BundleNode, bundleNodes } from './bundles.ts'
import type { CandidateRules } from './candidates.ts'
import { type Defect, newDefects } from './check-tree.ts'
import { type Locked, readLocked } from './locked.ts'
import { bundleKey } from './locked-facts.ts'
import { isRaisable, type ManifestRevision, revisionsOf } from './manifest-edits.ts'
import { neededVersions } from './needed-versions.ts'
import type { OverrideRule } from './overrides.ts'
import { differenceOf } from './patch.ts'
import { type Placed, type PlaceInput, place } from './place.ts'
import type { BundledPackage } from './registry/read-bundle.ts'
import { type Gap, gapsIn, gapsThatCount, outOfStep, packagesOfGaps, versionsForGaps } from './repair.ts'
import type { Repository } from './repository.ts'
import { stepNotes } from './step-notes.ts'
import type { Tree } from './tree.ts'
import { withoutPeers } from './without-peers.ts'
import { type NpmWorld, vulnerablePackages, type Weight } from './world-input.ts'
import { WorldMemo } from './world-memo.ts'

export interface PlanningInput {
  readonly repository: Repository
  readonly catalogue: Catalogue
  readonly rules: CandidateRules
  readonly match: (name: string, version: string) => readonly AdvisoryMatch[]
  readonly weigh: (name: string, match: AdvisoryMatch) => Weight
  /** npm's `legacy-peer-deps`: peers hold nothing, bring nothing and keep nothing. */
  readonly legacyPeerDeps?: boolean
  /** What a version's archive carries in its own node_modules; its integrity is checked there. */
  readonly bundled: (name: string, version: string, integrity: string | undefined) => Promise<readonly BundledPackage[]>
  readonly readings?: Readings
}

export interface Realised extends Realisation {
  readonly tree: Tree
  readonly defects: readonly Defect[]
  readonly revisions: readonly ManifestRevision[]
  /** What the lock lacked and now has. */
  readonly repaired: readonly Gap[]
}

export class Planning implements PlanningSource<NpmWorld, Realised> {
  readonly tree: Tree
  readonly locked: Locked
  readonly readings?: Readings
  readonly #input: PlanningInput
  readonly #memo = new WorldMemo()
  readonly #bundles = new Map<string, readonly BundleNode[]>()
  readonly #overrides: readonly OverrideRule[]
  readonly #gaps: readonly Gap[]

  private constructor(input: PlanningInput) {
    this.#input = input
    this.tree = this.treeOf(input.repository)
    this.locked = readLocked(this.tree)
    if (input.readings !== undefined) this.readings = input.readings
    this.#overrides = input.repository.manifest?.overrides ?? []
    // What npm 6 leaves out it finds again; only from version 2 on a lock has to be complete.
    this.#gaps = input.repository.lock.version === 1 ? [] : gapsIn(this.tree)
  }

  /** A version 1 lock has neither peers nor, from npm 5, real ranges: there the registry is asked about every package of the lock. */
  static async open(input: PlanningInput): Promise<Planning> {
    const { lock } = input.repository
    if (lock.version === 1) await input.catalogue.load(registryNames(input.repository))
    return new Planning(input.legacyPeerDeps === true ? { ...input, catalogue: withoutPeers(input.catalogue) } : input)
  }

  /** The tree that a lock and a manifest describe, by the same rules as the one planned for. */
  treeOf({ lock, manifest }: Pick<Repository, 'lock' | 'manifest'>): Tree {
    return buildTree(lock, manifest, (name, version) => this.factsOf(name, version), { ignorePeers: this.#input.legacyPeerDeps === true })
  }

  /** Packages that are told apart from the start. */
  start(): readonly string[] {
    return vulnerablePackages({ locked: this.locked, match: this.#input.match, weigh: this.#input.weigh })
  }

  async read(unread: readonly string[]): Promise<void> {
    const gaps = unread.length === 0 ? [] : packagesOfGaps(this.#gaps)
    await this.#input.catalogue.load([...unread.filter(key => !key.startsWith('bundle ')), ...gaps])
    for (const key of unread.filter(other => other.startsWith('bundle '))) await this.#readBundle(key)
  }

  async #readBundle(key: string) {
    const of = key.slice('bundle '.length)
    const at = of.indexOf('@', 1)
    const name = of.slice(0, at)
    const version = of.slice(at + 1)
    const facts = this.factsOf(name, version)
    const bundled = await this.#input.bundled(name, version, facts?.integrity)
    const needed = Object.keys({ ...facts?.dependencies, ...facts?.optionalDependencies })
    const declared = needed.filter(other => facts?.bundled === true || facts?.bundled?.includes(other) === true)
    const nodes = bundleNodes(bundled, declared)
    const { legacyPeerDeps } = this.#input
    this.#bundles.set(
      key,
      legacyPeerDeps === true ? nodes.map(node => ({ ...node, needs: node.needs.filter(need => !isPeer(need)) })) : nodes,
    )
  }

  bundleOf = (name: string, version: string): readonly BundleNode[] | undefined => this.#bundles.get(bundleKey(name, version))

  build(state: WorldState): NpmWorld {
    const { catalogue, rules, match, weigh } = this.#input
    return buildWorld({
      locked: this.locked,
      catalogue,
      rules,
      overrides: this.#overrides,
      match,
      weigh,
      bundleOf: this.bundleOf,
      isRaisable: (location, need) => isRaisable(this.#input.repository, location, need),
      memo: this.#memo,
      ...state,
    })
  }

  /** What people should know about how this project was planned for. */
  notes({ tree, repaired }: Realised): readonly string[] {
    const peers =
      this.#input.legacyPeerDeps === true ? ['npm is configured with legacy-peer-deps, so peer dependencies held nothing in place.'] : []
    const left = this.#gaps.length === 0 ? [] : gapsThatCount(gapsIn(tree), name => this.packageFacts(name))
    return [...peers, ...stepNotes({ tree, repaired, left, outOfStep: outOfStep(tree) })]
  }

  movable(built: NpmWorld): ReadonlySet<string> {
    return built.movable
  }

  get rules(): CandidateRules {
    return this.#input.rules
  }

  packageFacts(name: string): PackageFacts | undefined {
    return this.#input.catalogue.get(name)
  }

  factsOf(name: string, version: string): VersionFacts | undefined {
    return factsIn(this.#input.catalogue, name, version)
  }

  /** Places what the planner chose and compares the result with the lock, need by need. */
  realise(choice: ChosenVersions): Realised {
    const revisions = revisionsOf(this.locked, choice)
    const input: PlaceInput = {
      locked: this.locked,
      chosen: choice.versions,
      takes: choice.takes,
      factsOf: (name, version) => this.factsOf(name, version),
      bundleOf: this.bundleOf,
      overrides: this.#overrides,
      revisions,
      isOpen: ({ packageName, version }) => this.#isOpen(packageName, version),
    }
    const { placed, defects } = this.#place(input)
    if (defects.length > 0)
      return {
        tree: placed.tree,
        defects,
        revisions,
        repaired: [],
        suspects: suspectsOf(this.locked, placed.tree, defects, placed.homeless),
      }
    return { ...this.#repair(placed.tree, input), defects, revisions, suspects: [] }
  }

  /** With the versions that somebody needs; with all that were chosen where those do not do. */
  #place(input: PlaceInput): { readonly placed: Placed; readonly defects: readonly Defect[] } {
    const lean = place({ ...input, chosen: neededVersions(input) })
    const defects = newDefects(this.tree, lean.tree)
    if (defects.length === 0) return { placed: lean, defects }
    const placed = place(input)
    return { placed, defects: newDefects(this.tree, placed.tree) }
  }

  #isOpen(name: string, version: string): boolean {
    return this.#input.match(name, version).some(match => this.#input.weigh(name, match).weight > 0)
  }

  /** A lock that is changed anyway is completed, where that is possible. */
  #repair(tree: Tree, input: PlaceInput): Pick<Realised, 'tree' | 'repaired'> {
    const difference = differenceOf(this.tree, tree)
    const gaps = this.#gaps.length === 0 ? [] : gapsThatCount(gapsIn(tree), name => this.packageFacts(name))
    if (gaps.length === 0 || difference.set.length + difference.removed.length === 0) return { tree, repaired: [] }
    const { rules } = this.#input
    const chosen = versionsForGaps(gaps, {
      locked: this.locked,
      chosen: input.chosen,
      packageFacts: name => this.packageFacts(name),
      rules,
      isOpen: (name, version) => this.#isOpen(name, version),
    })
    if (chosen === undefined) return { tree, repaired: [] }
    const completed = place({ ...input, chosen, repair: new Set(gaps.map(({ need }) => need.name)) }).tree
    const complete = gapsThatCount(gapsIn(completed), name => this.packageFacts(name)).length === 0
    return complete && newDefects(tree, completed).length === 0 ? { tree: completed, repaired: gaps } : { tree, repaired: [] }
  }
}

const byVersion = new WeakMap<PackageFacts, ReadonlyMap<string, VersionFacts>>()

function factsIn(catalogue: Catalogue, name: string, version: string): VersionFacts | undefined {
  const of = catalogue.get(name)
  if (of === undefined) return undefined
  let known = byVersion.get(of)
  if (known === undefined) {
    known = new Map(of.versions.toReversed().map(facts => [facts.version, facts]))
    byVersion.set(of, known)
  }
  return known.get(version)
}

/** Names that only a registry can know: whoever asks must not tell it about folders and repositories. */
function registryNames({ lock }: Repository): readonly string[] {
  const names = new Set<string>()
  for (const entry of lock.entries.values()) {
    if (entry.location !== '' && entry.link === undefined && entry.version !== '' && !entry.bundled) names.add(packageName(entry))
  }
  return [...names]
}

function suspectsOf(locked: Locked, tree: Tree, defects: readonly Defect[], homeless: readonly string[]): readonly string[] {
  if (defects.length === 0) return []
  const isNew = (key: string) => !locked.units.has(key)
  const involved = defects.flatMap(({ location, name }) => {
    const node = tree.get(location)
    const others = [...tree.values()].filter(other => other.packageName === name)
    return [node, ...others].flatMap(other => (other === undefined ? [] : [`${other.packageName}@${other.version}`]))
  })
  const suspects = [...new Set([...homeless, ...involved])].filter(isNew)
  const anyNew = [...tree.values()].filter(node => node.origin === 'registry').map(node => `${node.packageName}@${node.version}`)
  return suspects.length > 0 ? suspects : [...new Set(anyNew)].filter(isNew)
}
