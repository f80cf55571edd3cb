/** One package archive: from the cache by its digest, else downloaded, going on where an earlier attempt stopped. */
import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '../../../model/faults.ts'
import { openQuick, quickDeb, sealQuick } from '../archive-file/quick-deb.ts'
import type { OfferedPackage } from '../package.ts'
import { type AptCache, readWhole } from './apt-cache.ts'
import type { AptSource } from './source.ts'
import { type Request, request, type Transport } from './transport.ts'

export interface Downloader {
  readonly transport: Transport
  readonly cache: AptCache
  readonly offline: boolean
  /** For the credentials of an address. */
  readonly sources: readonly AptSource[]
}

const LARGEST = 2 * 1024 * 1024 * 1024

type Wanted = Pick<OfferedPackage, 'name' | 'version' | 'filename' | 'size' | 'sha256' | 'suite'>

/**
 * A .deb with the size and digest that the signed index states, or what was made from it for quick reading (`quick-deb.ts`). Throws
 * `deb-digest-mismatch`, `apt-mirror-unreachable`, `apt-offline`.
 */
export async function downloadDeb(downloader: Downloader, item: Wanted): Promise<Buffer> {
  const { cache } = downloader
  const place = cache.path('quick', item.sha256)
  const kept = openQuick(await readFile(place).catch(() => Buffer.alloc(0)))
  if (kept !== undefined) return kept
  const deb = await original(downloader, item)
  const quick = await quickDeb(deb)
  if (quick === undefined) return deb
  await cache.place(place, temporary => writeFile(temporary, sealQuick(quick), { mode: 0o600 }))
  await rm(cache.path('debs', item.sha256), { force: true })
  return quick
}

async function original(downloader: Downloader, item: Wanted): Promise<Buffer> {
  const { cache, offline } = downloader
  const url = item.suite.uri + item.filename
  if (item.size > LARGEST) throw new Fault('deb-digest-mismatch', `${url} is said to be larger than ${LARGEST} bytes`)
  const place = cache.path('debs', item.sha256)
  const kept = await readWhole(place, item.size)
  if (kept !== undefined && digestOf(kept) === item.sha256) return kept
  if (offline) throw new Fault('apt-offline', `${url} was not downloaded before`)
  const partial = `${place}.part`
  await mkdir(dirname(place), { recursive: true, mode: 0o700 })
  await fetchInto(downloader, url, partial, item.size)
  let [bytes, from] = [await readWhole(partial, item.size), partial]
  if (bytes === undefined || digestOf(bytes) !== item.sha256) {
    // An earlier attempt may have left a part of another file, or another run may write to it now: once more, alone and from the start.
    await rm(partial, { force: true })
    from = `${place}.${randomBytes(6).toString('hex')}`
    await fetchInto(downloader, url, from, item.size)
    bytes = await readWhole(from, item.size)
  }
  if (bytes === undefined || digestOf(bytes) !== item.sha256) {
    await rm(from, { force: true })
    throw new Fault('deb-digest-mismatch', `${url} is not the file of ${item.size} bytes that the signed index names`)
  }
  await rename(from, place).catch((cause: unknown) => {
    // Another run that wanted it too was faster; what is in memory was checked.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
  })
  return bytes
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function fetchInto({ transport, sources }: Downloader, url: string, partial: string, size: number): Promise<void> {
  const file = await open(partial, 'a+', 0o600)
  try {
    let have = (await file.stat()).size
    if (have > size) {
      await file.truncate(0)
      have = 0
    }
    if (have === size) return
    const credentials = sources.find(({ uri }) => url.startsWith(uri))?.credentials
    const wanted = (): Request => ({ url, credentials, headers: have > 0 ? { range: `bytes=${have}-` } : {} })
    const got = (bytes: number): void => {
      have += bytes
    }
    await request(transport, wanted, async (answer, alive) => {
      if (answer.status === 206 && !startsAt(answer, have))
        throw new Fault('deb-digest-mismatch', `${url}: the server answered with another part than asked for`)
      if (answer.status === 200 || answer.status === 416) {
        await file.truncate(0)
        have = 0
      }
      if (answer.status !== 200 && answer.status !== 206) {
        await answer.body?.cancel()
        if (answer.status === 416) return
        throw new Fault(
          answer.status === 404 ? 'apt-index-stale' : 'apt-mirror-unreachable',
          `${url}: the server answered ${answer.status}`,
        )
      }
      await pour(answer, file, alive, size - have, url, got)
    })
  } finally {
    await file.close()
  }
}

/** Appends a body, reporting what is in the file: where it breaks off, the next attempt goes on from there. */
async function pour(
  answer: Response,
  file: FileHandle,
  alive: () => void,
  room: number,
  url: string,
  got: (bytes: number) => void,
): Promise<void> {
  let left = room
  for await (const chunk of answer.body ?? []) {
    alive()
    if (chunk.length > left) throw new Fault('deb-digest-mismatch', `${url} is larger than the signed index says`)
    await file.appendFile(chunk)
    left -= chunk.length
    got(chunk.length)
  }
}

function startsAt(answer: Response, offset: number): boolean {
  return new RegExp(`^bytes ${offset}-`).test(answer.headers.get('content-range') ?? '')
}
