/** From lock entries and the root's manifest to the tree, with every need's effective range. */
import type { VersionFacts } from '../../model/catalogue.ts'
import type { DependencyKind, Origin } from '../../model/inventory.ts'
import type { Manifest } from './manifest.ts'
import { type OverrideRule, overriddenRange, scopeBelow } from './overrides.ts'
import { parsedVersion, parseSpec } from './ranges.ts'
import type { LockDocument, LockEntry } from './read-lock.ts'
import { folderName, type Need, parentLocation, resolve, type Tree, type TreeNode } from './tree.ts'
import { workspaceFolders } from './workspaces.ts'

/** What the registry says of a locked version; asked only where the lock's own ranges are approximate. */
export type FactsOf = (name: string, version: string) => VersionFacts | undefined

interface Declared {
  readonly name: string
  readonly range: string
  readonly kind: DependencyKind
}

export interface TreeOptions {
  /** npm's `legacy-peer-deps`: peers are no needs at all. */
  readonly ignorePeers?: boolean
}

export function buildTree(
  lock: LockDocument,
  manifest: Manifest | undefined,
  factsOf: FactsOf = () => undefined,
  { ignorePeers = false }: TreeOptions = {},
): Tree {
  const declared = new Map<string, readonly Declared[]>()
  for (const entry of lock.entries.values()) {
    const needs = declaredBy(entry, manifest, factsOf)
    declared.set(entry.location, ignorePeers ? needs.filter(need => !isPeer(need)) : needs)
  }
  if (manifest !== undefined && manifest.workspaces.length > 0)
    declared.set('', withWorkspaces(lock, manifest.workspaces, declared.get('') ?? []))
  const immovable = immovableLocations(lock, declared)
  const scopes = overrideScopes(lock, manifest?.overrides ?? [], declared)
  const tree = new Map<string, TreeNode>()
  for (const entry of lock.entries.values()) {
    const facts = entry.approximate ? factsOf(packageName(entry), entry.version) : undefined
    const bundledBy = bundler(lock, entry)
    const needs = (declared.get(entry.location) ?? []).map(
      ({ name, range, kind }): Need => ({
        name,
        declared: range,
        range: bundledBy === undefined ? overriddenRange(manifest?.overrides ?? [], scopes.get(entry.location), name, range) : range,
        kind,
      }),
    )
    const node = facts?.node ?? entry.node
    tree.set(entry.location, {
      location: entry.location,
      packageName: packageName(entry),
      version: entry.version,
      origin: originOf(lock, entry, immovable, bundledBy),
      needs,
      ...(entry.link === undefined ? {} : { link: entry.link }),
      ...(bundledBy === undefined ? {} : { bundledBy }),
      hasInstallScript: entry.hasInstallScript || facts?.hasInstallScript === true,
      deprecated: entry.deprecated || facts?.deprecated === true,
      ...(node === undefined ? {} : { node }),
    })
  }
  return tree
}

export function packageName(entry: LockEntry): string {
  return entry.name ?? folderName(entry.location)
}

/** Needs by name. Later kinds win, as npm loads them: peer, runtime, optional, and at tops dev. */
function declaredBy(entry: LockEntry, manifest: Manifest | undefined, factsOf: FactsOf): readonly Declared[] {
  if (entry.link !== undefined) return []
  const source = entry.location === '' ? (manifest ?? entry) : entry
  const facts = entry.approximate ? factsOf(packageName(entry), entry.version) : undefined
  const needs = new Map<string, Declared>()
  const add = (kind: DependencyKind, pairs: Iterable<readonly [string, string]>) => {
    for (const [name, range] of pairs) needs.set(name, { name, range, kind })
  }
  if (facts !== undefined) {
    for (const need of declaredByFacts(facts)) needs.set(need.name, inOwnWords(need, entry))
  } else {
    const optionalPeers = source.optionalPeers
    for (const [name, range] of source.peerDependencies)
      needs.set(name, { name, range, kind: optionalPeers.has(name) ? 'peer-optional' : 'peer' })
    add('runtime', source.dependencies)
    add('optional', source.optionalDependencies)
  }
  if (isTop(entry.location))
    add(
      'dev',
      [...source.devDependencies].filter(([name]) => !source.optionalDependencies.has(name)),
    )
  return [...needs.values()]
}

/** A tag moves on; where the lock kept a range of its own, whoever reads the lock holds the need to that. */
function inOwnWords(need: Declared, entry: LockEntry): Declared {
  const own = entry.dependencies.get(need.name)
  if (own === undefined || parsedVersion(own) !== undefined || parseSpec(need.name, need.range).kind !== 'tag') return need
  return parseSpec(need.name, own).kind === 'registry' ? { ...need, range: own } : need
}

export function isPeer({ kind }: Pick<Declared, 'kind'>): boolean {
  return kind === 'peer' || kind === 'peer-optional'
}

const declared = new WeakMap<VersionFacts, readonly Declared[]>()

/** What the registry says a version needs, by the same precedence. Asked again and again while a plan is made, and therefore kept. */
export function declaredByFacts(facts: VersionFacts): readonly Declared[] {
  const known = declared.get(facts) ?? readDeclared(facts)
  declared.set(facts, known)
  return known
}

function readDeclared(facts: VersionFacts): readonly Declared[] {
  const needs = new Map<string, Declared>()
  const optionalPeers = new Set(facts.optionalPeers ?? [])
  for (const [name, range] of Object.entries(facts.peerDependencies ?? {})) {
    needs.set(name, { name, range, kind: optionalPeers.has(name) ? 'peer-optional' : 'peer' })
  }
  for (const [name, range] of Object.entries(facts.dependencies ?? {})) needs.set(name, { name, range, kind: 'runtime' })
  for (const [name, range] of Object.entries(facts.optionalDependencies ?? {})) needs.set(name, { name, range, kind: 'optional' })
  return [...needs.values()]
}

/** The root needs each of its workspaces, whatever else it says of that name. */
function withWorkspaces(lock: LockDocument, patterns: readonly string[], needs: readonly Declared[]): readonly Declared[] {
  const isWorkspace = workspaceFolders(patterns)
  const links = [...lock.entries.values()].filter(
    ({ location, link }) => link !== undefined && isWorkspace(link) && location === `node_modules/${folderName(location)}`,
  )
  const workspaces = links.map(({ location, link }): Declared => ({ name: folderName(location), range: `file:${link}`, kind: 'runtime' }))
  const names = new Set(workspaces.map(({ name }) => name))
  return [...needs.filter(({ name }) => !names.has(name)), ...workspaces]
}

function isTop(location: string): boolean {
  return !location.includes('node_modules/')
}

/** The nearest node around a bundled one that is not itself bundled; the root bundles nothing that could not move. */
function bundler(lock: LockDocument, entry: LockEntry): string | undefined {
  let at = parentLocation(entry.location)
  let inside = entry.bundled
  for (; at !== undefined && at !== ''; at = parentLocation(at)) {
    const around = lock.entries.get(at)
    if (around === undefined) continue
    if (around.hasShrinkwrap) return at
    if (inside && !around.bundled) return isTop(at) ? undefined : at
    inside ||= around.bundled && isBelow(entry.location, at)
  }
  return undefined
}

function isBelow(location: string, above: string): boolean {
  return location.startsWith(`${above}/node_modules/`)
}

/** Locations that some consumer asks for by something other than a registry range. */
function immovableLocations(lock: LockDocument, declared: ReadonlyMap<string, readonly Declared[]>): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [from, needs] of declared) {
    for (const { name, range } of needs) {
      const spec = parseSpec(name, range)
      if (spec.kind !== 'immovable') continue
      const to = resolve(lock.entries, from, name)
      if (to !== undefined) found.add(to)
    }
  }
  return found
}

function originOf(lock: LockDocument, entry: LockEntry, immovable: ReadonlySet<string>, bundledBy: string | undefined): Origin {
  if (entry.location === '') return 'root'
  if (entry.link !== undefined || isTop(entry.location)) return 'workspace'
  if (bundledBy !== undefined) return 'bundled'
  const resolved = entry.resolved ?? ''
  if (/^git[+:@]|^[^/]+\/[^/]+#/.test(resolved)) return 'git'
  if (resolved.startsWith('file:')) return 'file'
  if (lock.version === 1 && entry.version === '') return 'url'
  return immovable.has(entry.location) ? 'url' : 'registry'
}

/** Which override rules hold below each location: walked from the root along what serves each need. */
function overrideScopes(
  lock: LockDocument,
  rules: readonly OverrideRule[],
  declared: ReadonlyMap<string, readonly Declared[]>,
): ReadonlyMap<string, OverrideRule | undefined> {
  const scopes = new Map<string, OverrideRule | undefined>()
  if (rules.length === 0) return scopes
  const queue = ['']
  scopes.set('', undefined)
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    const scope = scopes.get(from)
    for (const { name } of declared.get(from) ?? []) {
      const found = resolve(lock.entries, from, name)
      const to = found === undefined ? undefined : (lock.entries.get(found)?.link ?? found)
      if (to === undefined || scopes.has(to)) continue
      const entry = lock.entries.get(to)
      scopes.set(to, scopeBelow(rules, scope, name, entry?.version ?? ''))
      queue.push(to)
    }
  }
  return scopes
}
