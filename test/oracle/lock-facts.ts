/** What a lockfile says at the level of name@version: who is there, who needs what, and what each need resolved to. */
import { compare, valid, validRange } from 'semver'
import type { Need, Node, Tree } from '../../bench/lock-tree.ts'

/** A need of something in the lock. `floor` is the highest version it resolved to; `out` are resolved versions outside the range. */
export interface LockedNeed {
  readonly package: string
  readonly range: string
  readonly floor: string
  readonly resolved: readonly string[]
}

export interface LockedUnit {
  readonly name: string
  readonly version: string
  readonly needs: readonly LockedNeed[]
  /** name@version of what travels inside its archive. */
  readonly bundles: readonly { readonly name: string; readonly version: string }[]
}

export interface LockFacts {
  /** Movable units by `name@version`. */
  readonly units: ReadonlyMap<string, LockedUnit>
  /** Needs of the project, its workspaces and everything else that cannot move. */
  readonly fixed: readonly LockedNeed[]
  /** Versions of every entry, by package. */
  readonly versions: ReadonlyMap<string, readonly string[]>
  /** What this reading cannot take into account. */
  readonly notes: readonly string[]
}

/** `npm:real@range` asks for another package under this name. */
export function target(name: string, range: string): { readonly package: string; readonly range: string } {
  const alias = /^npm:(@?[^@]+)(?:@(.*))?$/.exec(range)
  return alias === null ? { package: name, range } : { package: alias[1] ?? name, range: alias[2] ?? '*' }
}

export type Override = (consumer: string, name: string, range: string) => string

/** Root overrides: plain, `name@range`, `$ref`, and one level of nesting. Anything deeper becomes a note. */
export function overridesOf(tree: Tree): { readonly apply: Override; readonly notes: readonly string[] } {
  const notes: string[] = []
  const rules: { readonly consumer?: string; readonly name: string; readonly when: string; readonly range: string }[] = []
  const own = new Map(
    [tree.root.devDependencies, tree.root.optionalDependencies, tree.root.dependencies].flatMap(from => Object.entries(from ?? {})),
  )
  const add = (key: string, value: string, consumer?: string): void => {
    const at = key.lastIndexOf('@')
    const [name, when] = at > 0 ? [key.slice(0, at), key.slice(at + 1)] : [key, '']
    const range = value.startsWith('$') ? (own.get(value.slice(1)) ?? '*') : value
    rules.push({ name, when, range, ...(consumer === undefined ? {} : { consumer }) })
  }
  for (const [key, value] of Object.entries((tree.root.overrides ?? {}) as Record<string, unknown>)) {
    if (typeof value === 'string') add(key, value)
    else
      for (const [inner, range] of Object.entries((value ?? {}) as Record<string, unknown>)) {
        if (typeof range !== 'string') notes.push(`override ${key} > ${inner} is not read`)
        else if (inner === '.') add(key, range)
        else {
          add(inner, range, key.replace(/(.)@.*$/, '$1'))
          notes.push(`override ${key} > ${inner} is read as of direct dependencies only`)
        }
      }
  }
  const apply: Override = (consumer, name, range) =>
    rules.find(
      rule =>
        rule.name === name && (rule.consumer === undefined || rule.consumer === consumer) && (rule.when === '' || rule.when === range),
    )?.range ?? range
  return { apply, notes }
}

const isPlain = (need: Need): boolean => need.kind === 'runtime' || need.kind === 'optional' || need.kind === 'dev'

/** The movable node whose archive carries a bundled one. */
function bundlerOf(tree: Tree, node: Node): Node | undefined {
  for (let path = node.path; path.includes('/node_modules/'); ) {
    path = path.slice(0, path.lastIndexOf('/node_modules/'))
    const above = tree.nodes.get(path)
    if (above !== undefined && above.origin !== 'bundled') return above
  }
  return undefined
}

export function lockFacts(
  tree: Tree,
  override: Override,
  realRanges?: (node: Node) => Readonly<Record<string, string>> | undefined,
): LockFacts {
  const building = new Map<
    string,
    { needs: Map<string, LockedNeed>; bundles: { name: string; version: string }[]; name: string; version: string }
  >()
  const fixed = new Map<string, LockedNeed>()
  const versions = new Map<string, string[]>()
  for (const node of tree.nodes.values()) {
    if (node.origin === 'root' || node.origin === 'workspace' || valid(node.version) === null) continue
    versions.set(node.name, [...(versions.get(node.name) ?? []), node.version])
    const id = `${node.name}@${node.version}`
    if (node.origin === 'registry' && !building.has(id))
      building.set(id, { needs: new Map(), bundles: [], name: node.name, version: node.version })
  }
  for (const node of tree.nodes.values()) {
    const owner = node.origin === 'bundled' ? bundlerOf(tree, node) : node
    const unit = owner?.origin === 'registry' ? building.get(`${owner.name}@${owner.version}`) : undefined
    if (node.origin === 'bundled') unit?.bundles.push({ name: node.name, version: node.version })
    const real = node.origin === 'registry' ? realRanges?.(node) : undefined
    for (const need of node.needs.filter(isPlain)) {
      const served = tree.resolve(node.path, need.name)
      if (served?.origin !== 'registry') continue
      const asked = target(need.name, override(node.name, need.name, real?.[need.name] ?? need.range))
      // Something else stands there than was asked for: nothing to keep.
      if (asked.package !== served.name) continue
      const into = unit?.needs ?? fixed
      const range = validRange(asked.range, { loose: true }) === null ? '*' : asked.range
      const key = `${asked.package} ${range}`
      const known = into.get(key)
      const resolved = [...new Set([...(known?.resolved ?? []), served.version])].sort(compare)
      into.set(key, { package: asked.package, range, floor: resolved.at(-1) ?? served.version, resolved })
    }
  }
  const units = new Map(
    [...building].map(([id, unit]) => [
      id,
      { name: unit.name, version: unit.version, needs: [...unit.needs.values()], bundles: unit.bundles },
    ]),
  )
  return { units, fixed: [...fixed.values()], versions, notes: [] }
}
