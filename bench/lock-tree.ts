/**
 * The installed tree a lockfile describes, read without anything from `src/`: this code judges `src/`.
 * Versions 2 and 3 are read from `packages`, version 1 from the nested `dependencies`. A need resolves as Node.js does:
 * the consumer's own `node_modules`, then that of each folder above.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly bundleDependencies?: boolean | readonly string[]
  readonly overrides?: unknown
  readonly workspaces?: unknown
}

interface LockEntry extends Omit<Manifest, 'dependencies'> {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly inBundle?: boolean
  readonly bundled?: boolean
  readonly requires?: boolean | Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, unknown>>
}

export type NeedKind = 'runtime' | 'dev' | 'optional' | 'peer' | 'peer-optional'

export interface Need {
  readonly name: string
  readonly range: string
  readonly kind: NeedKind
}

export interface Node {
  /** Install path; `''` is the root. */
  readonly path: string
  /** The package's real name, also behind an alias. */
  readonly name: string
  readonly version: string
  readonly origin: 'root' | 'workspace' | 'registry' | 'bundled' | 'git' | 'file' | 'url'
  readonly integrity?: string
  readonly needs: readonly Need[]
}

export interface Tree {
  readonly lockFile: string
  readonly lockText: string
  readonly lockfileVersion: number
  readonly root: Manifest
  readonly nodes: ReadonlyMap<string, Node>
  /** What serves a need of the node at `from`, through links; undefined when nothing does. */
  resolve(from: string, name: string, startAbove?: boolean): Node | undefined
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export function needsOf(manifest: Manifest, withDev: boolean): Need[] {
  const needs = new Map<string, Need>()
  const add = (from: Readonly<Record<string, string>> | undefined, kindOf: (name: string) => NeedKind): void => {
    for (const [name, range] of Object.entries(from ?? {})) needs.set(name, { name, range, kind: kindOf(name) })
  }
  add(manifest.peerDependencies, name => (manifest.peerDependenciesMeta?.[name]?.optional === true ? 'peer-optional' : 'peer'))
  if (withDev) add(manifest.devDependencies, () => 'dev')
  add(manifest.dependencies, () => 'runtime')
  add(manifest.optionalDependencies, () => 'optional')
  return [...needs.values()]
}

function originOf(entry: LockEntry, spec: string): Node['origin'] {
  if (entry.inBundle === true || entry.bundled === true) return 'bundled'
  if (/^(git\+|git:|github:|gitlab:|bitbucket:|[\w.-]+\/[\w.-]+(#|$))/.test(spec)) return 'git'
  if (spec.startsWith('file:')) return 'file'
  // A registry's archive is named for the package and sits below `/-/`; any other address was asked for by address.
  return /^https?:/.test(spec) && !/\/-\/|\/download\//.test(spec) ? 'url' : 'registry'
}

function readPackages(packages: Readonly<Record<string, LockEntry>>, nodes: Map<string, Node>, links: Map<string, string>): void {
  for (const [path, entry] of Object.entries(packages)) {
    if (entry.link === true) {
      links.set(path, entry.resolved ?? '')
      continue
    }
    const inModules = path.startsWith('node_modules/') || path.includes('/node_modules/')
    const origin = path === '' ? 'root' : inModules ? originOf(entry, entry.resolved ?? '') : 'workspace'
    const name = entry.name ?? (inModules ? path.slice(path.lastIndexOf('node_modules/') + 13) : path)
    const manifest: Manifest = { ...entry, dependencies: (entry.dependencies ?? {}) as Readonly<Record<string, string>> }
    const needs = needsOf(manifest, origin === 'root' || origin === 'workspace')
    nodes.set(path, {
      path,
      name,
      version: entry.version ?? '',
      origin,
      needs,
      ...(entry.integrity === undefined ? {} : { integrity: entry.integrity }),
    })
  }
}

function readNested(
  dependencies: Readonly<Record<string, unknown>>,
  above: string,
  nodes: Map<string, Node>,
  links: Map<string, string>,
): void {
  for (const [key, value] of Object.entries(dependencies)) {
    const entry = value as LockEntry
    const path = above === '' ? `node_modules/${key}` : `${above}/node_modules/${key}`
    const spec = entry.version ?? ''
    if (spec.startsWith('file:') && !/\.(tgz|tar\.gz|tar)$/.test(spec)) links.set(path, spec.slice(5))
    const alias = /^npm:(.+)@([^@]+)$/.exec(spec)
    const requires = typeof entry.requires === 'object' ? entry.requires : {}
    const needs = Object.entries(requires).map(([name, range]): Need => ({ name, range, kind: 'runtime' }))
    const integrity = entry.integrity === undefined ? {} : { integrity: entry.integrity }
    nodes.set(path, { path, name: alias?.[1] ?? key, version: alias?.[2] ?? spec, origin: originOf(entry, spec), needs, ...integrity })
    readNested(entry.dependencies ?? {}, path, nodes, links)
  }
}

export function readTree(folder: string): Tree {
  const lockFile = existsSync(join(folder, 'npm-shrinkwrap.json')) ? 'npm-shrinkwrap.json' : 'package-lock.json'
  const lockText = readFileSync(join(folder, lockFile), 'utf8')
  const root = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8').replace(/^\uFEFF/, '')) as Manifest
  return treeOf(lockText, root, lockFile)
}

export function treeOf(lockText: string, root: Manifest, lockFile = 'package-lock.json'): Tree {
  const lock = JSON.parse(lockText.replace(/^\uFEFF/, '')) as {
    readonly lockfileVersion?: number
    readonly packages?: Readonly<Record<string, LockEntry>>
    readonly dependencies?: Readonly<Record<string, unknown>>
  }
  const nodes = new Map<string, Node>()
  const links = new Map<string, string>()
  if (lock.packages === undefined) {
    nodes.set('', { path: '', name: root.name ?? '', version: root.version ?? '', origin: 'root', needs: needsOf(root, true) })
    readNested(lock.dependencies ?? {}, '', nodes, links)
  } else readPackages(lock.packages, nodes, links)
  const at = (path: string): Node | undefined => nodes.get(links.get(path) ?? path) ?? nodes.get(path)
  const resolve = (from: string, name: string, startAbove = false): Node | undefined => {
    let folder = startAbove ? folderOf(from) : from
    for (;;) {
      if (folder !== 'node_modules' && !folder.endsWith('/node_modules')) {
        const found = at(folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`)
        if (found !== undefined) return found
      }
      if (folder === '') return undefined
      folder = folderOf(folder)
    }
  }
  return { lockFile, lockText, lockfileVersion: lock.lockfileVersion ?? 1, root, nodes, resolve }
}
