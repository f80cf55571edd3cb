/**
 * What was downloaded, so that it need not be again: content by its digest, and for each suite which content it had last. Files are
 * written beside their place and renamed, so a run that is stopped leaves nothing half.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Sha256, sha256FromHex } from '../../../model/digest.ts'

/** What a suite answered last. */
export interface SuiteRecord {
  readonly inRelease: Sha256
  /** The release's own Date, ISO 8601. */
  readonly date: string
  readonly etag?: string
  readonly lastModified?: string
  /** When it was last asked for, ISO 8601. */
  readonly asked: string
}

/** That a signature was checked before, with exactly these keys. */
export interface VerifiedRecord {
  /** The signed text, as content by this digest. */
  readonly text: Sha256
  readonly fingerprint: string
  readonly expires?: string
  readonly keyring: string
  readonly from: 'asked' | 'image' | 'machine'
}

export interface AptCache {
  suite(uri: string, suite: string): Promise<SuiteRecord | undefined>
  keepSuite(uri: string, suite: string, record: SuiteRecord): Promise<void>
  verified(key: string): Promise<VerifiedRecord | undefined>
  keepVerified(key: string, record: VerifiedRecord): Promise<void>
  /** Content with this digest, checked again; undefined where it is not there or damaged. */
  content(sha256: Sha256): Promise<Buffer | undefined>
  keepContent(bytes: Uint8Array): Promise<Sha256>
  /** Where a file of this kind and digest lies, there or not. */
  path(kind: 'packages' | 'debs' | 'quick', name: string): string
  /** Puts a file at its place when `write` is done with it. */
  place(path: string, write: (temporary: string) => Promise<void>): Promise<void>
}

export function openAptCache(folder: string): AptCache {
  const suitePath = (uri: string, suite: string): string => join(folder, 'suites', `${hashOf(`${uri}\n${suite}`)}.json`)
  const contentPath = (sha256: Sha256): string => join(folder, 'content', sha256)
  const swept = new Set<string>()
  const place = async (path: string, write: (temporary: string) => Promise<void>): Promise<void> => {
    const parent = dirname(path)
    await mkdir(parent, { recursive: true, mode: 0o700 })
    if (!swept.has(parent)) {
      swept.add(parent)
      await sweep(parent)
    }
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    try {
      await write(temporary)
      await rename(temporary, path)
    } catch (cause) {
      await rm(temporary, { force: true })
      throw cause
    }
  }
  const writeText = (path: string, content: string | Uint8Array): Promise<void> =>
    place(path, async temporary => {
      const file = await open(temporary, 'wx', 0o600)
      await file.writeFile(content).finally(() => file.close())
    })
  return {
    async suite(uri, suite) {
      const { inRelease, date, asked, etag, lastModified } = await readJson(suitePath(uri, suite))
      if (inRelease === undefined || !/^[0-9a-f]{64}$/.test(inRelease) || !isTime(date) || !isTime(asked)) return undefined
      return {
        inRelease: sha256FromHex(inRelease),
        date,
        asked,
        ...(etag !== undefined && { etag }),
        ...(lastModified !== undefined && { lastModified }),
      }
    },
    keepSuite: (uri, suite, record) => writeText(suitePath(uri, suite), JSON.stringify(record)),
    async verified(key) {
      const { text, fingerprint, expires, keyring, from } = await readJson(join(folder, 'verified', `${key}.json`))
      const origin = (['asked', 'image', 'machine'] as const).find(known => known === from)
      if (text === undefined || !/^[0-9a-f]{64}$/.test(text)) return undefined
      if (fingerprint === undefined || keyring === undefined || origin === undefined || (expires !== undefined && !isTime(expires)))
        return undefined
      return { text: sha256FromHex(text), fingerprint, keyring, from: origin, ...(expires !== undefined && { expires }) }
    },
    keepVerified: (key, record) => writeText(join(folder, 'verified', `${key}.json`), JSON.stringify(record)),
    async content(sha256) {
      const bytes = await readFile(contentPath(sha256)).catch(() => undefined)
      return bytes !== undefined && hashOf(bytes) === sha256 ? bytes : undefined
    },
    async keepContent(bytes) {
      const sha256 = sha256FromHex(hashOf(bytes))
      await writeText(contentPath(sha256), bytes)
      return sha256
    },
    path: (kind, name) => join(folder, kind, name),
    place,
  }
}

const ASIDE = /\.[0-9a-f]{12}$/
const LEFT_MS = 60 * 60 * 1000
const FORGOTTEN_MS = 90 * 24 * 60 * 60 * 1000

/**
 * Removes what runs left that were killed while they wrote, files of a temporary name that nobody has touched for an hour; and what nobody
 * has read or written for three months.
 */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile() !== true) continue
    const unused = Date.now() - Math.max(found.atimeMs, found.mtimeMs)
    if (unused > FORGOTTEN_MS || (unused > LEFT_MS && ASIDE.test(name))) await rm(path, { force: true })
  }
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text))
}

/** The texts among a small JSON object's fields; none where it is not there or damaged, for then it is as if nothing had been kept. */
async function readJson(path: string): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(Object.entries(value).flatMap(([key, field]) => (typeof field === 'string' ? [[key, field] as const] : [])))
  } catch {
    return {}
  }
}

/** A file's bytes where it has exactly this size; undefined where it is not there or not whole. */
export async function readWhole(path: string, size: number): Promise<Buffer | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true || found.size !== size) return undefined
  return readFile(path).catch((cause: unknown) => {
    // Another run may have moved it since.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  })
}
