/** Where each file of an archive lies: read from the headers once, so that nothing is unpacked. */
import { createReadStream } from 'node:fs'
import { posix } from 'node:path'
import { Fault } from '../../model/faults.ts'
import { walkTar } from '../tar/walk.ts'
import type { ArchiveFile } from './spool.ts'

export interface Extent {
  readonly offset: number
  readonly size: number
}

export interface ArchiveTable {
  readonly archive: ArchiveFile
  /** Links are followed inside the archive; undefined where there is no regular file of that name. */
  find(path: string): Extent | undefined
  readonly paths: readonly string[]
}

const LIMITS = { entries: 100_000, names: 16 * 1024 * 1024 }
const MOST_LINKS = 8
const CHUNK = 256 * 1024

/** Faults: `image-archive-invalid`. */
export function readTable(archive: ArchiveFile, name: string): ArchiveTable {
  const extents = new Map<string, Extent>()
  const links = new Map<string, string>()
  try {
    walkTar(
      { file: archive.handle.fd, offset: 0, size: archive.size },
      name,
      ({ path, type, offset, size, target }) => {
        if (extents.has(path) || links.has(path)) throw new Fault('image-archive-invalid', `${name} holds one file twice.`)
        if (type === 'file') extents.set(path, { offset, size })
        else if (type === 'symlink' && target !== undefined) links.set(path, posix.join('/', posix.dirname(path), target).slice(1))
        else if (type === 'hardlink' && target !== undefined) links.set(path, target)
      },
      LIMITS,
    )
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'image-archive-invalid') throw cause
    throw new Fault('image-archive-invalid', cause instanceof Fault ? cause.message : `${name} cannot be read.`, { cause })
  }
  const find = (path: string): Extent | undefined => {
    let at: string | undefined = posix.normalize(path)
    for (let turns = 0; at !== undefined && turns <= MOST_LINKS; turns++) {
      const extent = extents.get(at)
      if (extent !== undefined) return extent
      at = links.get(at)
    }
    return undefined
  }
  return { archive, find, paths: [...extents.keys()] }
}

export async function readExtent({ archive }: ArchiveTable, { offset, size }: Extent, largest: number, what: string): Promise<Buffer> {
  if (size > largest) throw new Fault('image-too-large', `${what} has ${size} bytes; it is read up to ${largest}.`)
  const bytes = Buffer.alloc(size)
  const { bytesRead } = await archive.handle.read(bytes, 0, size, offset)
  if (bytesRead !== size) throw new Fault('image-archive-invalid', `${what} ends early.`)
  return bytes
}

export async function* extentChunks({ archive }: ArchiveTable, { offset, size }: Extent): AsyncGenerator<Uint8Array, void, undefined> {
  if (size === 0) return
  yield* createReadStream('', { fd: archive.handle, start: offset, end: offset + size - 1, highWaterMark: CHUNK, autoClose: false })
}
