import type { VersionFacts } from '../../../model/catalogue.ts'
import { integrityOfShasum, isIntegrity } from './integrity.ts'
import { isPlainText, isRecord, ownValue, plainRecord } from './json-values.ts'
import { isPackageName } from './package-name.ts'

export type Ranges = Readonly<Record<string, string>>

/**
 * One version's manifest, reduced to what planning needs. Undefined when it says something that cannot be right or
 * cannot be understood: such a version is not offered, which never makes a plan wrong.
 *
 * Where one name stands in several lists npm lets the last one count: peer, then `dependencies`, then
 * `optionalDependencies` (a registry repeats optional names in `dependencies`).
 */
export function readVersion(name: string, version: string, manifest: unknown, published?: string): VersionFacts | undefined {
  if (!isRecord(manifest)) return undefined
  const field = (key: string) => ownValue(manifest, key)
  if (field('name') !== undefined && field('name') !== name) return undefined
  if (field('version') !== undefined && field('version') !== version) return undefined

  const optional = readRanges(field('optionalDependencies'))
  const dependencies = readRanges(field('dependencies'))
  const peers = readRanges(field('peerDependencies'))
  const dist = field('dist') ?? {}
  if (optional === undefined || dependencies === undefined || peers === undefined || !isRecord(dist)) return undefined
  const integrity = ownValue(dist, 'integrity') ?? integrityOfShasum(ownValue(dist, 'shasum'))
  if (integrity !== undefined && !isIntegrity(integrity)) return undefined

  const required = dependencies.filter(([key]) => !has(optional, key))
  const peer = peers.filter(([key]) => !has(optional, key) && !has(required, key))
  const optionalPeers = readOptionalPeers(field('peerDependenciesMeta'), peer)
  const bundled = readBundled(field('bundleDependencies') ?? field('bundledDependencies'))
  const node = readNode(field('engines'))
  return {
    version,
    ...(required.length > 0 ? { dependencies: plainRecord(required) } : {}),
    ...(optional.length > 0 ? { optionalDependencies: plainRecord(optional) } : {}),
    ...(peer.length > 0 ? { peerDependencies: plainRecord(peer) } : {}),
    ...(optionalPeers.length > 0 ? { optionalPeers } : {}),
    ...(bundled === undefined ? {} : { bundled }),
    ...(node === undefined ? {} : { node }),
    ...(isDeprecated(field('deprecated')) ? { deprecated: true } : {}),
    ...(runsInstallScript(manifest) ? { hasInstallScript: true } : {}),
    ...(field('_hasShrinkwrap') === true ? { hasShrinkwrap: true } : {}),
    ...(integrity === undefined ? {} : { integrity }),
    ...(published === undefined ? {} : { published }),
  }
}

/** Name and range, by name. Undefined when it is no such list, or has a name or range that cannot be one. */
export function readRanges(value: unknown): readonly (readonly [string, string])[] | undefined {
  if (value === undefined || value === null) return []
  if (!isRecord(value)) return Array.isArray(value) && value.length === 0 ? [] : undefined
  const ranges: (readonly [string, string])[] = []
  for (const [name, range] of Object.entries(value)) {
    if (!isPackageName(name) || !isPlainText(range, 2048)) return undefined
    ranges.push([name, range])
  }
  return ranges.sort(([left], [right]) => (left < right ? -1 : 1))
}

/** A full document has the scripts; the short one says so in a word. */
export function runsInstallScript(manifest: Readonly<Record<string, unknown>>): boolean {
  const scripts = ownValue(manifest, 'scripts')
  if (ownValue(manifest, 'hasInstallScript') === true) return true
  return isRecord(scripts) && ['preinstall', 'install', 'postinstall'].some(script => Boolean(ownValue(scripts, script)))
}

export function readBundled(value: unknown): readonly string[] | true | undefined {
  if (value === true) return true
  const names = Array.isArray(value) ? value.map(String) : isRecord(value) ? Object.keys(value) : []
  const valid = [...new Set(names.filter(isPackageName))].sort()
  return valid.length > 0 ? valid : undefined
}

function has(ranges: readonly (readonly [string, string])[], name: string): boolean {
  return ranges.some(([key]) => key === name)
}

function readOptionalPeers(meta: unknown, peers: readonly (readonly [string, string])[]): readonly string[] {
  if (!isRecord(meta)) return []
  return peers.flatMap(([name]) => {
    const about = ownValue(meta, name)
    return isRecord(about) && about['optional'] === true ? [name] : []
  })
}

function readNode(engines: unknown): string | undefined {
  const node = isRecord(engines) ? ownValue(engines, 'node') : undefined
  return isPlainText(node, 512) && node !== '' ? node : undefined
}

function isDeprecated(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value !== '')
}
