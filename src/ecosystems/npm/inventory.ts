/** The tree as the model's inventory, and the shortest way from the project to a component. */
import type { Component, Dependency, Inventory, Scope, Target } from '../../model/inventory.ts'
import { dependencyFlags, type Flags } from './flags.ts'
import { inRange, parseSpec } from './ranges.ts'
import type { Repository } from './repository.ts'
import { resolve, type Tree, type TreeNode, targetOf } from './tree.ts'

export const ECOSYSTEM = 'npm'

export function inventoryOf(repository: Repository, tree: Tree): Inventory {
  const flags = dependencyFlags(tree)
  const nodes = [...tree.values()].filter(node => node.link === undefined)
  return {
    target: targetOfRepository(repository),
    components: nodes.map(node => componentOf(node, flags.get(node.location))),
    dependencies: nodes.flatMap(node => dependenciesOf(tree, node)),
    files: repository.files,
  }
}

export function targetOfRepository(repository: Repository): Target {
  return { kind: 'repository', ecosystem: ECOSYSTEM, id: repository.manifest?.name || repository.folder }
}

/** Source: the package URL specification, type npm: scope as namespace, `@` escaped. */
export function purlOf(name: string, version: string): string {
  return `pkg:npm/${name
    .replace(/^@/, '%40')
    .split('/')
    .map(part => (part.startsWith('%40') ? `%40${encodeURIComponent(part.slice(3))}` : encodeURIComponent(part)))
    .join('/')}@${encodeURIComponent(version)}`
}

function componentOf(node: TreeNode, flags: Flags | undefined): Component {
  return {
    location: node.location,
    name: node.packageName,
    version: node.version,
    purl: purlOf(node.packageName, node.version),
    scope: scopeOf(flags),
    origin: node.origin,
    ...(node.bundledBy === undefined ? {} : { bundledBy: node.bundledBy }),
  }
}

function scopeOf(flags: Flags | undefined): Scope {
  if (flags?.dev === true || flags?.devOptional === true) return 'dev'
  if (flags?.optional === true) return 'optional'
  return flags?.peer === true ? 'peer' : 'runtime'
}

function dependenciesOf(tree: Tree, node: TreeNode): readonly Dependency[] {
  return node.needs.map(({ name, range, kind }) => {
    const at = resolve(tree, node.location, name)
    const to = at === undefined ? undefined : targetOf(tree, at)
    const spec = parseSpec(name, range)
    const met = to !== undefined && (spec.kind !== 'registry' || to.origin === 'workspace' || inRange(to.version, spec.range))
    return { from: node.location, name, range, kind, ...(to === undefined ? {} : { to: to.location }), met }
  })
}

/** Location → the location that leads to it on a shortest way from the root. */
export function shortestWays(tree: Tree): ReadonlyMap<string, string> {
  const came = new Map<string, string>()
  const queue = ['']
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const { name } of tree.get(from)?.needs ?? []) {
      const at = resolve(tree, from, name)
      const to = at === undefined ? undefined : targetOf(tree, at)?.location
      if (to === undefined || to === '' || came.has(to)) continue
      came.set(to, from)
      queue.push(to)
    }
  }
  return came
}

/** A longer path is one that nobody reads, and many of them would take all memory. */
const LONGEST_PATH = 100

/** `name@version` from the project's direct dependency down to the location; the middle of a very long path is left out. */
export function pathTo(tree: Tree, ways: ReadonlyMap<string, string>, location: string): readonly string[] {
  const way: string[] = []
  for (let at: string | undefined = location; at !== undefined && at !== '' && way.length <= tree.size; at = ways.get(at)) way.push(at)
  way.reverse()
  const name = (at: string) => {
    const node = tree.get(at)
    return node === undefined ? at : `${node.packageName}@${node.version}`
  }
  if (way.length <= LONGEST_PATH) return way.map(name)
  return [...way.slice(0, LONGEST_PATH / 2).map(name), '…', ...way.slice(-LONGEST_PATH / 2).map(name)]
}
