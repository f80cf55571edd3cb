/**
 * A download that goes on where it broke off, in this run or a later one. What has come lies in `<file>.part`, beside it a note of the
 * address, the server's entity tag and the full length; only with the same tag may bytes be added (RFC 9110, sections 13.1.5 and 14).
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { Fault } from '../model/faults.ts'
import { Faltered, type Http, refused, request, withoutCredentials } from './http.ts'

const LARGEST = 2 ** 31

export interface Download {
  readonly part: string
  readonly tag: string | undefined
  /** Bytes that came over the network in this run. */
  readonly received: number
}

export interface DownloadOptions {
  readonly http: Http
  readonly url: string
  /** Path of the part; its note is `<part>.json`. */
  readonly part: string
  /** Ask for nothing when the server still has this. */
  readonly known?: string
  readonly progress: (done: number, total: number | undefined) => void
}

interface Note {
  readonly url: string
  readonly tag: string
}

/** The whole file in `part`; `unchanged` when the server still has the one with the tag `known`; `missing` when it has none. */
export async function download({ http, url, part, known, progress }: DownloadOptions): Promise<Download | 'unchanged' | 'missing'> {
  const shown = withoutCredentials(url)
  let received = 0
  let { size, tag } = await leftBehind(part, shown)
  const headers = (): Record<string, string> => ({
    // The length of what is packed on the way is not the length of the file.
    'accept-encoding': 'identity',
    ...(size > 0 && isStrong(tag) ? { range: `bytes=${size}-`, 'if-range': tag } : {}),
    ...(size === 0 && known !== undefined && { 'if-none-match': known }),
  })
  return request(http, url, headers, async (answer, got) => {
    if (answer.status === 404) return end(answer, 'missing')
    if (answer.status === 304) return end(answer, 'unchanged')
    if (answer.status === 416) {
      // The part does not fit the file any more: begin again.
      size = 0
      await forget(part)
      await answer.body?.cancel()
      throw new Faltered('the server cannot go on where the download broke off', { pauseMs: 0 })
    }
    if (answer.status !== 200 && answer.status !== 206) throw await refused(answer, url)
    const total = totalOf(answer, size, tag)
    if (answer.status === 200 || total === 'elsewhere') {
      size = 0
      await forget(part)
      if (total === 'elsewhere') {
        await answer.body?.cancel()
        throw new Faltered('the server sent another part than it was asked for', { pauseMs: 0 })
      }
    }
    if (total !== undefined && total > LARGEST) throw new Fault('download-failed', `${shown} is larger than 2 GB`)
    tag = answer.headers.get('etag') ?? undefined
    if (isStrong(tag)) await writeFile(`${part}.json`, JSON.stringify({ url: shown, tag }))
    const handle = await open(part, size > 0 ? 'a' : 'w')
    try {
      for await (const chunk of answer.body ?? []) {
        await append(handle, chunk, part)
        size += chunk.length
        received += chunk.length
        got(chunk.length)
        progress(size, total)
        if (size > LARGEST) throw new Fault('download-failed', `${shown} is larger than 2 GB`)
      }
    } finally {
      await handle.close()
    }
    if (total !== undefined && size !== total) throw new Faltered(`${size} of ${total} bytes came`)
    await checkHash(answer, part, shown)
    return { part, tag, received }
  })
}

/** Only with a strong tag may bytes be added later. */
function isStrong(tag: string | undefined): tag is string {
  return tag !== undefined && !tag.startsWith('W/')
}

async function append(handle: FileHandle, chunk: Uint8Array, part: string): Promise<void> {
  try {
    await handle.writeFile(chunk)
  } catch (cause) {
    throw new Fault('write-failed', `${part} cannot be written`, { cause })
  }
}

async function end<T>(answer: Response, outcome: T): Promise<T> {
  await answer.body?.cancel()
  return outcome
}

/** The length of the whole file, where the answer tells; `elsewhere` when a partial answer does not go on where the part ends. */
function totalOf(answer: Response, size: number, tag: string | undefined): number | 'elsewhere' | undefined {
  if (answer.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')
    return range !== null && Number(range[1]) === size && (answer.headers.get('etag') ?? tag) === tag ? Number(range[2]) : 'elsewhere'
  }
  const length = answer.headers.get('content-length')
  return length === null || answer.headers.has('content-encoding') ? undefined : Number(length)
}

/** Google's storage, where OSV.dev keeps its exports, names the MD5 of a file; a transport check, not a proof of origin. */
async function checkHash(answer: Response, part: string, shown: string): Promise<void> {
  const wanted = /(?:^|[,\s])md5=([A-Za-z0-9+/]{22}==)/.exec(answer.headers.get('x-goog-hash') ?? '')?.[1]
  if (wanted === undefined) return
  const found = createHash('md5')
    .update(await readFile(part))
    .digest('base64')
  if (found === wanted) return
  await forget(part)
  throw new Fault('download-failed', `${shown} does not have the checksum that the server names`)
}

async function leftBehind(part: string, shown: string): Promise<{ size: number; tag: string | undefined }> {
  try {
    const note: unknown = JSON.parse(await readFile(`${part}.json`, 'utf8'))
    if (isNote(note) && note.url === shown) return { size: (await stat(part)).size, tag: note.tag }
  } catch {
    // No part, or one without its note: nothing can be added to it.
  }
  return { size: 0, tag: undefined }
}

function isNote(value: unknown): value is Note {
  return (
    typeof value === 'object' &&
    value !== null &&
    'url' in value &&
    'tag' in value &&
    typeof value.url === 'string' &&
    typeof value.tag === 'string'
  )
}

export async function forget(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(`${part}.json`, { force: true })
}
