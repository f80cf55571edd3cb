/** The blobs of a layout: `blobs/sha256/<hex>`, read with their digest checked, written so that a file with that name is always whole. */
import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, Descriptor, RawDocument } from '../../model/image.ts'
import { blobDigest } from '../../model/image.ts'
import { codeOf, isRunning } from '../folder-lock.ts'
import { assertDocumentSize, verifiedChunks, verifiedDocument } from '../verified-bytes.ts'

const CHUNK = 256 * 1024
const READ = constants.O_RDONLY | constants.O_NOFOLLOW

/** Nothing but a digest leads to a place, so none lies outside. */
export function blobPath(folder: string, digest: BlobDigest): string {
  return join(folder, 'blobs', 'sha256', blobDigest(digest).slice('sha256:'.length))
}

/** Whether the blob is there as a regular file of the descriptor's size. */
export async function hasBlob(folder: string, { digest, size }: Descriptor): Promise<boolean> {
  const found = await lstat(blobPath(folder, digest)).catch(() => undefined)
  return found?.isFile() === true && found.size === size
}

/** Faults: `image-incomplete` where it is missing, `image-too-large`, `image-digest-mismatch`. */
export async function readDocumentFile(folder: string, descriptor: Descriptor): Promise<RawDocument> {
  assertDocumentSize(descriptor, folder)
  const handle = await openBlob(folder, descriptor)
  try {
    const { size } = await handle.stat()
    if (size !== descriptor.size)
      return verifiedDocument(descriptor, new Uint8Array(size > descriptor.size ? descriptor.size + 1 : size), folder)
    return verifiedDocument(descriptor, await handle.readFile(), folder)
  } finally {
    await handle.close()
  }
}

export async function* readBlobFile(folder: string, descriptor: Descriptor): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await openBlob(folder, descriptor)
  try {
    const stream = createReadStream('', { fd: handle, highWaterMark: CHUNK, autoClose: false })
    yield* verifiedChunks(descriptor, stream, folder)
  } finally {
    await handle.close()
  }
}

/** Writes beside, flushes, renames. The chunks must be verified by whoever gives them; this checks again what it writes. */
export async function writeBlobFile(
  folder: string,
  descriptor: Descriptor,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await writeWhole(blobPath(folder, descriptor.digest), chunks, hex => {
    if (`sha256:${hex}` === descriptor.digest) return
    throw new Fault('image-digest-mismatch', `${descriptor.digest} is in truth sha256:${hex}.`)
  })
}

/** Makes or replaces one file by a rename; its old content or its new one is there at any moment. Faults: `image-write-failed`. */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  check: (sha256: string) => void = () => undefined,
): Promise<void> {
  const aside = join(dirname(path), `.suture-${process.pid}-${machine()}-${randomUUID()}`)
  try {
    await mkdir(dirname(path), { recursive: true })
    const hash = createHash('sha256')
    const handle = await open(aside, 'wx')
    try {
      for await (const chunk of chunks) {
        hash.update(chunk)
        await handle.appendFile(chunk)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    check(hash.digest('hex'))
    await rename(aside, path)
  } catch (cause) {
    await rm(aside, { force: true })
    if (cause instanceof Fault) throw cause
    throw new Fault('image-write-failed', `${path} cannot be written (${String(codeOf(cause))}).`, { cause })
  }
}

const ASIDE = /^\.suture-(?:lock\.|(?<pid>\d{1,10})-(?<machine>[0-9a-f]{8})-)?[0-9a-f-]{36}$/
const LEFT_MS = 60 * 60 * 1000
/** A process that is not seen may be another container's with this machine's name; one that writes touches its file. */
const GONE_MS = 60 * 1000

/**
 * Removes what killed writers left beside: files of their own naming, and of the lock's, that nobody has touched for an hour, or for a
 * minute where the writer was a process of this machine and is gone. What cannot be removed stays.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const aside = ASIDE.exec(name)
    if (aside === null) continue
    const { pid, machine: writtenBy } = aside.groups ?? {}
    const patience = writtenBy === machine() && !isRunning(Number(pid)) ? GONE_MS : LEFT_MS
    const path = join(folder, name)
    const found = await lstat(path).catch(() => undefined)
    if (found?.isFile() === true && Date.now() - found.mtimeMs > patience) await rm(path, { force: true }).catch(() => undefined)
  }
}

/** This machine's name, short enough for a file's. */
function machine(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}

/** Makes renames in a folder last through a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A file of a layout other than a blob, up to a size; undefined where there is none. */
export async function readSmall(path: string, largest: number): Promise<Buffer | undefined> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined
    throw new Fault('file-unreadable', `${path} cannot be read (${String(codeOf(cause))}).`, { cause })
  })
  if (found === undefined) return undefined
  if (!found.isFile()) throw new Fault('image-invalid', `${path} is no regular file.`)
  if (found.size > largest) throw new Fault('image-too-large', `${path} has ${found.size} bytes; it is read up to ${largest}.`)
  return await readFile(path)
}

async function openBlob(folder: string, { digest }: Descriptor) {
  const path = blobPath(folder, digest)
  try {
    const handle = await open(path, READ)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') throw new Fault('image-incomplete', `${folder} lacks the blob ${digest}.`, { cause })
    if (codeOf(cause) !== 'ELOOP') throw new Fault('file-unreadable', `${path} cannot be read (${String(codeOf(cause))}).`, { cause })
  }
  throw new Fault('image-invalid', `The blob ${digest} in ${folder} is no regular file.`)
}
