/**
 * From a choice of versions to a tree. Starting at the root, every need is followed to what serves it. Where a version that may not
 * stay stands, it is replaced in place by the chosen version that suits most of its consumers; where what is visible does not suit a
 * consumer, a copy is placed as high as it can stand without being seen by anyone who would not accept it. Nothing else moves. What
 * nothing needs any more goes. Afterwards the caller compares the broken needs of both trees (`check-tree.ts`).
 */
import type { VersionFacts } from '../../model/catalogue.ts'
import { type BundleNode, movedBundle, placedBundle } from './bundles.ts'
import type { Locked } from './locked.ts'
import { consumerKey } from './locked-facts.ts'
import { type ManifestRevision, revise } from './manifest-edits.ts'
import { newNode } from './new-node.ts'
import type { OverrideRule } from './overrides.ts'
import { prune } from './prune.ts'
import { compareVersions, inRange, parseSpec } from './ranges.ts'
import { childLocation, folderName, type Need, parentLocation, resolve, type Tree, type TreeNode } from './tree.ts'

export interface PlaceInput {
  readonly locked: Locked
  /** Versions that are present in the plan, by package, ascending; packages that are not listed stay as they are. */
  readonly chosen: ReadonlyMap<string, readonly string[]>
  /** Consumer key → package → the version it must be served, where peers make that matter. */
  readonly takes: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly factsOf: (name: string, version: string) => VersionFacts | undefined
  readonly bundleOf: (name: string, version: string) => readonly BundleNode[] | undefined
  readonly overrides: readonly OverrideRule[]
  readonly revisions: readonly ManifestRevision[]
  /** Names that the lock lacks and that may be brought for those who asked for them all along. */
  readonly repair?: ReadonlySet<string>
  /** The version at a place carries a finding that weighs. */
  readonly isOpen: (node: TreeNode) => boolean
}

export interface Placed {
  readonly tree: Tree
  /** Versions for which no place was found, `name@version`. */
  readonly homeless: readonly string[]
}

const MAX_PASSES = 8

export function place(input: PlaceInput): Placed {
  return new Placer(input).run()
}

class Placer {
  readonly #input: PlaceInput
  readonly #tree: Map<string, TreeNode>
  /** Locations by the names that the nodes there need. */
  readonly #consumers = new Map<string, Set<string>>()
  /** Locations by the place whose archive brought them. */
  readonly #bundled = new Map<string, Set<string>>()
  readonly #homeless = new Set<string>()
  #visited = new Set<string>()
  #moved = false

  constructor(input: PlaceInput) {
    this.#input = input
    this.#tree = new Map([...input.locked.tree].map(([location, node]) => [location, revise(node, input.revisions)]))
    for (const node of this.#tree.values()) this.#remember(node)
  }

  run(): Placed {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      this.#moved = false
      this.#visited = new Set([''])
      const queue = ['']
      for (let location = queue.shift(); location !== undefined; location = queue.shift()) {
        for (const to of this.#settle(location)) {
          if (this.#visited.has(to)) continue
          this.#visited.add(to)
          queue.push(to)
        }
      }
      if (!this.#moved) break
    }
    prune(this.#input.locked, this.#tree, this.#visited, this.#input.isOpen)
    return { tree: this.#tree, homeless: [...this.#homeless].sort() }
  }

  #remember(node: TreeNode) {
    if (node.bundledBy !== undefined) {
      const inside = this.#bundled.get(node.bundledBy) ?? new Set()
      this.#bundled.set(node.bundledBy, inside.add(node.location))
    }
    for (const { name } of node.needs) {
      const known = this.#consumers.get(name) ?? new Set()
      this.#consumers.set(name, known.add(node.location))
    }
  }

  /** A node takes its place, with what it bundles; what an earlier one bundled goes. */
  #set(node: TreeNode) {
    for (const inside of this.#bundled.get(node.location) ?? [])
      if (this.#tree.get(inside)?.bundledBy === node.location) this.#tree.delete(inside)
    const twin = this.#input.locked.units.get(`${node.packageName}@${node.version}`)?.nodes[0]
    const bundle =
      twin === undefined
        ? placedBundle(node.location, this.#input.bundleOf(node.packageName, node.version) ?? [])
        : movedBundle(this.#input.locked, twin.location, node.location)
    for (const inside of [node, ...bundle]) {
      this.#tree.set(inside.location, inside)
      this.#remember(inside)
    }
    this.#moved = true
  }

  /** Makes every need of one node hold; answers the locations that serve them. */
  #settle(location: string): string[] {
    const node = this.#tree.get(location)
    if (node === undefined) return []
    if (node.link !== undefined) return [node.link]
    const served: string[] = []
    for (const need of node.needs) {
      const at = this.#serve(node, need)
      if (at !== undefined) served.push(at)
    }
    return served
  }

  #serve(node: TreeNode, need: Need): string | undefined {
    const at = resolve(this.#tree, node.location, need.name)
    if (at === undefined) return this.#serveMissing(node, need)
    const target = this.#tree.get(at)
    if (target === undefined || target.link !== undefined) return at
    if (this.#isStale(target) && !this.#dropCopy(at)) this.#replace(at, node, need)
    const now = resolve(this.#tree, node.location, need.name)
    const found = now === undefined ? undefined : this.#tree.get(now)
    if (found !== undefined && this.#accepts(node, need, found)) return now
    if (now === childLocation(node.location, need.name) && found?.link === undefined) return this.#replaceOwn(now, node, need)
    return this.#placeCopy(node, need) ?? now
  }

  /** The copy below a consumer that moved no longer suits it: only what stands below the same consumer sees it, and is served anew. */
  #replaceOwn(at: string, node: TreeNode, need: Need): string {
    const old = this.#tree.get(at)
    const best = this.#suitable(node, need)
      .map(version => this.#newNode(at, need, version))
      .find(candidate => candidate !== undefined)
    if (best === undefined || old?.bundledBy !== undefined) this.#homeless.add(`${node.packageName}@${node.version}`)
    else {
      this.#tree.delete(at)
      const behind = resolve(this.#tree, node.location, need.name)
      const target = behind === undefined ? undefined : this.#tree.get(behind)
      if (target !== undefined && target.link === undefined && this.#accepts(node, need, target) && behind !== undefined) {
        this.#moved = true
        return behind
      }
      this.#set(best)
    }
    return at
  }

  #serveMissing(node: TreeNode, need: Need): string | undefined {
    const peer = need.kind === 'peer' || need.kind === 'peer-optional'
    if (!peer && this.#input.repair?.has(need.name) === true) return this.#placeCopy(node, need)
    const before = this.#input.locked.tree.get(node.location)
    const unchanged = before?.version === node.version && before.packageName === node.packageName
    if (unchanged || need.kind === 'peer-optional') return undefined
    if (this.#toleratesMissing(node, need)) return undefined
    return this.#placeCopy(node, need)
  }

  /** The place lacked the same optional or peer dependency before, so the lock's habit is to do without. */
  #toleratesMissing(node: TreeNode, need: Need): boolean {
    if (need.kind !== 'optional' && need.kind !== 'peer') return false
    const { locked } = this.#input
    const versions = locked.versions.get(node.packageName) ?? []
    const nodes = versions.flatMap(version => locked.units.get(`${node.packageName}@${version}`)?.nodes ?? [])
    return nodes.some(same => locked.needs.get(same.location)?.some(other => other.need.name === need.name && other.to === undefined))
  }

  #isStale(node: TreeNode): boolean {
    if (node.origin !== 'registry') return false
    const chosen = this.#input.chosen.get(node.packageName)
    return chosen !== undefined && !chosen.includes(node.version)
  }

  /** What a need may be served by. A need that was broken before, by the same version, may stay so. */
  #accepts(node: TreeNode, need: Need, target: TreeNode): boolean {
    if (this.#isStale(target)) return false
    if (target.bundledBy !== undefined && target.bundledBy === (node.bundledBy ?? node.location)) return true
    const taken = this.#input.takes.get(consumerKey(node))?.get(target.packageName)
    if (taken !== undefined && target.origin === 'registry' && this.#input.chosen.has(target.packageName)) return target.version === taken
    const before = this.#asBefore(node, need) ? this.#before(node, need) : undefined
    if (
      before !== undefined &&
      before.packageName === target.packageName &&
      before.version === target.version &&
      before.origin === target.origin
    )
      return true
    const spec = parseSpec(need.name, need.range)
    if (spec.kind === 'immovable') return target.origin !== 'registry'
    if (spec.name !== target.packageName && target.origin === 'registry') return false
    if (spec.kind === 'registry' && !inRange(target.version, spec.range)) return false
    return !this.#movesDown(node, need, target.version)
  }

  /** What served the same need at the same place before the plan. */
  #before(node: TreeNode, need: Need): TreeNode | undefined {
    const there = this.#input.locked.tree.get(node.location)
    if (there === undefined || there.packageName !== node.packageName) return undefined
    return this.#input.locked.needs.get(node.location)?.find(resolved => resolved.need.name === need.name)?.to
  }

  /** The node asked for the same at the same place before. */
  #asBefore(node: TreeNode, need: Need): boolean {
    const there = this.#input.locked.tree.get(node.location)
    return there?.needs.some(other => other.name === need.name && other.range === need.range) === true
  }

  #movesDown(node: TreeNode, need: Need, version: string): boolean {
    const before = this.#before(node, need)
    if (before === undefined || compareVersions(version, before.version) >= 0) return false
    const spec = parseSpec(need.name, need.range)
    if (spec.kind !== 'registry') return true
    // A consumer that itself moved may have a range that no longer reaches as high.
    return this.#available(spec.name).some(other => compareVersions(other, before.version) >= 0 && inRange(other, spec.range))
  }

  #available(name: string): readonly string[] {
    return this.#input.chosen.get(name) ?? this.#input.locked.versions.get(name) ?? []
  }

  /** Versions that suit a need, best first: the lowest that was here, else the lowest. */
  #suitable(node: TreeNode, need: Need): readonly string[] {
    const spec = parseSpec(need.name, need.range)
    if (spec.kind === 'immovable') return []
    const here = this.#input.locked.versions.get(spec.name) ?? []
    const taken = this.#input.takes.get(consumerKey(node))?.get(spec.name)
    return this.#available(spec.name)
      .filter(version => taken === undefined || version === taken)
      .filter(version => (spec.kind === 'tag' || inRange(version, spec.range)) && !this.#movesDown(node, need, version))
      .sort((a, b) => Number(here.includes(b)) - Number(here.includes(a)) || compareVersions(a, b))
  }

  /** Removes a nested copy where everyone who sees it accepts what is visible behind it. */
  #dropCopy(at: string): boolean {
    const node = this.#tree.get(at)
    if (node === undefined) return false
    const seenBy = this.#seenBy(at)
    this.#tree.delete(at)
    const accepted = seenBy.every(({ node: consumer, need }) => {
      const behind = resolve(this.#tree, consumer.location, need.name)
      const target = behind === undefined ? undefined : this.#tree.get(behind)
      return target !== undefined && target.link === undefined && this.#accepts(consumer, need, target)
    })
    if (accepted && seenBy.length > 0) {
      this.#moved = true
      return true
    }
    this.#tree.set(at, node)
    return false
  }

  #seenBy(at: string): { node: TreeNode; need: Need }[] {
    const name = folderName(at)
    const around = parentLocation(at) ?? ''
    const below = around === '' ? '' : `${around}/`
    const found: { node: TreeNode; need: Need }[] = []
    for (const location of this.#consumers.get(name) ?? []) {
      if (location !== around && !location.startsWith(below)) continue
      const node = this.#tree.get(location)
      const need = node?.needs.find(other => other.name === name)
      if (node !== undefined && need !== undefined && resolve(this.#tree, location, name) === at) found.push({ node, need })
    }
    return found
  }

  #replace(at: string, node: TreeNode, need: Need) {
    const suitable = this.#suitable(node, need)
    if (suitable.length === 0) return
    const seenBy = this.#seenBy(at)
    let best: string | undefined
    let most = -1
    for (const version of suitable) {
      const candidate = this.#newNode(at, need, version)
      if (candidate === undefined) continue
      const suits = seenBy.filter(({ node: consumer, need: other }) => this.#suitable(consumer, other).includes(version)).length
      const count = suits + (this.#peersHold(candidate, at) ? 0.5 : 0)
      if (count > most) {
        most = count
        best = version
      }
    }
    const chosen = best === undefined ? undefined : this.#newNode(at, need, best)
    if (chosen === undefined) return
    this.#set(chosen)
  }

  /** A copy for one consumer, as high as possible. Undefined when nothing suits. */
  #placeCopy(node: TreeNode, need: Need): string | undefined {
    const peer = need.kind === 'peer' || need.kind === 'peer-optional'
    const folders: string[] = []
    for (let at: string | undefined = node.location; at !== undefined; at = parentLocation(at)) folders.push(at)
    const own = peer && node.location.includes('node_modules/') ? folders.slice(1) : folders
    const standing = own.findIndex(folder => this.#tree.has(childLocation(folder, need.name)))
    const free = (standing === -1 ? own : own.slice(0, standing)).filter(folder => this.#tree.has(folder))
    for (const version of this.#suitable(node, need)) {
      for (const folder of free.toReversed()) {
        const location = childLocation(folder, need.name)
        const candidate = this.#newNode(location, need, version)
        if (candidate === undefined || !this.#peersHold(candidate, location)) continue
        if (folder !== free[0] && !this.#harmless(candidate)) continue
        this.#set(candidate)
        return location
      }
    }
    const spec = parseSpec(need.name, need.range)
    if (need.kind !== 'optional' && need.kind !== 'peer-optional' && spec.kind === 'registry') {
      for (const version of this.#suitable(node, need)) this.#homeless.add(`${spec.name}@${version}`)
      this.#homeless.add(`${node.packageName}@${node.version}`)
    }
    return undefined
  }

  /** Nobody who would see the new node instead of what he sees now refuses it. */
  #harmless(candidate: TreeNode): boolean {
    const name = folderName(candidate.location)
    this.#tree.set(candidate.location, candidate)
    const refused = this.#seenBy(candidate.location).some(({ node, need }) => !this.#accepts(node, need, candidate))
    this.#tree.delete(candidate.location)
    return !refused || name === ''
  }

  /** The peers of a node, as seen from where it would stand, are met or not there yet. */
  #peersHold(candidate: TreeNode, location: string): boolean {
    return candidate.needs.every(need => {
      if (need.kind !== 'peer' && need.kind !== 'peer-optional') return true
      const at = resolve(this.#tree, parentLocation(location) ?? '', need.name)
      const target = at === undefined ? undefined : this.#tree.get(at)
      if (target === undefined || target.link !== undefined) return true
      return this.#isStale(target) || this.#accepts(candidate, need, target) || this.#toleratesBroken(candidate, need)
    })
  }

  #toleratesBroken(candidate: TreeNode, need: Need): boolean {
    const before = this.#before(candidate, need)
    const there = this.#input.locked.tree.get(candidate.location)
    const same = there?.needs.find(other => other.name === need.name)
    return before !== undefined && same !== undefined && !inRange(before.version, same.range)
  }

  #newNode(location: string, need: Need, version: string): TreeNode | undefined {
    return newNode(this.#input, location, need, version)
  }
}
