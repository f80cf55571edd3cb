import { createHash } from 'node:crypto'
import { AliasGroups, leaderOf } from './alias-groups.ts'
import { ByteWriter } from './byte-writer.ts'
import { coldText, writeCold } from './cold.ts'
import { writeDictionary } from './dictionary.ts'
import { type IndexMeta, SECTIONS, type Sections, writeHot } from './index-format.ts'
import type { OsvRecord } from './osv.ts'
import { type RecordEntry, writePackageEntry } from './package-entry.ts'
import { mergeSameId } from './same-id.ts'
import { rate, severitiesFor } from './severity.ts'

export interface BuiltIndex {
  readonly hot: Buffer
  readonly cold: Buffer
  /** SHA-256 of the content, hexadecimal. */
  readonly hash: string
  readonly meta: IndexMeta
}

/** Builds both files. The same set of records gives the same hash in any order. */
export function buildIndex(records: Iterable<OsvRecord>): BuiltIndex {
  const all = oneForEachId(records)
  const live = all.filter(record => record.withdrawn === undefined)
  const groups = groupsOf(live)
  const ids = sortByBytes([...groups.keys()])
  const rankOf = new Map(ids.map((id, rank) => [id, rank]))
  const rank = (id: string): number => rankOf.get(id) ?? 0
  const packages = packagesOf(live, rank, groups)
  const names = sortByBytes([...packages.keys()])
  const versions = byFrequency(packages)
  const numbers = new Map(versions.map((version, number) => [version, number]))

  const starts = new ByteWriter()
  const entries = new ByteWriter()
  for (const name of names) {
    starts.uint32(entries.length)
    writePackageEntry(entries, packages.get(name) ?? [], version => numbers.get(version) ?? 0)
  }
  const meta: IndexMeta = {
    advisories: live.length,
    packages: names.length,
    ecosystems: [...new Set(names.map(name => name.slice(0, name.indexOf('\0'))))],
    newest: newestOf(all),
  }
  const sections: Sections = {
    ids: writeDictionary(ids.map(id => Buffer.from(id))),
    ...linksOf(ids, new Set(live.map(({ id }) => id)), groups, rank),
    packages: writeDictionary(names.map(name => Buffer.from(name))),
    starts: Buffer.from(starts.view()),
    entries: Buffer.from(entries.view()),
    versions: writeTexts(versions),
    meta: Buffer.from(JSON.stringify(meta)),
  }
  const byId = new Map(live.map(record => [record.id, record]))
  const texts = ids.flatMap(id => byId.get(id) ?? []).map(coldText)
  const coldHash = coldHashOf(texts)
  const hash = contentHash(sections, coldHash)
  return { hot: writeHot(sections, hash, coldHash), cold: writeCold(texts, hash), hash: hash.toString('hex'), meta }
}

/** SHA-256 of the cold text. */
export function coldHashOf(texts: Iterable<string>): Buffer {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\n')
  return hash.digest()
}

export function contentHash(sections: Sections, coldHash: Buffer): Buffer {
  const hash = createHash('sha256')
  for (const section of SECTIONS) hash.update(`${section} ${sections[section].length}\n`).update(sections[section])
  return hash.update(coldHash).digest()
}

function oneForEachId(records: Iterable<OsvRecord>): OsvRecord[] {
  const byId = new Map<string, OsvRecord | OsvRecord[]>()
  for (const record of records) {
    const known = byId.get(record.id)
    byId.set(record.id, known === undefined ? record : Array.isArray(known) ? [...known, record] : [known, record])
  }
  return [...byId.values()].map(found => (Array.isArray(found) ? mergeSameId(found) : found)).sort((a, b) => (a.id < b.id ? -1 : 1))
}

function groupsOf(live: readonly OsvRecord[]): Map<string, readonly string[]> {
  const groups = new AliasGroups()
  for (const { id, aliases } of live) {
    groups.add(id)
    for (const alias of aliases) groups.join(id, alias)
  }
  return groups.groups((a, b) => (a < b ? -1 : 1))
}

type Packages = Map<string, RecordEntry[]>

/** By `ecosystem NUL name`; a NUL inside an ecosystem's name would be ambiguous, and no ecosystem has one. */
function packagesOf(live: readonly OsvRecord[], rank: (id: string) => number, groups: ReadonlyMap<string, readonly string[]>): Packages {
  const packages: Packages = new Map()
  for (const record of live) {
    const id = rank(record.id)
    const others = (groups.get(record.id) ?? []).filter(other => other !== record.id).map(rank)
    others.sort((a, b) => a - b)
    for (const { ecosystem, name, severity: own, ranges, versions } of record.affected) {
      const { severity, tenths } = rate(severitiesFor(own, record.severity), record.word)
      const key = `${ecosystem.replaceAll('\0', ' ')}\0${name}`
      const entry: RecordEntry = { id, severity, ...(tenths !== undefined && { tenths }), others, versions, ranges }
      const list = packages.get(key)
      if (list === undefined) packages.set(key, [entry])
      else list.push(entry)
    }
  }
  return packages
}

function byFrequency(packages: Packages): string[] {
  const counts = new Map<string, number>()
  const count = (version: string): void => {
    counts.set(version, (counts.get(version) ?? 0) + 1)
  }
  for (const entries of packages.values()) {
    for (const version of new Set(entries.flatMap(({ versions }) => versions))) count(version)
    for (const { ranges } of entries) for (const range of ranges) for (const { version } of range) count(version)
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([version]) => version)
}

function linksOf(
  ids: readonly string[],
  records: ReadonlySet<string>,
  groups: ReadonlyMap<string, readonly string[]>,
  rank: (id: string) => number,
): Pick<Sections, 'records' | 'leaders' | 'links'> {
  const [recordBits, leaderBits] = [Buffer.alloc(Math.ceil(ids.length / 8)), Buffer.alloc(Math.ceil(ids.length / 8))]
  const links = new ByteWriter()
  ids.forEach((id, i) => {
    const members = groups.get(id) ?? [id]
    const leader = leaderOf(members)
    const bit = 1 << (i & 7)
    if (records.has(id)) recordBits[i >> 3] = (recordBits[i >> 3] ?? 0) | bit
    if (leader === id) leaderBits[i >> 3] = (leaderBits[i >> 3] ?? 0) | bit
    if (!records.has(id)) links.uint32(rank(members.find(member => records.has(member)) ?? id))
    else if (leader !== id) links.uint32(rank(leader))
  })
  return { records: recordBits, leaders: leaderBits, links: Buffer.from(links.view()) }
}

function writeTexts(texts: readonly string[]): Buffer {
  const starts = new ByteWriter()
  const bytes = new ByteWriter()
  starts.uint32(texts.length)
  for (const text of texts) {
    starts.uint32(bytes.length)
    bytes.bytes(Buffer.from(text))
  }
  starts.uint32(bytes.length)
  return Buffer.concat([starts.view(), bytes.view()])
}

function newestOf(records: readonly OsvRecord[]): string {
  let [newest, instant] = ['', Number.NEGATIVE_INFINITY]
  for (const { modified } of records) {
    const at = Date.parse(modified)
    if (at > instant || (at === instant && modified < newest)) [newest, instant] = [modified, at]
  }
  return newest
}

/** In the order of their UTF-8 bytes, which for all but rare texts is JavaScript's own order. */
function sortByBytes(texts: string[]): string[] {
  texts.sort()
  return texts.some(text => /[\ud800-\uffff]/.test(text)) ? texts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))) : texts
}
