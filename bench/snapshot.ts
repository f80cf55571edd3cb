/** The advisories that travel with Suture, as OSV records one a line: so that every tool is asked about the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { printRecord } from '../src/advisories/osv.ts'
import { recordsOfIndex } from './index-records.ts'

export function snapshotNdjson(): string {
  const records = recordsOfIndex(readFileSync(join(import.meta.dirname, '../data/advisories.hot')))
  return records.map(record => `${printRecord(record)}\n`).join('')
}
