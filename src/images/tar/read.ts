/** Reads a tar archive entry by entry, from a stream or from memory; what a caller does not ask for is passed over. */
import { Fault } from '../../model/faults.ts'
import { padded, TAR_LIMITS, TarEntries, type TarLimits } from './entries.ts'
import { quoted, type TarEntry } from './entry.ts'
import { BLOCK } from './header.ts'
import { TarParser } from './parser.ts'

/** An entry of an archive that is being read; its content can be taken until the next entry is asked for. */
export interface TarItem {
  readonly entry: TarEntry
  /** The whole content. Throws `image-file-too-large` where it has more bytes than `largest`. */
  bytes(largest: number): Promise<Buffer>
  /** The content piece by piece. */
  chunks(): AsyncIterable<Buffer>
}

interface Piece {
  readonly entry?: TarEntry
  readonly part?: Buffer
  readonly done?: true
}

/** `name` tells the archive in messages. Faults: `layer-invalid`, `layer-too-large`. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>, name: string, limits: TarLimits = TAR_LIMITS): AsyncGenerator<TarItem> {
  const pieces = piecesOf(chunks, name, limits)[Symbol.asyncIterator]()
  let current: { left: boolean } = { left: false }
  try {
    for (;;) {
      while (current.left) current.left = !(await nextPiece(pieces)).done
      const piece = await pieces.next()
      if (piece.done) return
      if (piece.value.entry === undefined) continue
      const reading = { left: true }
      current = reading
      yield itemOf(piece.value.entry, pieces, reading)
    }
  } finally {
    await pieces.return?.(undefined)
  }
}

/** The same of an archive that is in memory, with each content as a view. */
export function* readTarBytes(
  archive: Buffer,
  name: string,
  limits: TarLimits = TAR_LIMITS,
): Generator<{ entry: TarEntry; content: Buffer }> {
  const entries = new TarEntries(name, limits)
  let at = 0
  while (at < archive.length) {
    if (at + BLOCK > archive.length) throw entries.invalid('it ends within an entry')
    const block = entries.block(archive, at, at)
    at += BLOCK
    if (block.kind === 'end') return
    const size = block.kind === 'records' ? block.size : block.kind === 'entry' ? block.entry.size : 0
    if (at + size > archive.length) throw entries.invalid('it ends within an entry')
    const content = archive.subarray(at, at + size)
    at += padded(size)
    if (block.kind === 'records') entries.records(content)
    else if (block.kind === 'entry') yield { entry: block.entry, content }
  }
  entries.end()
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array>, name: string, limits: TarLimits): AsyncGenerator<Piece, void, undefined> {
  let pieces: Piece[] = []
  const parser = new TarParser(
    name,
    {
      entry: entry => pieces.push({ entry }),
      content: part => pieces.push({ part }),
      done: () => pieces.push({ done: true }),
    },
    limits,
  )
  for await (const chunk of chunks) {
    parser.push(chunk)
    const ready = pieces
    pieces = []
    yield* ready
  }
  parser.end()
}

async function nextPiece(pieces: AsyncIterator<Piece, void, undefined>): Promise<Piece> {
  const next = await pieces.next()
  return next.done ? { done: true } : next.value
}

function itemOf(entry: TarEntry, pieces: AsyncIterator<Piece, void, undefined>, reading: { left: boolean }): TarItem {
  async function* chunks(): AsyncGenerator<Buffer> {
    while (reading.left) {
      const piece = await nextPiece(pieces)
      if (piece.done) reading.left = false
      else if (piece.part !== undefined) yield piece.part
    }
  }
  return {
    entry,
    chunks,
    async bytes(largest) {
      if (entry.size > largest) {
        throw new Fault('image-file-too-large', `${quoted(entry.path)} has ${entry.size} bytes; up to ${largest} are read.`)
      }
      const parts: Buffer[] = []
      for await (const part of chunks()) parts.push(Buffer.from(part))
      return Buffer.concat(parts)
    },
  }
}
