/**
 * node bench/synthetic.ts <folder> [--seed 1] [--packages 1200] [--versions 30] [--roots 220] [--vulnerable 40] [--decoys 60]
 * A synthetic project, its registry and its advisories. The folder gets package.json, package-lock.json, advisories.ndjson and
 * registry.json (what `startRegistry` of test/registry serves).
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare, satisfies } from 'semver'
import type { OsvRecord } from './osv.ts'
import { type MadeLock, makeLock } from './synthetic-lock.ts'
import { integrityOf, type MadePackage, makeRegistry, type Random, randomOf } from './synthetic-registry.ts'

export interface SyntheticSize {
  readonly seed: number
  readonly packages: number
  readonly versions: number
  /** Mean number of dependencies of a version. */
  readonly needs: number
  readonly roots: number
  readonly vulnerable: number
  /** Share of the vulnerable packages whose fix lies outside the range of a dependent. */
  readonly outOfRange: number
  /** Advisories on versions newer than what is locked: they punish taking the newest. */
  readonly decoys: number
}

export const STANDARD: SyntheticSize = {
  seed: 1,
  packages: 1200,
  versions: 30,
  needs: 3.5,
  roots: 220,
  vulnerable: 40,
  outOfRange: 0.45,
  decoys: 60,
}

/** What a registry serves of one version, with a `dist` of its own: no archive has to be made. */
type ServedVersion = Readonly<Record<string, unknown>>

export interface Synthetic {
  readonly manifestText: string
  readonly lockText: string
  readonly lock: MadeLock
  readonly registry: readonly MadePackage[]
  readonly advisories: readonly OsvRecord[]
  readonly packages: Readonly<Record<string, { readonly versions: Readonly<Record<string, ServedVersion>> }>>
}

const VECTORS = [
  ['CRITICAL', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
  ['HIGH', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H'],
  ['MODERATE', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N'],
  ['LOW', 'CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N'],
] as const

function record(number: number, name: string, from: string, fixed: string | undefined, random: Random): OsvRecord {
  const [severity, score] = random.pick(VECTORS)
  const events = [{ introduced: from }, ...(fixed === undefined ? [] : [{ fixed }])]
  return {
    id: `SYN-${String(number).padStart(4, '0')}`,
    modified: '2026-01-01T00:00:00Z',
    summary: `Synthetic flaw in ${name}`,
    affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }],
    severity: [{ type: 'CVSS_V3', score }],
    database_specific: { severity },
  }
}

/** For each locked package: its locked versions, and the ranges it is wanted in. */
function lockedPackages(lock: MadeLock): Map<string, { made: MadePackage; versions: string[]; ranges: string[] }> {
  const found = new Map<string, { made: MadePackage; versions: string[]; ranges: string[] }>()
  for (const { made, chosen } of lock.placed.values()) {
    const known = found.get(made.name) ?? { made, versions: [], ranges: [] }
    known.versions.push(chosen.version)
    found.set(made.name, known)
  }
  for (const need of lock.needs) found.get(need.name)?.ranges.push(need.range)
  return found
}

function makeAdvisories(lock: MadeLock, size: SyntheticSize, random: Random): OsvRecord[] {
  const records: OsvRecord[] = []
  const locked = [...lockedPackages(lock).values()]
  const chosen = new Set<string>()
  const outside = Math.round(size.vulnerable * size.outOfRange)
  for (let tries = 0; chosen.size < size.vulnerable && tries < 100_000; tries++) {
    const { made, versions, ranges } = random.pick(locked)
    if (chosen.has(made.name)) continue
    const highest = [...versions].sort(compare).at(-1) ?? ''
    const wantsOutside = chosen.size < outside
    const fixes = made.versions.filter(
      ({ version }) => compare(version, highest) > 0 && ranges.every(range => satisfies(version, range)) !== wantsOutside,
    )
    // Outside means outside for good: every later version breaks a range too.
    const fix = fixes.find(
      ({ version }) =>
        !wantsOutside ||
        made.versions.every(later => compare(later.version, version) < 0 || !ranges.every(range => satisfies(later.version, range))),
    )
    if (fix === undefined) continue
    chosen.add(made.name)
    records.push(record(records.length + 1, made.name, '0', fix.version, random))
  }
  for (let tries = 0; records.length < chosen.size + size.decoys && tries < 100_000; tries++) {
    const { made, versions } = random.pick(locked)
    const highest = [...versions].sort(compare).at(-1) ?? ''
    const newer = made.versions.filter(({ version }) => compare(version, highest) > 0).map(({ version }) => version)
    const from = newer.length === 0 ? undefined : random.pick(newer)
    if (from === undefined) continue
    const later = newer.filter(version => compare(version, from) > 0)
    records.push(record(records.length + 1, made.name, from, later.length === 0 ? undefined : random.pick(later), random))
  }
  return records
}

export function synthesise(size: SyntheticSize = STANDARD): Synthetic {
  const random = randomOf(size.seed)
  const registry = makeRegistry(size, random)
  const lock = makeLock(registry, size.roots, 0.5, random)
  const advisories = makeAdvisories(lock, size, random)
  const served = registry.map(({ name, versions }) => {
    const each = versions.map(({ version, dependencies }): [string, ServedVersion] => [
      version,
      {
        ...(dependencies.size === 0 ? {} : { dependencies: Object.fromEntries(dependencies) }),
        dist: { tarball: `https://registry.example/${name}/-/${name}-${version}.tgz`, integrity: integrityOf(name, version) },
      },
    ])
    return [name, { versions: Object.fromEntries(each) }] as const
  })
  return {
    manifestText: `${JSON.stringify(lock.manifest, undefined, 2)}\n`,
    lockText: lock.lockText,
    lock,
    registry,
    advisories,
    packages: Object.fromEntries(served),
  }
}

/** Writes what a project needs; the registry's documents stay in memory unless asked for. */
export function writeSynthetic(folder: string, made: Synthetic): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), made.manifestText)
  writeFileSync(join(folder, 'package-lock.json'), made.lockText)
  writeFileSync(join(folder, 'advisories.ndjson'), made.advisories.map(each => `${JSON.stringify(each)}\n`).join(''))
}

if (import.meta.main) {
  const names = ['seed', 'packages', 'versions', 'needs', 'roots', 'vulnerable', 'decoys'] as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(names.map(name => [name, { type: 'string' as const }])),
  })
  const given = Object.fromEntries(names.flatMap(name => (typeof values[name] === 'string' ? [[name, Number(values[name])]] : [])))
  const made = synthesise({ ...STANDARD, ...given })
  const folder = positionals[0] ?? 'synthetic'
  writeSynthetic(folder, made)
  writeFileSync(join(folder, 'registry.json'), JSON.stringify(made.packages))
  const edges = made.registry.reduce((sum, each) => sum + each.versions.reduce((of, version) => of + version.dependencies.size, 0), 0)
  process.stdout.write(
    `${made.registry.length} packages, ${edges} dependency edges, ${made.lock.placed.size} entries, ${made.advisories.length} advisories in ${folder}\n`,
  )
}
