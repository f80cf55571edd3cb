import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { AdvisoryDatabaseStatus } from '../model/advisory.ts'
import { Fault } from '../model/faults.ts'
import { buildIndex } from './build-index.ts'
import { type Disk, realDisk } from './disk.ts'
import type { Fetch, Http } from './http.ts'
import { withLock } from './lock.ts'
import type { OsvRecord } from './osv.ts'
import { type Mark, OSV_DEV, osvSource, type Pulled, type UpdateProgress } from './osv-source.ts'
import {
  type Current,
  checkIndex,
  downloadsFolder,
  lockFile,
  openStored,
  readCurrent,
  readMarks,
  readStoredRecords,
  recordsFile,
  removeOld,
  type Stored,
  writeCurrent,
  writeGeneration,
} from './store.ts'

export interface UpdateOptions {
  /** The database's folder; made when it does not exist. */
  readonly folder: string
  /** Address of a mirror or path of a folder; absent: OSV.dev. */
  readonly source?: string
  /**
   * Names as OSV spells them (`npm`, `PyPI`, `crates.io`); those that the database holds already and are not named stay as they are. None: what
   * the database holds from this source, and npm where that is nothing.
   */
  readonly ecosystems: readonly string[]
  readonly fetch: Fetch
  readonly now: () => Date
  readonly progress: (progress: UpdateProgress) => void
  readonly signal?: AbortSignal
  /** How long to wait while another process updates; five minutes unless given. */
  readonly patienceMs?: number
  readonly sleep?: (ms: number) => Promise<void>
  readonly disk?: Disk
}

export interface UpdateResult {
  readonly before?: AdvisoryDatabaseStatus
  readonly after: AdvisoryDatabaseStatus
  /** Bytes that came over the network. */
  readonly bytes: number
  /** Sentences for people: what was found damaged and made anew. */
  readonly notes: readonly string[]
}

/** Brings the database up to date: everything at first, later what has changed. Safe beside other updates and against being stopped. */
export async function updateAdvisories(options: UpdateOptions): Promise<UpdateResult> {
  const { folder, progress, signal } = options
  for (const ecosystem of options.ecosystems) checkName(ecosystem)
  await mkdir(downloadsFolder(folder), { recursive: true })
  const lock = {
    patienceMs: options.patienceMs ?? 300_000,
    waiting: () => progress({ doing: 'Waiting for another update to end' }),
    ...(signal !== undefined && { signal }),
  }
  return withLock(lockFile(folder), lock, () => updateAlone(options))
}

/** Names become parts of paths and addresses. */
function checkName(ecosystem: string): void {
  if (!/^[A-Za-z][A-Za-z0-9 ._-]{0,60}$/.test(ecosystem))
    throw new Fault('usage', `${JSON.stringify(ecosystem)} is not the name of an ecosystem`, {
      hint: 'Name it as OSV does: npm, PyPI, Go, crates.io, Maven …',
    })
}

async function updateAlone(options: UpdateOptions): Promise<UpdateResult> {
  const { folder, now, progress, signal } = options
  const disk = options.disk ?? realDisk
  const source = osvSource(options.source ?? OSV_DEV)
  const http: Http = {
    fetch: options.fetch,
    sleep: options.sleep ?? (ms => delay(ms, undefined, signal === undefined ? {} : { signal })),
    ...(signal !== undefined && { signal }),
  }
  const found = lookAt(folder)
  const previous = found.current
  const marks = new Map<string, Mark>()
  const stored = new Map<string, Stored>()
  if (previous !== undefined) {
    for (const [ecosystem, mark] of readMarks(folder, previous)) {
      const from = mark.source ?? previous.source
      // What another source gave stays until it is asked for here; where it is damaged, this one cannot mend it.
      if (from !== source.name && !found.whole && knownRecords(folder, previous, ecosystem) === undefined) continue
      marks.set(ecosystem, { ...mark, source: from })
      stored.set(ecosystem, { file: recordsFile(folder, previous.generation, ecosystem) })
    }
  }
  let [bytes, changed] = [0, previous === undefined || !found.whole]
  const held = [...marks].flatMap(([ecosystem, mark]) => (mark.source === source.name ? [ecosystem] : []))
  const named = options.ecosystems.length > 0 ? options.ecosystems : held.length > 0 ? held : ['npm']
  for (const ecosystem of [...new Set(named)].sort()) {
    signal?.throwIfAborted()
    const pull = (mark: Mark | undefined): Promise<Pulled> =>
      source.pull(ecosystem, mark, { http, folder: downloadsFolder(folder), progress })
    const mark = marks.get(ecosystem)
    // Records of one source say nothing about what has changed in another.
    let pulled = await pull(mark?.source === source.name ? mark : undefined)
    let known: readonly OsvRecord[] | undefined
    if (previous !== undefined && (pulled.kind === 'some' || (pulled.kind === 'unchanged' && !found.whole))) {
      known = knownRecords(folder, previous, ecosystem)
      if (known === undefined) {
        bytes += pulled.bytes
        pulled = await pull(undefined)
      }
    }
    bytes += pulled.bytes
    marks.set(ecosystem, { ...pulled.mark, source: source.name })
    if (pulled.kind === 'unchanged') continue
    changed = true
    stored.set(ecosystem, { records: combine(known ?? [], pulled) })
  }
  signal?.throwIfAborted()
  let generation = found.current?.generation
  if (changed || generation === undefined) {
    progress({ doing: 'Building the index' })
    const index = buildIndex(everyRecord(stored))
    generation = await writeGeneration(folder, index, stored, now(), disk)
  }
  const current = await writeCurrent(folder, { generation, source: source.name, updated: now().toISOString() }, marks, disk)
  await removeOld(folder, new Set([generation, current.marks, found.current?.generation ?? generation]))
  const after = openStored(folder)?.status
  if (after === undefined) throw new Fault('internal', `${folder} lost its database while it was updated`)
  return { ...(found.status !== undefined && { before: found.status }), after, bytes, notes: found.notes }
}

interface Found {
  readonly current: Current | undefined
  readonly status: AdvisoryDatabaseStatus | undefined
  /** The index is as it was written. */
  readonly whole: boolean
  readonly notes: readonly string[]
}

/** What is there before the update; damage is noted, and what it hit is made anew. */
function lookAt(folder: string): Found {
  let current: Current | undefined
  try {
    current = readCurrent(folder)
    if (current === undefined) return { current, status: undefined, whole: false, notes: [] }
    checkIndex(join(folder, current.generation))
    return { current, status: openStored(folder)?.status, whole: true, notes: [] }
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    return { current, status: undefined, whole: false, notes: [`${cause.message}; it has been rebuilt.`] }
  }
}

/** The stored records of an ecosystem; undefined when they are not there in full, so that all are fetched again. */
function knownRecords(folder: string, current: Current, ecosystem: string): readonly OsvRecord[] | undefined {
  try {
    return readStoredRecords(recordsFile(folder, current.generation, ecosystem))
  } catch (cause) {
    if (cause instanceof Fault) return undefined
    throw cause
  }
}

function combine(known: readonly OsvRecord[], { kind, records, gone }: Pulled): readonly OsvRecord[] {
  if (kind === 'all') return records
  const byId = new Map(known.map(record => [record.id, record]))
  for (const id of gone) byId.delete(id)
  for (const record of records) byId.set(record.id, record)
  return [...byId.values()]
}

function* everyRecord(stored: ReadonlyMap<string, Stored>): Generator<OsvRecord> {
  for (const content of stored.values()) {
    if ('records' in content) yield* content.records
    else yield* readStoredRecords(content.file)
  }
}
