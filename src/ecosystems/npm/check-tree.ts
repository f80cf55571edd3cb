/** Compares two trees need by need, without regard to how the second came about. */

import { reachable } from './locked.ts'
import { compareVersions, inRange, parseSpec } from './ranges.ts'
import { resolve, type Tree, type TreeNode } from './tree.ts'

export interface Defect {
  readonly kind: 'missing' | 'out-of-range' | 'moved-down' | 'orphan-folder'
  readonly location: string
  readonly name: string
  readonly detail: string
}

/** Needs that hold in `before` and not in `after`, and consumers that get a lower version than they had. */
export function newDefects(before: Tree, after: Tree): readonly Defect[] {
  const broken = brokenIn(before)
  return [...defects(after).filter(defect => !broken.has(keyOf(defect))), ...movedDown(before, after)]
}

const known = new WeakMap<Tree, ReadonlySet<string>>()

/** Remembered: one tree is compared with many that could come after it. */
function brokenIn(tree: Tree): ReadonlySet<string> {
  const broken = known.get(tree) ?? new Set(defects(tree).map(keyOf))
  known.set(tree, broken)
  return broken
}

function keyOf(defect: Defect): string {
  return `${defect.location}\n${defect.name}`
}

function defects(tree: Tree): readonly Defect[] {
  const found: Defect[] = []
  // What nothing leads to is not installed, so nobody misses what it would need.
  const reached = reachable(tree)
  for (const node of tree.values()) {
    if (node.link !== undefined || !reached.has(node.location)) continue
    for (const need of node.needs) {
      const at = resolve(tree, node.location, need.name)
      const target = at === undefined ? undefined : tree.get(at)
      if (target === undefined) {
        const optional = need.kind === 'optional' || need.kind === 'peer-optional'
        if (!optional) found.push({ kind: 'missing', location: node.location, name: need.name, detail: need.range })
        continue
      }
      if (!served(tree, need.name, need.range, target)) {
        found.push({ kind: 'out-of-range', location: node.location, name: need.name, detail: `${target.version} is not in ${need.range}` })
      }
    }
  }
  return found
}

function served(tree: Tree, name: string, range: string, target: TreeNode): boolean {
  const spec = parseSpec(name, range)
  const node = target.link === undefined ? target : tree.get(target.link)
  if (spec.kind !== 'registry' || node === undefined || node.origin !== 'registry') return true
  return node.packageName === spec.name && inRange(node.version, spec.range)
}

function movedDown(before: Tree, after: Tree): readonly Defect[] {
  const found: Defect[] = []
  const reached = reachable(after)
  for (const node of after.values()) {
    if (!reached.has(node.location)) continue
    const was = before.get(node.location)
    if (was === undefined || was.version !== node.version || was.packageName !== node.packageName || node.link !== undefined) continue
    for (const need of node.needs) {
      const from = version(before, node.location, need.name)
      const to = version(after, node.location, need.name)
      if (from !== undefined && to !== undefined && compareVersions(to, from) < 0) {
        found.push({ kind: 'moved-down', location: node.location, name: need.name, detail: `${from} to ${to}` })
      }
    }
  }
  return found
}

function version(tree: Tree, from: string, name: string): string | undefined {
  const at = resolve(tree, from, name)
  return at === undefined ? undefined : tree.get(at)?.version
}
