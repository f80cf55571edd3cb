/**
 * What the index holds for one package. All numbers are varints unless said otherwise.
 *
 * Number of listed versions, their numbers in `versions`. Then number of records, and for each: rank of its id; one byte of flags (the
 * severity in the low three bits); a byte of score when flagged; the other ids of its group when flagged; the versions it lists, as
 * runs (gap, length) in the package's list, when flagged; number of ranges, for each the number of events, for each
 * version number × 4 + kind. Advisories of one package list nearly the same versions, so that runs cost a few bytes each.
 */
import { SEVERITIES, type Severity } from '../model/severity.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { EVENT_KINDS, type OsvRange } from './osv.ts'

export interface RecordEntry {
  readonly id: number
  readonly severity: Severity
  readonly tenths?: number
  /** Ranks of the other ids in the alias group, ascending. */
  readonly others: readonly number[]
  readonly versions: readonly string[]
  readonly ranges: readonly OsvRange[]
}

const HAS_SCORE = 8
const HAS_OTHERS = 16
const HAS_VERSIONS = 32

export function writePackageEntry(writer: ByteWriter, entries: readonly RecordEntry[], numberOf: (version: string) => number): void {
  const listed = new Map<string, number>()
  for (const { versions } of entries) for (const version of versions) if (!listed.has(version)) listed.set(version, listed.size)
  writer.varint(listed.size)
  for (const version of listed.keys()) writer.varint(numberOf(version))
  writer.varint(entries.length)
  for (const { id, severity, tenths, others, versions, ranges } of entries) {
    writer.varint(id)
    const flags = (tenths === undefined ? 0 : HAS_SCORE) + (others.length > 0 ? HAS_OTHERS : 0) + (versions.length > 0 ? HAS_VERSIONS : 0)
    writer.byte(SEVERITIES.indexOf(severity) + flags)
    if (tenths !== undefined) writer.byte(tenths)
    if (others.length > 0) {
      writer.varint(others.length)
      for (const other of others) writer.varint(other)
    }
    if (versions.length > 0) writeRuns(writer, [...new Set(versions.map(version => listed.get(version) ?? 0))])
    writer.varint(ranges.length)
    for (const range of ranges) {
      writer.varint(range.length)
      for (const { kind, version } of range) writer.varint(numberOf(version) * EVENT_KINDS.length + EVENT_KINDS.indexOf(kind))
    }
  }
}

function writeRuns(writer: ByteWriter, places: number[]): void {
  places.sort((a, b) => a - b)
  const runs: { start: number; length: number }[] = []
  for (const place of places) {
    const last = runs.at(-1)
    if (last !== undefined && last.start + last.length === place) last.length++
    else runs.push({ start: place, length: 1 })
  }
  writer.varint(runs.length)
  let end = 0
  for (const { start, length } of runs) {
    writer.varint(start - end)
    writer.varint(length)
    end = start + length
  }
}

export function readPackageEntry(reader: ByteReader, textOf: (version: number) => string): RecordEntry[] {
  const listed = times(reader.varint(), () => textOf(reader.varint()))
  return times(reader.varint(), () => {
    const id = reader.varint()
    const flags = reader.byte()
    const tenths = flags & HAS_SCORE ? reader.byte() : undefined
    const others = flags & HAS_OTHERS ? times(reader.varint(), () => reader.varint()) : []
    const versions = flags & HAS_VERSIONS ? readRuns(reader, listed) : []
    const ranges = times(reader.varint(), () =>
      times(reader.varint(), () => {
        const event = reader.varint()
        return { kind: EVENT_KINDS[event % EVENT_KINDS.length] ?? 'introduced', version: textOf(Math.floor(event / EVENT_KINDS.length)) }
      }),
    )
    return { id, severity: SEVERITIES[flags & 7] ?? 'unscored', ...(tenths !== undefined && { tenths }), others, versions, ranges }
  })
}

function readRuns(reader: ByteReader, listed: readonly string[]): string[] {
  let end = 0
  return times(reader.varint(), () => {
    const start = end + reader.varint()
    end = start + reader.varint()
    return listed.slice(start, end)
  }).flat()
}

function times<T>(count: number, make: () => T): T[] {
  const made: T[] = []
  for (let i = 0; i < count; i++) made.push(make())
  return made
}
