import { dependencyFlags } from './flags.ts'
import type { Locked } from './locked.ts'
import { parentLocation, type TreeNode } from './tree.ts'

/**
 * Removes what was needed before and no longer is: what nothing leads to, what stands below something that went, and what only peers
 * that may be absent still ask for, since npm keeps nothing for those. What nothing needed before is left alone, unless it carries a
 * finding: npm's next run would drop it anyway.
 */
export function prune(locked: Locked, tree: Map<string, TreeNode>, visited: ReadonlySet<string>, isOpen: (node: TreeNode) => boolean) {
  for (const [location, node] of [...tree]) {
    if (visited.has(location) || (node.bundledBy !== undefined && visited.has(node.bundledBy))) continue
    const before = locked.tree.get(location)
    const wasNeeded =
      before === undefined || before.link !== undefined || locked.needs.has(location) || (node.origin === 'registry' && isOpen(node))
    if (wasNeeded && before?.origin !== 'workspace') tree.delete(location)
  }
  dropBelowNothing(tree)
  const was = dependencyFlags(locked.tree)
  for (const [location, { extraneous }] of dependencyFlags(tree)) {
    const node = tree.get(location)
    const newly = extraneous && was.get(location)?.extraneous !== true
    if (newly && node?.bundledBy === undefined && node?.origin !== 'workspace') tree.delete(location)
  }
  dropBelowNothing(tree)
}

function dropBelowNothing(tree: Map<string, TreeNode>) {
  for (const location of [...tree.keys()]) {
    const parent = parentLocation(location)
    if (location.includes('node_modules/') && parent !== undefined && parent !== '' && !tree.has(parent)) tree.delete(location)
  }
}
