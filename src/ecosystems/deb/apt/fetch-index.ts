/**
 * One package index of a suite: the smallest form that the signed release names, by its digest where the repository offers that, checked
 * before and after it is decompressed, and kept with a table of its names.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Sha256 } from '../../../model/digest.ts'
import { Fault } from '../../../model/faults.ts'
import type { AptCache } from './apt-cache.ts'
import { type SignedRelease, suiteUrl } from './fetch-release.ts'
import { openPackagesIndex, type PackagesIndex, TABLE_SUFFIX, writeTable } from './packages-index.ts'
import { PackagesScanner } from './packages-scan.ts'
import type { ListedFile } from './release-file.ts'
import { readBody, request, type Transport } from './transport.ts'

export interface IndexReader {
  readonly transport: Transport
  readonly cache: AptCache
  readonly offline: boolean
}

const LARGEST_DOWNLOAD = 512 * 1024 * 1024
const LARGEST_INDEX = 2 ** 31
const FORMS = ['.xz', '.gz', ''] as const
type Form = (typeof FORMS)[number]

interface Listed extends ListedFile {
  readonly path: string
  readonly form: Form
}

export interface FetchedIndex {
  readonly index: PackagesIndex
  /** Of the form that was downloaded, as the signed release names it. */
  readonly sha256: Sha256
}

/** The index of one component and architecture; undefined where the release has none. Throws `apt-index-stale`, `apt-index-invalid`, `apt-offline`, `apt-mirror-unreachable`. */
export async function fetchIndex(
  reader: IndexReader,
  signed: SignedRelease,
  component: string | undefined,
  architecture: string,
): Promise<FetchedIndex | undefined> {
  const { release } = signed
  const plain = component === undefined ? 'Packages' : `${component}/binary-${architecture}/Packages`
  const forms = FORMS.flatMap((form): Listed[] => {
    const listed = release.files.get(plain + form)
    return listed === undefined ? [] : [{ ...listed, path: plain + form, form }]
  })
  const [form] = forms
  if (form === undefined) return undefined
  const place = reader.cache.path('packages', form.sha256)
  const kept = await openPackagesIndex(place)
  if (kept !== undefined) return { index: kept, sha256: form.sha256 }
  const where = suiteUrl(signed.source) + form.path
  if (reader.offline) throw new Fault('apt-offline', `${where} was not downloaded before`)
  const bytes = await download(reader, signed, form)
  await keep(reader.cache, place, unpack(bytes, form.form, where), where, release.files.get(plain))
  const opened = await openPackagesIndex(place)
  if (opened === undefined) throw new Fault('apt-index-invalid', `${where} was written and is not there`)
  return { index: opened, sha256: form.sha256 }
}

async function download({ transport }: IndexReader, { source, release }: SignedRelease, { path, size, sha256 }: Listed): Promise<Buffer> {
  if (size > LARGEST_DOWNLOAD) throw new Fault('apt-index-invalid', `${suiteUrl(source)}${path} is larger than ${LARGEST_DOWNLOAD} bytes`)
  const byHash = `${path.slice(0, path.lastIndexOf('/') + 1)}by-hash/SHA256/${sha256}`
  const addresses = (release.byHash ? [byHash, path] : [path]).map(address => suiteUrl(source) + address)
  let last = ''
  for (const url of addresses) {
    const bytes = await request(transport, { url, credentials: source.credentials }, async (answer, alive) => {
      if (answer.status === 200)
        return readBody(answer, alive, size, () => stale(url, `is larger than the ${size} bytes that the signed index names`))
      await answer.body?.cancel()
      last = `the server answered ${answer.status}`
      return undefined
    })
    if (bytes === undefined) continue
    if (bytes.length !== size) throw stale(url, `has ${bytes.length} bytes; the signed index names ${size}`)
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw stale(url, 'has another digest than the signed index names')
    return bytes
  }
  throw stale(addresses.at(-1) ?? path, `cannot be had: ${last}`)
}

function stale(url: string, what: string): Fault {
  return new Fault('apt-index-stale', `${url} ${what}`)
}

async function* unpack(bytes: Buffer, form: Form, where: string): AsyncGenerator<Uint8Array> {
  try {
    if (form === '') yield bytes
    else if (form === '.gz') yield* Readable.from([bytes]).pipe(createGunzip({ chunkSize: 256 * 1024 }))
    else {
      const { default: xz } = await import('xz-decompress')
      const packed = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytes)
          controller.close()
        },
      })
      for await (const chunk of new xz.XzReadableStream(packed)) yield chunk
    }
  } catch (cause) {
    throw new Fault('apt-index-invalid', `${where} cannot be decompressed`, { cause })
  }
}

/** Writes the text and its table; neither is seen before both are whole and the text's digest is the listed one. */
async function keep(
  cache: AptCache,
  place: string,
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  listed: ListedFile | undefined,
): Promise<void> {
  await cache.place(place, async temporary => {
    const file = await open(temporary, 'wx', 0o600)
    try {
      const scanner = new PackagesScanner(where)
      const hash = createHash('sha256')
      let size = 0
      for await (const chunk of chunks) {
        size += chunk.length
        if (size > Math.min(LARGEST_INDEX, listed?.size ?? LARGEST_INDEX))
          throw new Fault('apt-index-invalid', `${where} unpacks to more than it may`)
        hash.update(chunk)
        scanner.add(chunk)
        await file.writeFile(chunk)
      }
      if (listed !== undefined && (hash.digest('hex') !== listed.sha256 || size !== listed.size))
        throw stale(where, 'unpacks to something else than the signed index names')
      const table = writeTable(scanner.finish())
      await cache.place(place + TABLE_SUFFIX, async path => {
        const target = await open(path, 'wx', 0o600)
        await target.writeFile(table).finally(() => target.close())
      })
    } finally {
      await file.close()
    }
  })
}
