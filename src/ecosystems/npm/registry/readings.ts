/**
 * What plans had to look into, by what they were made from: kept beside the registry's metadata, so that the next plan for the same lock
 * starts where the last one ended. A list that is lost, damaged or cannot be written costs time and nothing else.
 */
import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Readings } from '../../../model/world.ts'
import { digestOf } from './metadata-block.ts'
import { openMetadataStore } from './metadata-store.ts'

/** Part of the folder's name, so that another form of lists never meets this one. */
const FORM = 'npm-readings-1'
const MOST_NAMES = 20_000

/** `from`: everything that decides what a plan looks into, apart from the registry. */
export function openReadings(cacheFolder: string, from: readonly string[], now: () => Date): Readings {
  const store = openMetadataStore(join(cacheFolder, FORM), now)
  const base = hash('sha256', JSON.stringify(from), 'hex')
  const keyOf = (question: string) => `${base} ${question}`
  const recorded = (key: string): Buffer | undefined => store.read([key]).get(key)
  return {
    recall: question => namesIn(recorded(keyOf(question))),
    keep(question, names) {
      const key = keyOf(question)
      const record = Buffer.from(JSON.stringify(names.slice(0, MOST_NAMES)))
      if (recorded(key)?.equals(record) === true) return
      const fetched = now().getTime()
      store.put({ key, digest: digestOf(record), length: record.length, fetched, freshUntil: fetched }, record)
      try {
        store.flush()
      } catch {
        // The registry's own records are kept in the same place, and tell when that cannot be written.
      }
    },
  }
}

/** Its digest says that these are the bytes that were written, and anyone who can write there could write others. */
function namesIn(record: Buffer | undefined): readonly string[] {
  if (record === undefined) return []
  try {
    const names: unknown = JSON.parse(record.toString())
    return Array.isArray(names) ? names.filter(name => typeof name === 'string').slice(0, MOST_NAMES) : []
  } catch {
    return []
  }
}
