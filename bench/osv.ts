/**
 * A naive reading of OSV records for npm, kept apart from `src/` on purpose: it judges Suture's own answers.
 * No index, no alias cleverness beyond a union-find; every record of a package is evaluated for every version asked about.
 * Source: OSV schema 1.7, "Evaluation"; SemVer 2.0 precedence by node-semver's `compare`.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { compare as semverCompare, valid } from 'semver'

export interface OsvEvent {
  readonly introduced?: string
  readonly fixed?: string
  readonly last_affected?: string
  readonly limit?: string
}

export interface OsvAffected {
  readonly package?: { readonly ecosystem: string; readonly name: string }
  readonly ranges?: readonly { readonly type: string; readonly events: readonly OsvEvent[] }[]
  readonly versions?: readonly string[]
  readonly severity?: readonly { readonly type: string; readonly score: string }[]
}

export interface OsvRecord {
  readonly id: string
  readonly modified: string
  readonly withdrawn?: string
  readonly aliases?: readonly string[]
  readonly summary?: string
  readonly affected?: readonly OsvAffected[]
  readonly severity?: readonly { readonly type: string; readonly score: string }[]
  readonly database_specific?: { readonly severity?: string; readonly cwe_ids?: readonly string[] }
}

export type Word = 'critical' | 'high' | 'moderate' | 'low' | 'unscored'

/** One alias group that affects one version. */
export interface Match {
  readonly group: string
  readonly ids: readonly string[]
  readonly severity: Word
}

export type Matcher = (name: string, version: string) => readonly Match[]

export const WEIGHTS: Readonly<Record<Word, number>> = { critical: 100, high: 30, moderate: 10, low: 3, unscored: 10 }
export const ORDER: readonly Word[] = ['critical', 'high', 'moderate', 'low', 'unscored']

export function readOsv(file: string): OsvRecord[] {
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line) as OsvRecord)
}

/** Some records bound a range by two parts (`13.0`); the missing ones are zero, as OSV's own comparator reads them. */
function compare(a: string, b: string): number {
  const whole = (version: string): string => (/^\d+(\.\d+)?$/.test(version) ? `${version}.0.0`.split('.').slice(0, 3).join('.') : version)
  return semverCompare(whole(a), whole(b))
}

function insideRange(version: string, events: readonly OsvEvent[]): boolean {
  // Each introduced opens an interval; the nearest end at or above it closes it.
  const limits = events.flatMap(event => (event.limit === undefined || event.limit === '*' ? [] : [event.limit]))
  if (limits.length > 0 && !limits.some(limit => compare(version, limit) < 0)) return false
  return events.some(event => {
    const from = event.introduced
    if (from === undefined || (from !== '0' && compare(version, from) < 0)) return false
    return !events.some(end => {
      if (end.fixed !== undefined) return (from === '0' || compare(end.fixed, from) > 0) && compare(version, end.fixed) >= 0
      if (end.last_affected !== undefined)
        return (from === '0' || compare(end.last_affected, from) >= 0) && compare(version, end.last_affected) > 0
      return false
    })
  })
}

export function affects(affected: OsvAffected, version: string): boolean {
  if (affected.versions?.includes(version)) return true
  if (valid(version) === null) return false
  return (affected.ranges ?? []).some(range => range.type !== 'GIT' && insideRange(version, range.events))
}

/** CVSS 3 base score, enough for v3.0 and v3.1 vectors; `undefined` for the others, whose word then comes from the record. Source: CVSS v3.1 specification, section 7.1. */
function cvss3(vector: string): number | undefined {
  if (!vector.startsWith('CVSS:3')) return undefined
  const metric = new Map(vector.split('/').map(part => part.split(':') as [string, string]))
  const changed = metric.get('S') === 'C'
  const pick = (key: string, table: Record<string, number>): number => table[metric.get(key) ?? ''] ?? Number.NaN
  const impactOf = { H: 0.56, L: 0.22, N: 0 }
  const base = 1 - (1 - pick('C', impactOf)) * (1 - pick('I', impactOf)) * (1 - pick('A', impactOf))
  const impact = changed ? 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 : 6.42 * base
  const privileges = changed ? { N: 0.85, L: 0.68, H: 0.5 } : { N: 0.85, L: 0.62, H: 0.27 }
  const reach =
    8.22 *
    pick('AV', { N: 0.85, A: 0.62, L: 0.55, P: 0.2 }) *
    pick('AC', { L: 0.77, H: 0.44 }) *
    pick('PR', privileges) *
    pick('UI', { N: 0.85, R: 0.62 })
  if (Number.isNaN(impact) || Number.isNaN(reach)) return undefined
  if (impact <= 0) return 0
  const tenths = Math.round(Math.min((changed ? 1.08 : 1) * (impact + reach), 10) * 100_000)
  return tenths % 10_000 === 0 ? tenths / 100_000 : (Math.floor(tenths / 10_000) + 1) / 10
}

/** The source's own word where it says one, as `npm audit` shows it and Suture takes it; else the rating of the score. */
function wordOf(record: OsvRecord, affected: OsvAffected): Word {
  const word = record.database_specific?.severity?.toLowerCase()
  if (word === 'critical' || word === 'high' || word === 'moderate' || word === 'low') return word
  if (word === 'medium') return 'moderate'
  const scores = [...(affected.severity ?? []), ...(record.severity ?? [])].flatMap(entry => cvss3(entry.score) ?? [])
  if (scores.length === 0) return 'unscored'
  const score = Math.max(...scores)
  return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'moderate' : 'low'
}

/** A matcher over all records: alias groups are the connected components of ids and aliases. */
export function matcherOf(records: readonly OsvRecord[]): Matcher {
  const parent = new Map<string, string>()
  const find = (id: string): string => {
    const up = parent.get(id) ?? id
    return up === id ? id : find(up)
  }
  const join = (a: string, b: string): void => {
    const [x, y] = [find(a), find(b)].sort() as [string, string]
    parent.set(y, x)
  }
  const live = records.filter(record => record.withdrawn === undefined)
  for (const record of live) for (const alias of record.aliases ?? []) join(record.id, alias)
  const members = new Map<string, Set<string>>()
  const byName = new Map<string, { record: OsvRecord; affected: OsvAffected }[]>()
  for (const record of live) {
    const ids = members.get(find(record.id)) ?? new Set<string>()
    for (const id of [record.id, ...(record.aliases ?? [])]) ids.add(id)
    members.set(find(record.id), ids)
    for (const affected of record.affected ?? []) {
      if (affected.package?.ecosystem !== 'npm') continue
      const list = byName.get(affected.package.name)
      if (list === undefined) byName.set(affected.package.name, [{ record, affected }])
      else list.push({ record, affected })
    }
  }
  return (name, version) => {
    const groups = new Map<string, Word>()
    for (const { record, affected } of byName.get(name) ?? []) {
      if (!affects(affected, version)) continue
      const group = find(record.id)
      const word = wordOf(record, affected)
      const known = groups.get(group)
      if (known === undefined || WEIGHTS[word] > WEIGHTS[known] || (known === 'unscored' && word !== 'unscored')) groups.set(group, word)
    }
    return [...groups]
      .map(([group, severity]) => ({ group, ids: [...(members.get(group) ?? [])].sort(), severity }))
      .sort((a, b) => (a.group < b.group ? -1 : 1))
  }
}

/** The records' packages, each with the range of versions they affect in node-semver's syntax, as npm's bulk audit answer wants it. */
export function vulnerableRange(affected: OsvAffected): string {
  const parts: string[] = (affected.versions ?? []).map(version => `=${version}`)
  for (const range of affected.ranges ?? []) {
    if (range.type === 'GIT') continue
    for (const { introduced } of range.events) {
      if (introduced === undefined) continue
      const from = introduced === '0' ? '0.0.0-0' : introduced
      const ends = range.events.flatMap(event => {
        if (event.fixed !== undefined && compare(event.fixed, from) > 0) return [{ at: event.fixed, operator: '<' }]
        if (event.last_affected !== undefined && compare(event.last_affected, from) >= 0)
          return [{ at: event.last_affected, operator: '<=' }]
        return []
      })
      const end = ends.sort((a, b) => compare(a.at, b.at))[0]
      parts.push(`>=${from}${end === undefined ? '' : ` ${end.operator}${end.at}`}`)
    }
  }
  return parts.join(' || ')
}
