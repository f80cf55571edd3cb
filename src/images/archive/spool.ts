/** An archive as a file that can be read by position: itself where it is one, else (standard input, gzip, zstd) a copy that goes when it is closed. */
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import { decompressed, detectCompression, HEAD } from '../compression.ts'
import { codeOf } from '../folder-lock.ts'

export interface ArchiveFile {
  readonly path: string
  readonly handle: FileHandle
  readonly size: number
  close(): Promise<void>
}

export interface SpoolOptions {
  /** A folder for temporary files. */
  readonly scratch: string
  /** What `-` means. */
  readonly stdin: AsyncIterable<Uint8Array>
  /** Of a copy, in bytes; 32 GiB unless given. */
  readonly largest?: number
}

const LARGEST = 32 * 1024 ** 3
const CHUNK = 256 * 1024

/** Faults: `image-not-found`, `file-unreadable`, `image-too-large`, `image-archive-invalid`, `compression-unsupported`. */
export async function openArchive(file: string, options: SpoolOptions): Promise<ArchiveFile> {
  if (file === '-') return await unzipped(await spool(options.stdin, 'standard input', options), options)
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (cause) {
    const code = codeOf(cause) === 'ENOENT' ? 'image-not-found' : 'file-unreadable'
    throw new Fault(code, `${file} cannot be read (${String(codeOf(cause))}).`, { cause })
  }
  const found = await handle.stat()
  if (found.isFile()) return await unzipped({ path: file, handle, size: found.size, close: () => handle.close() }, options)
  if (found.isDirectory()) {
    await handle.close()
    throw new Fault('image-archive-invalid', `${file} is a folder; a layout in a folder is written as oci:${file}.`)
  }
  return await unzipped(await spool(handle.createReadStream({ highWaterMark: CHUNK }), file, options), options)
}

async function unzipped(archive: ArchiveFile, options: SpoolOptions): Promise<ArchiveFile> {
  const name = archive.path
  const { buffer, bytesRead } = await archive.handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
  try {
    if (detectCompression(buffer.subarray(0, bytesRead), name) === 'none') return archive
    const chunks = createReadStream(name, { highWaterMark: CHUNK })
    const unpacked = await spool(decompressed(chunks, name), name, options)
    await archive.close()
    return unpacked
  } catch (cause) {
    await archive.close()
    if (!(cause instanceof Fault)) throw cause
    if (cause.code === 'layer-invalid') throw new Fault('image-archive-invalid', cause.message, { cause })
    if (cause.code === 'layer-too-large') throw new Fault('image-too-large', cause.message, { cause })
    throw cause
  }
}

async function spool(chunks: AsyncIterable<Uint8Array>, name: string, { scratch, largest = LARGEST }: SpoolOptions): Promise<ArchiveFile> {
  const folder = await mkdtemp(join(scratch, 'suture-archive-'))
  const path = join(folder, 'image.tar')
  const handle = await open(path, 'wx+', 0o600)
  const close = async (): Promise<void> => {
    await handle.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    let size = 0
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > largest) throw new Fault('image-too-large', `${name} holds more than ${largest} bytes.`)
      await handle.appendFile(chunk)
    }
    return { path, handle, size, close }
  } catch (cause) {
    await close()
    if (cause instanceof Fault) throw cause
    throw new Fault('image-archive-invalid', `${name} cannot be read to its end (${String(codeOf(cause))}).`, { cause })
  }
}
