/** The lock's side of a world: which name@versions are there, where, who resolves to what, and which packages a fix can touch. */
import type { AdvisoryMatch } from '../../model/advisory.ts'
import { breakingLine, compareVersions } from './ranges.ts'
import { type Need, resolve, type Tree, type TreeNode } from './tree.ts'

export interface ResolvedNeed {
  readonly need: Need
  /** What serves it now, through links; undefined when nothing does. */
  readonly to: TreeNode | undefined
}

export interface LockedUnit {
  readonly package: string
  readonly version: string
  readonly nodes: readonly TreeNode[]
}

export interface Locked {
  readonly tree: Tree
  /** `name@version` → unit, of registry components that something needs. */
  readonly units: ReadonlyMap<string, LockedUnit>
  readonly versions: ReadonlyMap<string, readonly string[]>
  readonly lines: ReadonlyMap<string, ReadonlySet<string>>
  readonly needs: ReadonlyMap<string, readonly ResolvedNeed[]>
  /** Bundled components by the location of what bundles them. */
  readonly bundles: ReadonlyMap<string, readonly TreeNode[]>
  /** Consumers that cannot change: the root, workspaces, git, file and url dependencies. */
  readonly fixed: readonly TreeNode[]
}

export function readLocked(tree: Tree): Locked {
  const reached = reachable(tree)
  const units = new Map<string, { package: string; version: string; nodes: TreeNode[] }>()
  const versions = new Map<string, string[]>()
  const lines = new Map<string, Set<string>>()
  const needs = new Map<string, readonly ResolvedNeed[]>()
  const bundles = new Map<string, TreeNode[]>()
  const fixed: TreeNode[] = []
  for (const node of tree.values()) {
    if (node.link !== undefined || !reached.has(node.location)) continue
    needs.set(
      node.location,
      node.needs.map(need => resolveNeed(tree, node, need)),
    )
    if (node.bundledBy !== undefined) pushTo(bundles, node.bundledBy, node)
    else if (node.origin !== 'registry') fixed.push(node)
    else {
      const key = `${node.packageName}@${node.version}`
      const unit = units.get(key)
      if (unit === undefined) {
        units.set(key, { package: node.packageName, version: node.version, nodes: [node] })
        pushTo(versions, node.packageName, node.version)
      } else unit.nodes.push(node)
      const known = lines.get(node.packageName) ?? new Set()
      lines.set(node.packageName, known.add(breakingLine(node.version)))
    }
  }
  for (const list of versions.values()) list.sort(compareVersions)
  return { tree, units, versions, lines, needs, bundles, fixed }
}

/** Everything that some need leads to from the root, peers that may be absent included. */
export function reachable(tree: Tree): ReadonlySet<string> {
  const reached = new Set([''])
  const queue = ['']
  for (let location = queue.pop(); location !== undefined; location = queue.pop()) {
    const node = tree.get(location)
    const next = node?.link === undefined ? (node?.needs ?? []).map(({ name }) => resolve(tree, location ?? '', name)) : [node.link]
    for (const to of next) {
      if (to === undefined || reached.has(to)) continue
      reached.add(to)
      queue.push(to)
    }
  }
  return reached
}

function resolveNeed(tree: Tree, node: TreeNode, need: Need): ResolvedNeed {
  const found = resolve(tree, node.location, need.name)
  const at = found === undefined ? undefined : tree.get(found)
  return { need, to: at?.link === undefined ? at : tree.get(at.link) }
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T) {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Packages that carry a finding, and every package from which one is reached: only these can be part of a fix. */
export function coneOfInfluence(
  locked: Locked,
  isVulnerable: (name: string, version: string) => readonly AdvisoryMatch[],
): ReadonlySet<string> {
  const consumers = new Map<string, Set<string>>()
  const owners = (node: TreeNode): TreeNode => (node.bundledBy === undefined ? node : (locked.tree.get(node.bundledBy) ?? node))
  for (const [location, needs] of locked.needs) {
    const from = locked.tree.get(location)
    if (from === undefined) continue
    for (const { need, to } of needs) {
      if (to === undefined || need.kind === 'peer' || need.kind === 'peer-optional') continue
      const name = owners(to).packageName
      const known = consumers.get(name) ?? new Set()
      consumers.set(name, known.add(owners(from).packageName))
    }
  }
  const cone = new Set<string>()
  const queue: string[] = []
  for (const node of locked.tree.values()) {
    if (!locked.needs.has(node.location) || (node.origin !== 'registry' && node.bundledBy === undefined)) continue
    if (isVulnerable(node.packageName, node.version).length > 0) queue.push(owners(node).packageName)
  }
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (cone.has(name)) continue
    cone.add(name)
    queue.push(...(consumers.get(name) ?? []))
  }
  return new Set([...cone].filter(name => locked.versions.has(name)))
}

/** The packages, and all that have a peer among them: those hold versions in place, or must move along. */
export function withPeerDependents(locked: Locked, packages: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set(packages)
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const { package: name, nodes } of locked.units.values()) {
      if (nodes[0]?.needs.some(({ name: peer, kind }) => (kind === 'peer' || kind === 'peer-optional') && found.has(peer)) === true)
        found.add(name)
    }
  }
  return found
}
