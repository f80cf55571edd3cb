/** The bundles of versions that may enter the lock: known only once their archive was read. */

import type { Locked } from './locked.ts'
import type { BundledPackage } from './registry/read-bundle.ts'
import { childLocation, type Need, resolve, type TreeNode } from './tree.ts'

/** A bundled package as it will stand below the package that bundles it. */
export interface BundleNode {
  readonly path: string
  readonly name: string
  readonly version: string
  readonly needs: readonly Need[]
  readonly manifest: Readonly<Record<string, unknown>>
}

/** The bundled packages that something needs, from the names that the bundling version declares; npm's lock leaves out the rest. */
export function bundleNodes(bundle: readonly BundledPackage[], declared: readonly string[]): readonly BundleNode[] {
  const nodes = new Map(
    bundle.map(({ path, name, version, manifest }) => [path, { path, name, version, manifest, needs: needsOf(manifest) }]),
  )
  const reached = new Set<string>()
  const queue = declared.map(name => childLocation('', name))
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const node = nodes.get(path)
    if (node === undefined || reached.has(path)) continue
    reached.add(path)
    for (const { name } of node.needs) {
      const to = resolve(nodes, path, name)
      if (to !== undefined) queue.push(to)
    }
  }
  return [...nodes.values()].filter(({ path }) => reached.has(path))
}

function needsOf(manifest: Readonly<Record<string, unknown>>): readonly Need[] {
  const needs = new Map<string, Need>()
  for (const [section, kind] of [
    ['peerDependencies', 'peer'],
    ['dependencies', 'runtime'],
    ['optionalDependencies', 'optional'],
  ] as const) {
    const ranges = manifest[section]
    if (typeof ranges !== 'object' || ranges === null) continue
    for (const [name, range] of Object.entries(ranges)) {
      if (typeof range === 'string')
        needs.set(name, { name, declared: range, range, kind: kind === 'peer' && isOptionalPeer(manifest, name) ? 'peer-optional' : kind })
    }
  }
  return [...needs.values()]
}

function isOptionalPeer(manifest: Readonly<Record<string, unknown>>, name: string): boolean {
  const meta = manifest['peerDependenciesMeta']
  if (typeof meta !== 'object' || meta === null || !Object.hasOwn(meta, name)) return false
  const own: unknown = Reflect.get(meta, name)
  return typeof own === 'object' && own !== null && Reflect.get(own, 'optional') === true
}

/** Needs of bundled packages that nothing in the bundle serves; the bundling package's surroundings have to. */
export function needsBeyond(nodes: readonly BundleNode[]): readonly Need[] {
  const paths = new Map(nodes.map(node => [node.path, node]))
  const beyond = new Map<string, Need>()
  for (const node of nodes) {
    for (const need of node.needs) {
      if (need.kind !== 'runtime' || resolve(paths, node.path, need.name) !== undefined) continue
      beyond.set(`${need.name}\n${need.range}`, need)
    }
  }
  return [...beyond.values()]
}

/** The nodes that stand below `location` when this version stands there. */
export function placedBundle(location: string, nodes: readonly BundleNode[]): readonly TreeNode[] {
  return nodes.map(({ path, name, version, needs }) => ({
    location: `${location}/${path}`,
    packageName: name,
    version,
    origin: 'bundled',
    needs,
    bundledBy: location,
    hasInstallScript: false,
    deprecated: false,
  }))
}

/** The same bundle below another place. */
export function movedBundle(locked: Locked, from: string, to: string): readonly TreeNode[] {
  return (locked.bundles.get(from) ?? []).map(node => ({ ...node, location: to + node.location.slice(from.length), bundledBy: to }))
}
