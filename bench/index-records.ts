/** OSV records out of an index, and as many as a benchmark wants by renaming them. */
import { ByteReader } from '../src/advisories/byte-reader.ts'
import { Dictionary } from '../src/advisories/dictionary.ts'
import { openHot } from '../src/advisories/index-format.ts'
import type { OsvAffected, OsvRecord } from '../src/advisories/osv.ts'
import { readPackageEntry } from '../src/advisories/package-entry.ts'

/** The records that an index was built from, without their text for people. */
export function recordsOfIndex(hot: Buffer): OsvRecord[] {
  const { sections } = openHot(hot, 'the index')
  const [ids, packages] = [new Dictionary(sections.ids), new Dictionary(sections.packages)]
  const texts = 4 + (sections.versions.readUInt32LE(0) + 1) * 4
  const start = (number: number): number => texts + sections.versions.readUInt32LE(4 + number * 4)
  const version = (number: number): string => sections.versions.toString('utf8', start(number), start(number + 1))
  const records = new Map<number, Omit<OsvRecord, 'affected'> & { affected: OsvAffected[] }>()
  for (let rank = 0; rank < packages.size; rank++) {
    const [ecosystem = '', name = ''] = packages.text(rank).split('\0')
    for (const entry of readPackageEntry(new ByteReader(sections.entries, sections.starts.readUInt32LE(rank * 4)), version)) {
      const id = ids.text(entry.id)
      const record = records.get(entry.id) ?? {
        id,
        modified: '2024-01-01T00:00:00Z',
        published: '2023-12-24T00:00:00Z',
        aliases: entry.others.map(other => ids.text(other)),
        summary: `What ${id} does to ${name} when nobody looks`,
        severity: [],
        ...(entry.severity !== 'unscored' && { word: entry.severity.toUpperCase() }),
        references: [`https://advisories.example/${id}`],
        affected: [],
      }
      records.set(entry.id, record)
      record.affected.push({ ecosystem, name, severity: [], ranges: entry.ranges, versions: entry.versions })
    }
  }
  return [...records.values()]
}

/** `count` records: the given ones and renamed copies of them, and one in six about a malicious package of its own. */
export function* multiplied(records: readonly OsvRecord[], count: number): Generator<OsvRecord> {
  for (let i = 0; i < count; i++) {
    const record = records[i % records.length]
    const copy = Math.floor(i / records.length)
    if (i % 6 === 5 || record === undefined) yield malicious(i)
    else if (copy === 0) yield record
    else yield renamed(record, copy)
  }
}

function malicious(i: number): OsvRecord {
  const name = `${letters(i * 7919)}-${letters(i * 104_729)}`
  const affected = [{ ecosystem: 'npm', name, severity: [], ranges: [[{ kind: 'introduced', version: '0' } as const]], versions: [] }]
  const [modified, summary] = ['2024-01-01T00:00:00Z', `Malicious code in ${name} (npm)`]
  return { id: `MAL-2024-${i}`, modified, aliases: [], summary, severity: [], references: [], affected }
}

function renamed(record: OsvRecord, copy: number): OsvRecord {
  const id = (text: string): string => scattered(text, copy)
  return {
    ...record,
    id: id(record.id),
    aliases: record.aliases.map(id),
    affected: record.affected.map(entry => ({ ...entry, name: `${entry.name}-${letters(copy * 31)}` })),
  }
}

/** Another id of the same form: a GHSA with other letters, another number. */
function scattered(id: string, copy: number): string {
  if (!id.startsWith('GHSA-')) return `${id}${copy}`
  let seed = copy
  for (const character of id) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) >>> 0
  const part = (): string => {
    let text = ''
    for (let i = 0; i < 4; i++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      text += '23456789cfghjmpqrvwx'[(seed >>> 16) % 20]
    }
    return text
  }
  return `GHSA-${part()}-${part()}-${part()}`
}

function letters(number: number): string {
  let [text, rest] = ['', number >>> 0]
  do {
    text += 'aeioubcdfghklmnprst'[rest % 19]
    rest = Math.floor(rest / 19)
  } while (rest > 0)
  return text
}
