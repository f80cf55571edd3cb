/** From the tree before and after to edits of the lock: entries set, entries removed, and flags where reachability changed. */
import type { Edit } from '../../model/edit.ts'
import type { BundleNode } from './bundles.ts'
import { dependencyFlags, type Flags } from './flags.ts'
import { lockedFlags } from './locked-flags.ts'
import type { EntryFlags, EntrySpec, LockChanges } from './lockfile/lock-changes.ts'
import { readLockSource } from './lockfile/lock-source.ts'
import { lockEdits } from './lockfile/write.ts'
import type { ManifestEdit } from './manifest-edits.ts'
import type { FullManifest } from './registry/read-manifest.ts'
import type { Repository } from './repository.ts'
import { childLocation, folderName, resolve, type Tree, type TreeNode } from './tree.ts'

export interface TreeDifference {
  /** Locations whose component is new or another than before. */
  readonly set: readonly string[]
  readonly removed: readonly string[]
}

export function differenceOf(before: Tree, after: Tree): TreeDifference {
  const set = [...after.values()].filter(node => !isSame(before.get(node.location), node)).map(({ location }) => location)
  return { set: set.sort(), removed: [...before.keys()].filter(location => !after.has(location)).sort() }
}

function isSame(before: TreeNode | undefined, after: TreeNode): boolean {
  return (
    before !== undefined && before.version === after.version && before.packageName === after.packageName && before.origin === after.origin
  )
}

/** What the entries set need to be written: each version's full manifest. */
export function manifestsNeeded(after: Tree, difference: TreeDifference): readonly { readonly name: string; readonly version: string }[] {
  const wanted = new Map<string, { name: string; version: string }>()
  for (const location of difference.set) {
    const node = after.get(location)
    if (node !== undefined && node.bundledBy === undefined)
      wanted.set(`${node.packageName}@${node.version}`, { name: node.packageName, version: node.version })
  }
  return [...wanted.values()]
}

export interface LockPatchInput {
  readonly repository: Repository
  readonly before: Tree
  readonly after: Tree
  readonly difference: TreeDifference
  readonly manifests: ReadonlyMap<string, FullManifest>
  readonly manifestEdits: readonly ManifestEdit[]
  readonly bundleOf: (name: string, version: string) => readonly BundleNode[] | undefined
}

export function lockPatch({ repository, before, after, difference, manifests, manifestEdits, bundleOf }: LockPatchInput): readonly Edit[] {
  const source = readLockSource(repository.lock.file, repository.lock.text)
  const { flagsBefore, ignorePeers } = lockedFlags(source, before)
  const flagsAfter = dependencyFlags(after, { ignorePeers })
  const set = new Map<string, EntrySpec>()
  const byProject = bundledByProject(after, repository.manifest?.bundled ?? [])
  for (const location of difference.set) {
    const node = after.get(location)
    const manifest =
      node === undefined ? undefined : (bundledManifest(after, node, bundleOf) ?? manifests.get(`${node.packageName}@${node.version}`))
    if (node === undefined || manifest === undefined) continue
    set.set(location, {
      version: node.version,
      ...(node.packageName === folderName(location) ? {} : { name: node.packageName }),
      manifest: { ...manifest },
      flags: printed(flagsAfter.get(location)),
      ...bundling(node, before.get(location), byProject),
      ...overridden(node),
    })
  }
  const changes: LockChanges = {
    set,
    remove: new Set(difference.removed),
    flags: changedFlags(flagsBefore, flagsAfter, set),
    manifests: manifestEdits.flatMap(({ kind, owner, section, name, to }) =>
      kind === 'range' && section !== undefined ? [{ path: owner, section, name, range: to }] : [],
    ),
  }
  return lockEdits(source, changes)
}

function bundling(node: TreeNode, before: TreeNode | undefined, byProject: ReadonlySet<string>): Pick<EntrySpec, 'bundled'> {
  if (node.bundledBy !== undefined) return { bundled: 'inside' }
  if (byProject.has(node.location)) return { bundled: 'by-project' }
  return before?.bundledBy === undefined ? {} : { bundled: 'no-longer' }
}

/** What a project that bundles takes along: the names it says, and all that those need at the top. */
function bundledByProject(tree: Tree, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const queue = names.map(name => childLocation('', name)).filter(location => tree.has(location))
  for (let location = queue.pop(); location !== undefined; location = queue.pop()) {
    if (found.has(location)) continue
    found.add(location)
    for (const { name } of tree.get(location)?.needs ?? []) {
      const to = resolve(tree, location, name)
      if (to !== undefined) queue.push(to)
    }
  }
  return found
}

/** What the archive says of a bundled package; the registry knows nothing of its being there. */
function bundledManifest(after: Tree, node: TreeNode, bundleOf: LockPatchInput['bundleOf']): Readonly<Record<string, unknown>> | undefined {
  const around = node.bundledBy === undefined ? undefined : after.get(node.bundledBy)
  if (around === undefined) return undefined
  const path = node.location.slice(around.location.length + 1)
  return bundleOf(around.packageName, around.version)?.find(inside => inside.path === path)?.manifest
}

function overridden(node: TreeNode): Pick<EntrySpec, 'overridden'> {
  const needs = node.needs.filter(({ declared, range }) => declared !== range)
  return needs.length === 0 ? {} : { overridden: new Map(needs.map(({ name, range }) => [name, range])) }
}

function changedFlags(
  before: ReadonlyMap<string, Flags>,
  after: ReadonlyMap<string, Flags>,
  set: ReadonlyMap<string, EntrySpec>,
): Map<string, EntryFlags> {
  const changed = new Map<string, EntryFlags>()
  for (const [location, flags] of after) {
    const was = before.get(location)
    if (was === undefined || set.has(location) || location === '') continue
    const now = printed(flags)
    if (JSON.stringify(now) !== JSON.stringify(printed(was))) changed.set(location, now)
  }
  return changed
}

function printed(flags: Flags | undefined): EntryFlags {
  if (flags === undefined) return {}
  const { dev, optional, devOptional, peer } = flags
  return { ...(dev ? { dev } : {}), ...(optional ? { optional } : {}), ...(devOptional ? { devOptional } : {}), ...(peer ? { peer } : {}) }
}
