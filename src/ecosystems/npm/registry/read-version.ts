import type { VersionFacts } from '../../../model/catalogue.ts'
import { integrityOfShasum, isIntegrity } from './integrity.ts'
import { isPlainText, isRecord, ownValue, plainRecord } from './json-values.ts'
import { isPackageName } from './package-name.ts'
import { NO_RANGES, type Ranges, type ReadRanges, readRanges } from './ranges.ts'

/**
 * One version's manifest, reduced to what planning needs. Undefined when it says something that cannot be right or
 * cannot be understood: such a version is not offered, which never makes a plan wrong.
 *
 * Where one name stands in several lists npm lets the last one count: peer, then `dependencies`, then
 * `optionalDependencies` (a registry repeats optional names in `dependencies`).
 */
export function readVersion(
  name: string,
  version: string,
  manifest: unknown,
  published?: string,
  read: ReadRanges = (_field, value) => readRanges(value),
): VersionFacts | undefined {
  if (!isRecord(manifest)) return undefined
  const field = (key: string) => ownValue(manifest, key)
  if (field('name') !== undefined && field('name') !== name) return undefined
  if (field('version') !== undefined && field('version') !== version) return undefined

  const optional = read('optionalDependencies', field('optionalDependencies'))
  const dependencies = read('dependencies', field('dependencies'))
  const peers = read('peerDependencies', field('peerDependencies'))
  const dist = field('dist') ?? {}
  if (optional === undefined || dependencies === undefined || peers === undefined || !isRecord(dist)) return undefined
  const integrity = ownValue(dist, 'integrity') ?? integrityOfShasum(ownValue(dist, 'shasum'))
  if (integrity !== undefined && !isIntegrity(integrity)) return undefined

  const required = without(dependencies, optional)
  const peer = without(without(peers, optional), required)
  const bundled = readBundled(field('bundleDependencies') ?? field('bundledDependencies'))
  const node = readNode(field('engines'))
  const facts: { -readonly [Key in keyof VersionFacts]: VersionFacts[Key] } = { version }
  if (required !== NO_RANGES) facts.dependencies = required
  if (optional !== NO_RANGES) facts.optionalDependencies = optional
  if (peer !== NO_RANGES) {
    facts.peerDependencies = peer
    const optionalPeers = readOptionalPeers(field('peerDependenciesMeta'), peer)
    if (optionalPeers.length > 0) facts.optionalPeers = optionalPeers
  }
  if (bundled !== undefined) facts.bundled = bundled
  if (node !== undefined) facts.node = node
  if (isDeprecated(field('deprecated'))) facts.deprecated = true
  if (runsInstallScript(manifest)) facts.hasInstallScript = true
  if (field('_hasShrinkwrap') === true) facts.hasShrinkwrap = true
  if (integrity !== undefined) facts.integrity = integrity
  if (published !== undefined) facts.published = published
  return facts
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

/** The same object where nothing has to go. */
function without(ranges: Ranges, others: Ranges): Ranges {
  if (others === NO_RANGES || ranges === NO_RANGES) return ranges
  const kept = Object.entries(ranges).filter(([name]) => others[name] === undefined)
  if (kept.length === 0) return NO_RANGES
  return kept.length === Object.keys(ranges).length ? ranges : plainRecord(kept)
}

function readOptionalPeers(meta: unknown, peers: Ranges): readonly string[] {
  if (!isRecord(meta)) return []
  return Object.keys(peers).filter(name => {
    const about = ownValue(meta, name)
    return isRecord(about) && about['optional'] === true
  })
}

function readNode(engines: unknown): string | undefined {
  const node = isRecord(engines) ? ownValue(engines, 'node') : undefined
  return isPlainText(node, 512) && node !== '' ? node : undefined
}

function isDeprecated(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value !== '')
}
