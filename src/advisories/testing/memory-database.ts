import { buildIndex } from '../build-index.ts'
import { IndexedAdvisories } from '../indexed-advisories.ts'
import { readRecord } from '../read-record.ts'

/** A database over records given as JSON, through the real index. */
export function databaseOf(records: readonly unknown[]): IndexedAdvisories {
  const index = buildIndex(records.map((record, i) => readRecord(record, `record ${i}`)))
  const cold = (start: number, length: number): Buffer => index.cold.subarray(start, start + length)
  return new IndexedAdvisories({ hot: index.hot, hotFile: 'hot', cold, coldFile: 'cold' }, { source: 'test' })
}
