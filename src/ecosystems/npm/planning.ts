/** An npm project's side of planning: worlds for the planner, and a placed tree for what the planner chose. */
import type { AdvisoryMatch } from '../../model/advisory.ts'
import type { Catalogue, PackageFacts, VersionFacts } from '../../model/catalogue.ts'
import type { ChosenVersions, PlanningSource, Realisation, WorldState } from '../../model/world.ts'
import { buildTree, isPeer, packageName } from './build-tree.ts'
import { buildWorld } from './build-world.ts'
import { type BundleNode, bundleNodes } from './bundles.ts'
import type { CandidateRules } from './candidates.ts'
import { type Defect, newDefects } from './check-tree.ts'
import { type Locked, readLocked } from './locked.ts'
import { bundleKey } from './locked-facts.ts'
import { type ManifestRevision, revisionsOf } from './manifest-edits.ts'
import type { OverrideRule } from './overrides.ts'
import { place } from './place.ts'
import { readBundle } from './registry/read-bundle.ts'
import type { Repository } from './repository.ts'
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
  /** Reads a version's archive; its integrity is checked there. */
  readonly archive: (name: string, version: string, integrity: string | undefined) => Promise<Uint8Array>
}

export interface Realised extends Realisation {
  readonly tree: Tree
  readonly defects: readonly Defect[]
  readonly revisions: readonly ManifestRevision[]
}

export class Planning implements PlanningSource<NpmWorld, Realised> {
  readonly tree: Tree
  readonly locked: Locked
  readonly #input: PlanningInput
  readonly #memo = new WorldMemo()
  readonly #bundles = new Map<string, readonly BundleNode[]>()
  readonly #overrides: readonly OverrideRule[]

  private constructor(input: PlanningInput) {
    this.#input = input
    this.tree = this.treeOf(input.repository)
    this.locked = readLocked(this.tree)
    this.#overrides = input.repository.manifest?.overrides ?? []
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
    await this.#input.catalogue.load(unread.filter(key => !key.startsWith('bundle ')))
    for (const key of unread.filter(other => other.startsWith('bundle '))) await this.#readBundle(key)
  }

  async #readBundle(key: string) {
    const of = key.slice('bundle '.length)
    const at = of.indexOf('@', 1)
    const name = of.slice(0, at)
    const version = of.slice(at + 1)
    const facts = this.factsOf(name, version)
    const archive = await this.#input.archive(name, version, facts?.integrity)
    const needed = Object.keys({ ...facts?.dependencies, ...facts?.optionalDependencies })
    const declared = needed.filter(other => facts?.bundled === true || facts?.bundled?.includes(other) === true)
    const nodes = bundleNodes(readBundle(archive, of), declared)
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
      memo: this.#memo,
      ...state,
    })
  }

  /** What people should know about how this project was planned for. */
  get notes(): readonly string[] {
    return this.#input.legacyPeerDeps === true
      ? ['npm is configured with legacy-peer-deps, so peer dependencies held nothing in place.']
      : []
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
    const placed = place({
      locked: this.locked,
      chosen: choice.versions,
      takes: choice.takes,
      factsOf: (name, version) => this.factsOf(name, version),
      bundleOf: this.bundleOf,
      overrides: this.#overrides,
      revisions,
      isOpen: ({ packageName: name, version }) => this.#input.match(name, version).some(match => this.#input.weigh(name, match).weight > 0),
    })
    const defects = newDefects(this.tree, placed.tree)
    return { tree: placed.tree, defects, revisions, suspects: suspectsOf(this.locked, placed.tree, defects, placed.homeless) }
  }
}

function factsIn(catalogue: Catalogue, name: string, version: string): VersionFacts | undefined {
  return catalogue.get(name)?.versions.find(facts => facts.version === version)
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
