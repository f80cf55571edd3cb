import type { JsonNode, JsonObject } from '../../../text/json-source.ts'
import type { LockSource } from './lock-source.ts'

export interface LockEntry {
  readonly path: string
  /** The package's own name. */
  readonly name: string
  readonly node: JsonObject
}

/** The entries that came from a registry: no roots, links, bundled copies, git or file sources. */
export function registryEntries(lock: LockSource): LockEntry[] {
  return lock.lockfileVersion === 1 ? legacyEntries(lock.root, '') : packageEntries(lock)
}

function packageEntries(lock: LockSource): LockEntry[] {
  const packages = lock.root.get('packages')
  if (packages?.kind !== 'object') return []
  return packages.members.flatMap(({ key, value }): LockEntry[] => {
    if (value.kind !== 'object' || !key.includes('node_modules/')) return []
    if (value.get('link') !== undefined || value.get('inBundle') !== undefined || !isFromRegistry(value)) return []
    return [{ path: key, name: textOf(value.get('name')) ?? nameOfPath(key), node: value }]
  })
}

function legacyEntries(parent: JsonObject, path: string): LockEntry[] {
  const dependencies = parent.get('dependencies')
  if (dependencies?.kind !== 'object') return []
  return dependencies.members.flatMap(({ key, value }): LockEntry[] => {
    if (value.kind !== 'object') return []
    const place = `${path}${path === '' ? '' : '/'}node_modules/${key}`
    const nested = legacyEntries(value, place)
    if (value.get('bundled') !== undefined || !isFromRegistry(value)) return nested
    const alias = /^npm:(.+)@[^@]+$/.exec(textOf(value.get('version')) ?? '')?.[1]
    return [{ path: place, name: alias ?? key, node: value }, ...nested]
  })
}

function isFromRegistry(entry: JsonObject): boolean {
  const version = textOf(entry.get('version'))
  const resolved = textOf(entry.get('resolved'))
  if (version === undefined || !/^(npm:.+@)?[v=]?\d/.test(version)) return false
  return resolved === undefined || /^https?:/.test(resolved)
}

/** The last package name in an install path. */
export function nameOfPath(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

export function textOf(node: JsonNode | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : undefined
}
