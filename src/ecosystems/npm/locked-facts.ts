/** Small questions about the lock that building worlds and placing trees both ask. */
import type { Locked } from './locked.ts'
import { breakingLine, compareVersions, inRange, parseSpec } from './ranges.ts'
import type { TreeNode } from './tree.ts'

/** How a version's bundle is asked for. */
export function bundleKey(name: string, version: string): string {
  return `bundle ${name}@${version}`
}

/** How a consumer is known in a plan: registry packages by name and version, everything else by its place. */
export function consumerKey(node: TreeNode): string {
  return node.origin === 'registry' ? `${node.packageName}@${node.version}` : node.location
}

/** `package line`, where presence would gain a line that the lock does not have. A package that is new here gains none. */
export function gainedLine(name: string, version: string, lines: ReadonlySet<string> | undefined): string | undefined {
  const line = breakingLine(version)
  return lines === undefined || lines.has(line) ? undefined : `${name} ${line}`
}

/** The first line that a bundle would bring and the lock does not have: for the whole bundle one line is counted. */
export function gainedInside(
  bundle: readonly { readonly name: string; readonly version: string }[] | undefined,
  lines: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  for (const { name, version } of bundle ?? []) {
    const gained = gainedLine(name, version, lines.get(name))
    if (gained !== undefined) return gained
  }
  return undefined
}

export interface ServedToday {
  readonly lowest: string | undefined
  readonly unmetPeer: boolean
  readonly missingOptional: boolean
}

/** What a package's places in the lock get today for one name. */
export function servedToday(locked: Locked, nodes: readonly TreeNode[], name: string): ServedToday {
  let lowest: string | undefined
  let unmetPeer = false
  let missingOptional = false
  for (const node of nodes) {
    for (const { need, to } of locked.needs.get(node.location) ?? []) {
      if (need.name !== name) continue
      if (to !== undefined && (lowest === undefined || compareVersions(to.version, lowest) < 0)) lowest = to.version
      const peer = need.kind === 'peer' || need.kind === 'peer-optional'
      if (peer && need.kind === 'peer' && to === undefined) unmetPeer = true
      if (peer && to !== undefined && parseSpec(name, need.range).kind === 'registry' && !inRange(to.version, need.range)) unmetPeer = true
      if (need.kind === 'optional' && to === undefined) missingOptional = true
    }
  }
  return { lowest, unmetPeer, missingOptional }
}
