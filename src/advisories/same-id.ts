/**
 * Records that share an id become one. A source that splits its data by ecosystem may give one advisory in several files, each with the
 * packages of one ecosystem; another may give an old and a new state. So the newest record says everything, except that an ecosystem
 * it does not mention keeps what the newest record that mentions it says. Records of the same instant add up.
 */
import type { OsvAffected, OsvRecord } from './osv.ts'
import { printRecord } from './osv.ts'

export function mergeSameId(records: readonly OsvRecord[]): OsvRecord {
  const sorted = records
    .map(record => ({ record, instant: Date.parse(record.modified), text: printRecord(record) }))
    .sort((a, b) => b.instant - a.instant || (a.text < b.text ? -1 : 1))
  const first = sorted[0]
  if (first === undefined) throw new RangeError('there is no record to merge')
  const newest = sorted.filter(({ instant }) => instant === first.instant).map(({ record }) => record)
  const saidAt = new Map<string, number>()
  const affected = new Map<string, OsvAffected>()
  for (const { record, instant } of sorted) {
    for (const entry of record.affected) {
      const latest = saidAt.get(entry.ecosystem) ?? instant
      saidAt.set(entry.ecosystem, latest)
      if (latest === instant) affected.set(JSON.stringify(entry), entry)
    }
  }
  return {
    ...first.record,
    ...newest.find(({ withdrawn }) => withdrawn !== undefined),
    aliases: [...new Set(newest.flatMap(({ aliases }) => aliases))],
    affected: [...affected.values()],
  }
}
