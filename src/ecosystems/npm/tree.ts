/**
 * The tree an npm lock describes. A node lives at an install path (`node_modules/a/node_modules/b`, `packages/x`, `''` for the
 * root). A need declared at a node is served by the nearest `node_modules/<name>` on the way up, as Node's `require` walks.
 */
import type { DependencyKind, Origin } from '../../model/inventory.ts'

export interface Need {
  /** The name under which it is required; an alias differs from the package it stands for. */
  readonly name: string
  /** As declared, before overrides. */
  readonly declared: string
  /** As it holds, after the root's overrides. */
  readonly range: string
  readonly kind: DependencyKind
}

export interface TreeNode {
  readonly location: string
  /** The package's own name in its registry. */
  readonly packageName: string
  readonly version: string
  readonly origin: Origin
  readonly needs: readonly Need[]
  /** A link's target location. */
  readonly link?: string
  /** Location of the node whose archive carries this one. */
  readonly bundledBy?: string
  readonly hasInstallScript: boolean
  readonly deprecated: boolean
  readonly node?: string
}

export type Tree = ReadonlyMap<string, TreeNode>

/** The location's last name: what a `require` has to say to reach it. */
export function folderName(location: string): string {
  const at = location.lastIndexOf('node_modules/')
  return at === -1 ? location : location.slice(at + 'node_modules/'.length)
}

/** The location in whose `node_modules` this one stands; a workspace's and any other top's is the root. */
export function parentLocation(location: string): string | undefined {
  if (location === '') return undefined
  const at = location.lastIndexOf('node_modules/')
  return at <= 0 ? (at === 0 ? '' : upwards(location)) : location.slice(0, at - 1)
}

function upwards(location: string): string | undefined {
  if (location.startsWith('../') || location === '..') return undefined
  const at = location.lastIndexOf('/')
  return at === -1 ? '' : location.slice(0, at)
}

export function childLocation(parent: string, name: string): string {
  return parent === '' ? `node_modules/${name}` : `${parent}/node_modules/${name}`
}

/** Where a need of `name`, declared at `from`, is served; undefined when nothing serves it. */
export function resolve(tree: ReadonlyMap<string, unknown>, from: string, name: string): string | undefined {
  for (let at: string | undefined = from; at !== undefined; at = parentLocation(at)) {
    const location = childLocation(at, name)
    if (tree.has(location)) return location
  }
  return undefined
}

/** The node that a location stands for, through a link. */
export function targetOf(tree: Tree, location: string): TreeNode | undefined {
  const node = tree.get(location)
  return node?.link === undefined ? node : tree.get(node.link)
}
