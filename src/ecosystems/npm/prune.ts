import { dependencyFlags } from './flags.ts'
import { type Locked, reachable } from './locked.ts'
import { compareVersions, inRange, parseSpec } from './ranges.ts'
import { type Need, parentLocation, resolve, type TreeNode } from './tree.ts'

/**
 * Removes what was needed before and no longer is: what nothing leads to, what stands below something that went, and what only peers
 * that may be absent still ask for, since npm keeps nothing for those. What nothing needed before is left alone, unless it carries a
 * finding or would now get worse than it had: npm's next run would drop it anyway, and what it leads to.
 */
export function prune(locked: Locked, tree: Map<string, TreeNode>, visited: ReadonlySet<string>, isOpen: (node: TreeNode) => boolean) {
  for (const [location, node] of [...tree]) {
    if (visited.has(location) || (node.bundledBy !== undefined && visited.has(node.bundledBy))) continue
    const before = locked.tree.get(location)
    const wasNeeded = before === undefined || before.link !== undefined || locked.needs.has(location)
    if (wasNeeded && before?.origin !== 'workspace') tree.delete(location)
  }
  dropBelowNothing(tree)
  const was = dependencyFlags(locked.tree)
  const loose = new Set<string>()
  for (const [location, { extraneous }] of dependencyFlags(tree)) {
    const node = tree.get(location)
    if (!extraneous || node?.bundledBy !== undefined || node?.origin === 'workspace') continue
    if (was.get(location)?.extraneous === true) loose.add(location)
    else tree.delete(location)
  }
  dropBelowNothing(tree)
  dropLoose(locked, tree, loose, isOpen)
}

/** Far longer than any chain of packages; a lock made to have a longer one costs no more time. */
const MAX_ROUNDS = 64

/** `loose`: what npm keeps for nobody, and did not before. */
function dropLoose(locked: Locked, tree: Map<string, TreeNode>, loose: ReadonlySet<string>, isOpen: (node: TreeNode) => boolean) {
  if (loose.size === 0) return
  const reachedBefore = reachable(tree)
  let dropped = 0
  for (let round = 0, before = -1; dropped > before && round < MAX_ROUNDS; round++) {
    before = dropped
    for (const location of loose) {
      const node = tree.get(location)
      if (node === undefined || !((node.origin === 'registry' && isOpen(node)) || isWorseOff(locked, tree, node))) continue
      tree.delete(location)
      dropped++
    }
    dropBelowNothing(tree)
  }
  if (dropped === 0) return
  const reached = reachable(tree)
  for (const location of loose) if (reachedBefore.has(location) && !reached.has(location)) tree.delete(location)
  dropBelowNothing(tree)
}

function isWorseOff(locked: Locked, tree: ReadonlyMap<string, TreeNode>, node: TreeNode): boolean {
  const there = locked.tree.get(node.location)
  if (there?.version !== node.version || there.packageName !== node.packageName) return false
  return node.needs.some(need => {
    const before = servedBy(locked.tree, node, need)
    if (before === undefined || need.kind === 'peer-optional') return false
    const after = servedBy(tree, node, need)
    return after === undefined || compareVersions(after.version, before.version) < 0 || (isMet(need, before) && !isMet(need, after))
  })
}

function servedBy(tree: ReadonlyMap<string, TreeNode>, node: TreeNode, need: Need): TreeNode | undefined {
  const at = resolve(tree, node.location, need.name)
  return at === undefined ? undefined : tree.get(at)
}

function isMet(need: Need, by: TreeNode): boolean {
  const spec = parseSpec(need.name, need.range)
  return spec.kind !== 'registry' || by.origin !== 'registry' || inRange(by.version, spec.range)
}

function dropBelowNothing(tree: Map<string, TreeNode>) {
  for (const location of [...tree.keys()]) {
    const parent = parentLocation(location)
    if (location.includes('node_modules/') && parent !== undefined && parent !== '' && !tree.has(parent)) tree.delete(location)
  }
}
