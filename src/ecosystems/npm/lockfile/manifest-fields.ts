import { posix } from 'node:path'
import type { JsonValue } from '../../../text/json-source.ts'
import type { JsonRecord } from './key-order.ts'
import { isRecord, recordOf } from './key-order.ts'
import type { RawManifest } from './lock-changes.ts'

/**
 * A registry's description of a version, brought into the form that npm writes to a lockfile: optional dependencies listed once,
 * `bin` as an object with safe relative paths, `funding` as an object, `license` as a word; empty values left out.
 */
export type ManifestFields = ReadonlyMap<string, JsonValue>

const RANGES = ['optionalDependencies', 'peerDependencies'] as const
const AS_THEY_ARE = ['peerDependenciesMeta', 'acceptDependencies', 'engines', 'os', 'cpu', 'libc', 'deprecated', 'workspaces'] as const
const MAX_DEPTH = 8

export function manifestFields(name: string, manifest: RawManifest): ManifestFields {
  const fields = new Map<string, JsonValue>()
  const put = (key: string, value: JsonValue | undefined) => {
    if (value !== undefined && !isEmpty(value)) fields.set(key, value)
  }
  for (const key of RANGES) put(key, ranges(manifest[key]))
  for (const key of AS_THEY_ARE) put(key, jsonValue(manifest[key]))
  const optional = fields.get('optionalDependencies')
  const declared = ranges(manifest['dependencies'])
  put('dependencies', isRecord(optional) ? recordOf(Object.entries(declared).filter(([key]) => !Object.hasOwn(optional, key))) : declared)
  put('bundleDependencies', bundled(manifest, declared))
  put('bin', bin(name, manifest['bin']))
  put('license', license(jsonValue(manifest['license'])))
  const funding = jsonValue(manifest['funding'])
  put('funding', typeof funding === 'string' && funding !== '' ? { url: funding } : funding)
  if (hasInstallScript(manifest)) fields.set('hasInstallScript', true)
  if (manifest['_hasShrinkwrap'] === true || manifest['hasShrinkwrap'] === true) fields.set('hasShrinkwrap', true)
  return fields
}

/** What a version 1 or 2 lock lists under `requires`: all needs but peers. */
export function requiresOf(fields: ManifestFields, overridden: ReadonlyMap<string, string> = new Map()): JsonRecord {
  const needs = ['dependencies', 'optionalDependencies'].flatMap(key => {
    const value = fields.get(key)
    return isRecord(value) ? Object.entries(value) : []
  })
  return recordOf(needs.map(([name, range]) => [name, overridden.get(name) ?? range]))
}

/** The archive's integrity: what the registry states, else its SHA-1, as a Subresource Integrity string. */
export function integrityOf(manifest: RawManifest): string | undefined {
  const dist = jsonValue(manifest['dist'])
  if (!isRecord(dist)) return undefined
  const { integrity, shasum } = dist
  if (typeof integrity === 'string' && /^\s*(sha(1|256|384|512)-[A-Za-z0-9+/=]+\s*)+$/.test(integrity)) return integrity.trim()
  if (typeof shasum === 'string' && /^[0-9a-f]{40}$/i.test(shasum)) return `sha1-${Buffer.from(shasum, 'hex').toString('base64')}`
  return undefined
}

export function tarballOf(manifest: RawManifest): string | undefined {
  const dist = jsonValue(manifest['dist'])
  return isRecord(dist) && typeof dist['tarball'] === 'string' ? dist['tarball'] : undefined
}

function ranges(value: unknown): JsonRecord {
  const record = jsonValue(value)
  return recordOf(isRecord(record) ? Object.entries(record).filter(([, range]) => typeof range === 'string') : [])
}

function bundled(manifest: RawManifest, dependencies: JsonRecord): JsonValue | undefined {
  const value = jsonValue(manifest['bundleDependencies'] ?? manifest['bundledDependencies'])
  if (value === true) return Object.keys(dependencies)
  if (isRecord(value)) return Object.keys(value)
  return Array.isArray(value) ? value : undefined
}

function bin(name: string, value: unknown): JsonValue | undefined {
  const targets = jsonValue(value)
  if (typeof targets === 'string') return bins([[name, targets]])
  if (Array.isArray(targets)) return bins(targets.map(target => [posix.basename(String(target)), target]))
  return isRecord(targets) ? bins(Object.entries(targets)) : undefined
}

function bins(entries: readonly (readonly [string, JsonValue])[]): JsonRecord {
  const safe = entries.flatMap(([key, target]): [string, JsonValue][] => {
    const command = posix.basename(safePath(key))
    const path = typeof target === 'string' ? safePath(target) : ''
    return command === '' || path === '' ? [] : [[command, path]]
  })
  return recordOf(safe)
}

/** Relative, with `/`, inside the package whatever was written. */
function safePath(path: string): string {
  const inside = posix.join('.', posix.join('/', path.replace(/[\\:]/g, '/')))
  return inside.startsWith('./') ? '' : inside
}

function license(value: JsonValue | undefined): JsonValue | undefined {
  return isRecord(value) && value['type'] ? value['type'] : value
}

function hasInstallScript(manifest: RawManifest): boolean {
  if (manifest['hasInstallScript'] === true) return true
  const scripts = jsonValue(manifest['scripts'])
  return isRecord(scripts) && ['preinstall', 'install', 'postinstall'].some(name => Boolean(scripts[name]))
}

function isEmpty(value: JsonValue): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return !value
}

/** A copy that holds nothing but JSON, without prototypes, `__proto__` keys or endless depth. */
function jsonValue(value: unknown, depth = 0): JsonValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || depth > MAX_DEPTH) return undefined
  if (Array.isArray(value)) return value.map(item => jsonValue(item, depth + 1)).filter(item => item !== undefined)
  const members = Object.entries(value).flatMap(([key, item]): [string, JsonValue][] => {
    const copy = key === '__proto__' ? undefined : jsonValue(item, depth + 1)
    return copy === undefined ? [] : [[key, copy]]
  })
  return recordOf(members)
}
