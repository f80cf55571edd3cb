/**
 * Where records come from: OSV.dev's export, or a mirror of it, or a local folder. The export's layout, by ecosystem:
 * `<base>/<ecosystem>/all.zip`, `<base>/<ecosystem>/modified_id.csv` (lines `<time>,<id>`, newest first), `<base>/<ecosystem>/<id>.json`.
 */
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { severalAtOnce } from '../concurrency/several-at-once.ts'
import { Fault } from '../model/faults.ts'
import { download, forget } from './download.ts'
import { getWhole, type Http, withoutCredentials } from './http.ts'
import type { OsvRecord } from './osv.ts'
import { readAdvisories, readWhole, recordsOf } from './read-source.ts'

export const OSV_DEV = 'https://osv-vulnerabilities.storage.googleapis.com'

/** What an ecosystem's records were when last looked at. */
export interface Mark {
  /** Newest time in the list of changes, and the ids that have it. */
  readonly seen: string
  readonly seenIds: readonly string[]
  /** The archive's entity tag. */
  readonly tag?: string
  /** Whose mark it is; absent: the database's own source, the one it was last updated from. */
  readonly source?: string
}

/** What has happened since a mark. */
export interface Pulled {
  readonly mark: Mark
  readonly bytes: number
  /** `unchanged`: nothing. `all`: these are all records. `some`: these take the place of theirs, and the records `gone` are no more. */
  readonly kind: 'unchanged' | 'all' | 'some'
  readonly records: readonly OsvRecord[]
  readonly gone: readonly string[]
}

export interface PullOptions {
  readonly http: Http
  /** For parts of downloads. */
  readonly folder: string
  readonly progress: (progress: UpdateProgress) => void
}

export interface UpdateProgress {
  readonly doing: string
  readonly done?: number
  readonly total?: number
  readonly unit?: 'bytes'
}

export interface OsvSource {
  /** As it may be shown and stored. */
  readonly name: string
  pull(ecosystem: string, mark: Mark | undefined, options: PullOptions): Promise<Pulled>
}

/** Beyond this many changed records the archive is quicker. */
const MOST_SINGLE = 2000
const AT_ONCE = 8
const LARGEST_LIST = 512 << 20
const LARGEST_RECORD = 64 << 20

/** `from`: an http(s) address, a file: address or a path. */
export function osvSource(from: string): OsvSource {
  if (/^https?:\/\//i.test(from)) {
    if (!URL.canParse(from)) throw new Fault('usage', `${from} is not an address`)
    return new Mirror(from.replace(/\/+$/, ''))
  }
  return folderSource(/^file:\/\//i.test(from) ? fileURLToPath(from) : from)
}

class Mirror implements OsvSource {
  readonly name: string
  readonly #base: string

  constructor(base: string) {
    this.#base = base
    this.name = withoutCredentials(base)
  }

  #url(ecosystem: string, file: string): string {
    return `${this.#base}/${encodeURIComponent(ecosystem)}/${encodeURIComponent(file)}`
  }

  async pull(ecosystem: string, mark: Mark | undefined, options: PullOptions): Promise<Pulled> {
    const list = await getWhole(options.http, this.#url(ecosystem, 'modified_id.csv'), LARGEST_LIST)
    if (mark !== undefined && list !== undefined) {
      const changes = changesSince(list, mark, `${this.name}/${ecosystem}/modified_id.csv`)
      if (changes.ids.length <= MOST_SINGLE) return this.#pullSome(ecosystem, changes, mark, list.length, options)
    }
    return this.#pullAll(ecosystem, mark, list, options)
  }

  async #pullAll(ecosystem: string, mark: Mark | undefined, list: Buffer | undefined, options: PullOptions): Promise<Pulled> {
    const part = join(options.folder, `${encodeURIComponent(ecosystem)}.zip.part`)
    const url = this.#url(ecosystem, 'all.zip')
    // When there is a list, more than a few records have changed, whatever the archive's tag says.
    const known = list === undefined ? mark?.tag : undefined
    const progress = (done: number, total: number | undefined): void =>
      options.progress({ doing: `Downloading ${ecosystem} advisories`, done, ...(total !== undefined && { total }), unit: 'bytes' })
    const got = await download({ http: options.http, url, part, ...(known !== undefined && { known }), progress })
    if (got === 'missing')
      throw new Fault('download-failed', `${this.name} has no advisories for ${ecosystem}`, {
        hint: 'Check the ecosystem’s name (npm, PyPI, Go …) and the mirror’s address.',
      })
    const bytes = (list?.length ?? 0) + (got === 'unchanged' ? 0 : got.received)
    if (got === 'unchanged' && mark !== undefined) return { mark, bytes, kind: 'unchanged', records: [], gone: [] }
    if (got === 'unchanged')
      throw new Fault(
        'download-failed',
        `${this.name} says that ${ecosystem} has not changed, but there is nothing it could have changed from`,
      )
    options.progress({ doing: `Reading ${ecosystem} advisories` })
    const records = readArchive(part, `${this.name}/${ecosystem}/all.zip`)
    await forget(part)
    const mended = { ...markOf(records), ...(got.tag !== undefined && { tag: got.tag }) }
    if (list === undefined) return { mark: mended, bytes, kind: 'all', records, gone: [] }
    // The archive is packed some time after the records change: take what came since, so that nothing falls between.
    const changes = changesSince(list, mended, `${this.name}/${ecosystem}/modified_id.csv`)
    if (changes.ids.length > MOST_SINGLE) return { mark: mended, bytes, kind: 'all', records, gone: [] }
    const late = await this.#pullSome(ecosystem, changes, mended, 0, options)
    const byId = new Map(records.map(record => [record.id, record]))
    for (const record of late.records) byId.set(record.id, record)
    for (const id of late.gone) byId.delete(id)
    return { mark: late.mark, bytes: bytes + late.bytes, kind: 'all', records: [...byId.values()], gone: [] }
  }

  async #pullSome(ecosystem: string, { ids, mark: newest }: Changes, mark: Mark, listBytes: number, options: PullOptions): Promise<Pulled> {
    const next: Mark = { ...newest, ...(mark.tag !== undefined && { tag: mark.tag }) }
    const records: OsvRecord[] = []
    const gone: string[] = []
    let [bytes, done] = [listBytes, 0]
    await severalAtOnce(ids, AT_ONCE, async id => {
      const url = this.#url(ecosystem, `${id}.json`)
      const body = await getWhole(options.http, url, LARGEST_RECORD)
      bytes += body?.length ?? 0
      if (body === undefined) gone.push(id)
      else records.push(readOne(body, id, `${this.name}/${ecosystem}/${id}.json`))
      options.progress({ doing: `Downloading changed ${ecosystem} advisories`, done: ++done, total: ids.length })
    })
    return { mark: next, bytes, kind: ids.length === 0 ? 'unchanged' : 'some', records, gone }
  }
}

function readOne(body: Buffer, id: string, where: string): OsvRecord {
  const [record] = recordsOf(body, where)
  if (record?.id !== id)
    throw new Fault('advisories-invalid', `${where} holds ${record === undefined ? 'no record' : `the record ${record.id}`}`)
  return record
}

/** A broken archive is not kept: the next attempt begins anew. */
function readArchive(part: string, shown: string): OsvRecord[] {
  try {
    return [...recordsOf(readWhole(part), shown)]
  } catch (cause) {
    rmSync(part, { force: true })
    rmSync(`${part}.json`, { force: true })
    throw cause
  }
}

interface Changes {
  readonly ids: readonly string[]
  readonly mark: Mark
}

/** Ids on the list that are newer than the mark. Stops at the first older line. */
function changesSince(list: Buffer, mark: Mark, where: string): Changes {
  const [since, known] = [Date.parse(mark.seen), new Set(mark.seenIds)]
  const ids = new Set<string>()
  let newest = mark
  let newestAt = since
  for (let start = 0, line = 1; start < list.length; line++) {
    const newline = list.indexOf(10, start)
    const end = newline < 0 ? list.length : newline
    const text = list.toString('utf8', start, end).trim()
    start = end + 1
    if (text === '') continue
    const [, time, id] = /^([^,]{1,64}),([^,]{1,256})$/.exec(text) ?? []
    const at = Date.parse(time ?? '')
    if (time === undefined || id === undefined || Number.isNaN(at))
      throw new Fault('advisories-invalid', `${where}:${line} is not a time and an id`)
    if (at < since) break
    if (at > newestAt) [newest, newestAt] = [{ seen: time, seenIds: [] }, at]
    if (at === newestAt) newest = { ...newest, seenIds: [...new Set([...newest.seenIds, id])] }
    if (at > since || !known.has(id)) ids.add(id)
  }
  return { ids: [...ids], mark: { seen: newest.seen, seenIds: newest.seenIds } }
}

function markOf(records: readonly OsvRecord[]): Mark {
  let [seen, at] = ['1970-01-01T00:00:00Z', 0]
  let seenIds: string[] = []
  for (const { id, modified } of records) {
    const instant = Date.parse(modified)
    if (instant > at) [seen, at, seenIds] = [modified, instant, []]
    if (instant === at) seenIds.push(id)
  }
  return { seen, seenIds }
}

/** A folder in the export's layout, or any folder of OSV files; then those records count that name the ecosystem. */
function folderSource(folder: string): OsvSource {
  return {
    name: folder,
    async pull(ecosystem, _mark, { progress }) {
      if (!existsSync(folder)) throw new Fault('file-unreadable', `there is no ${folder}`)
      progress({ doing: `Reading ${ecosystem} advisories` })
      const own = join(folder, ecosystem)
      const archive = join(own, 'all.zip')
      const path = existsSync(archive) ? archive : existsSync(own) && statSync(own).isDirectory() ? own : folder
      const records: OsvRecord[] = []
      for (const record of readAdvisories(path)) {
        if (path !== folder || record.affected.some(affected => affected.ecosystem.split(':', 1)[0] === ecosystem)) records.push(record)
      }
      if (records.length === 0) throw nothingFor(ecosystem, path)
      return { mark: markOf(records), bytes: 0, kind: 'all', records, gone: [] }
    },
  }
}

/** An update that leaves nothing to match with would call everything clean. */
function nothingFor(ecosystem: string, path: string): Fault {
  const others = new Set<string>()
  for (const record of readAdvisories(path)) for (const affected of record.affected) others.add(affected.ecosystem.split(':', 1)[0] ?? '')
  const named = [...others].sort().slice(0, 5)
  return new Fault('advisories-invalid', `${path} holds no advisories for ${ecosystem}.`, {
    ...(named.length > 0 && {
      hint: `It has some for ${named.join(', ')}: name what you want with --ecosystem, as in --ecosystem ${named[0]}.`,
    }),
  })
}
