import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf, type Entry, encodeBlock, readAt, readEntries } from './metadata-block.ts'

/**
 * What registries said, on disk: append-only packs. Each process appends to a pack of its own, named at random, so
 * no two write to the same file; a block that a crash cut off is ignored, and every record is checked against its
 * digest before it is used. When packs have become many they are copied into one that is renamed into place; whoever
 * still has the old ones in mind finds them gone and asks the registry.
 */
export interface MetadataStore {
  find(key: string): Entry | undefined
  /** Records by key, checked. One that is gone or damaged is missing, and forgotten. */
  read(keys: Iterable<string>): ReadonlyMap<string, Buffer>
  put(entry: Entry, record: Buffer): void
  /** The same record holds for longer. */
  renew(entry: Entry): void
  /** Writes what was put and renewed. Throws what the file system throws; then nothing is kept on disk. */
  flush(): void
}

const MOST_PACKS = 8
/** An entry that nobody asked for during so long goes when packs are merged. */
const FORGOTTEN_AFTER = 60 * 24 * 60 * 60 * 1000

interface Place {
  readonly entry: Entry
  readonly file: string
  readonly offset: number
}

/** Without a folder everything is kept in memory only. */
export function openMetadataStore(folder: string | undefined, now: () => Date): MetadataStore {
  const places = folder === undefined ? new Map<string, Place>() : indexPacks(folder)
  const unwritten = new Map<string, { entry: Entry; record?: Buffer }>()
  const name = `${randomBytes(8).toString('hex')}.pack`
  let written = 0

  const append = (file: string) => {
    const items = [...unwritten.values()]
    const block = encodeBlock(items)
    appendFileSync(file, block.bytes, { mode: 0o600 })
    for (const [index, { entry, record }] of items.entries()) {
      if (record !== undefined) places.set(entry.key, { entry, file, offset: written + (block.offsets[index] ?? 0) })
    }
    written += block.bytes.length
    unwritten.clear()
  }

  return {
    find: key => unwritten.get(key)?.entry ?? places.get(key)?.entry,
    read(keys) {
      const records = new Map<string, Buffer>()
      const wanted: Place[] = []
      for (const key of keys) {
        const record = unwritten.get(key)?.record
        const place = places.get(key)
        if (record !== undefined) records.set(key, record)
        else if (place !== undefined) wanted.push(place)
      }
      for (const [key, record] of readRecords(wanted)) {
        if (record === undefined) places.delete(key)
        else records.set(key, record)
      }
      return records
    },
    put: (entry, record) => void unwritten.set(entry.key, { entry, record }),
    renew(entry) {
      const record = unwritten.get(entry.key)?.record
      unwritten.set(entry.key, record === undefined ? { entry } : { entry, record })
      const place = places.get(entry.key)
      if (place !== undefined) places.set(entry.key, { ...place, entry })
    },
    flush() {
      if (folder === undefined || unwritten.size === 0) return
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const isFirst = written === 0
      append(join(folder, name))
      const files = isFirst ? packsIn(folder) : []
      if (files.length > MOST_PACKS) mergePacks(folder, files, now().getTime() - FORGOTTEN_AFTER)
    },
  }
}

function packsIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter(name => name.endsWith('.pack'))
    return names.sort().map(name => join(folder, name))
  } catch {
    // The folder is made by the first flush.
    return []
  }
}

function indexPacks(folder: string, files = packsIn(folder)): Map<string, Place> {
  const places = new Map<string, Place>()
  const renewals: Entry[] = []
  for (const file of files) {
    for (const { entry, offset } of readEntries(file)) {
      if (offset === undefined) renewals.push(entry)
      else if ((places.get(entry.key)?.entry.fetched ?? -1) < entry.fetched) places.set(entry.key, { entry, file, offset })
    }
  }
  for (const entry of renewals) {
    const place = places.get(entry.key)
    if (place?.entry.digest === entry.digest && place.entry.fetched < entry.fetched) places.set(entry.key, { ...place, entry })
  }
  return places
}

function readRecords(places: readonly Place[]): readonly (readonly [string, Buffer | undefined])[] {
  const descriptors = new Map<string, number | undefined>()
  try {
    return places.map(({ entry, file, offset }) => {
      if (!descriptors.has(file)) descriptors.set(file, openIfThere(file))
      const descriptor = descriptors.get(file)
      const record = descriptor === undefined ? undefined : readAt(descriptor, offset, entry.length)
      return [entry.key, record !== undefined && digestOf(record) === entry.digest ? record : undefined]
    })
  } finally {
    for (const descriptor of descriptors.values()) if (descriptor !== undefined) closeSync(descriptor)
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch {
    return undefined
  }
}

function mergePacks(folder: string, files: readonly string[], oldest: number): void {
  const live = [...indexPacks(folder, files).values()].filter(place => place.entry.fetched >= oldest)
  const records = new Map(readRecords(live))
  const items = live.flatMap(({ entry }) => {
    const record = records.get(entry.key)
    return record === undefined ? [] : [{ entry, record }]
  })
  const merged = join(folder, `${randomBytes(8).toString('hex')}.pack`)
  writeFileSync(`${merged}.new`, encodeBlock(items).bytes, { mode: 0o600 })
  renameSync(`${merged}.new`, merged)
  for (const file of files) rmSync(file, { force: true })
}
