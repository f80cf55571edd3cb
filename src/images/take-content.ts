/**
 * Takes what is wished for from one file's content at a time, given either in parts as they come or by position. Only the parts that
 * are wished for are held; what one file and one layer may take is bounded.
 */
import { createHash, hash } from 'node:crypto'
import { Fault } from '../model/faults.ts'
import type { ByteRange, ContentByPosition, ContentExtractor } from '../model/image.ts'
import { HEAD_LENGTH } from '../model/image.ts'
import type { TarEntry } from '../tar/entry.ts'
import type { ContentWishes } from './content-wishes.ts'
import type { ReadContent } from './tar/walk.ts'

export interface Taken {
  readonly kept?: Buffer
  readonly extract?: { readonly extractor: string; readonly text: string }
  readonly digest?: Buffer
}

const MOST_OF_FILE = 64 * 1024 * 1024
const MOST_KEPT = 256 * 1024 * 1024
const LONGEST_TEXT = 1024 * 1024
const MOST_TEXT = 256 * 1024 * 1024
const NOTHING: Taken = {}
const NO_BYTES = Buffer.alloc(0)

interface Piece extends ByteRange {
  readonly bytes: Buffer
}

export class ContentTaker {
  readonly #wishes: ContentWishes
  /** The head of one file after the other. */
  readonly #head = Buffer.allocUnsafe(HEAD_LENGTH)
  #kept = 0
  #text = 0
  #path = ''
  #size = 0
  #position = 0
  #keeping = false
  #extractor: ContentExtractor | undefined
  #pieces: readonly Piece[] = []
  /** The head is being gathered; what else is wanted is not known yet. */
  #heading = false
  #hash: ReturnType<typeof createHash> | undefined
  #digest: Buffer | undefined
  /** Set where the content can be read by position: what an extractor asks for is read when it looks at it. */
  #reader: ReadContent | undefined

  constructor(wishes: ContentWishes) {
    this.#wishes = wishes
  }

  /** A file's content follows; false where nothing of it is wanted. */
  begin({ path, size, mode }: TarEntry): boolean {
    const { keep, extractors, digests } = this.#wishes
    this.#path = path
    this.#size = size
    this.#position = 0
    this.#keeping = size <= MOST_OF_FILE && this.#kept + size <= MOST_KEPT && keep?.keeps(path, size) === true
    this.#extractor = undefined
    for (const extractor of extractors) {
      if (!extractor.accepts(path, size, mode)) continue
      this.#extractor = extractor
      break
    }
    this.#hash = undefined
    this.#digest = undefined
    this.#reader = undefined
    this.#heading = false
    this.#pieces = []
    if (this.#keeping) this.#pieces = [pieceOf(0, size)]
    else if (this.#extractor !== undefined) {
      this.#heading = true
      const length = Math.min(size, HEAD_LENGTH)
      this.#pieces = [{ offset: 0, length, bytes: this.#head.subarray(0, length) }]
    }
    return digests || this.#pieces.length > 0
  }

  /** The next bytes of the content. */
  part(part: Buffer): void {
    if (this.#wishes.digests) {
      if (this.#position === 0 && part.length === this.#size) this.#digest = hash('sha256', part, 'buffer')
      else {
        this.#hash ??= createHash('sha256')
        this.#hash.update(part)
      }
    }
    const from = this.#position
    this.#position += part.length
    this.#fill(part, from)
    if (this.#heading && this.#position >= (this.#pieces[0]?.length ?? 0)) {
      this.#headComplete()
      this.#fill(part, from)
    }
  }

  /** All of the content by position, instead of in parts; an extractor then reads no more than it looks at. */
  byPosition(read: ReadContent): void {
    const [first] = this.#pieces
    if (first === undefined) return
    if (read(0, first.length).copy(first.bytes) < first.length) throw shorter()
    if (!this.#heading) return
    this.#reader = read
    this.#headComplete()
  }

  end(): Taken {
    if (this.#heading) this.#headComplete()
    const extract = this.#extract()
    const kept = this.#keeping ? this.#pieces[0]?.bytes : undefined
    if (kept !== undefined) this.#kept += kept.length
    const digest = this.#wishes.digests ? (this.#digest ?? (this.#hash ?? createHash('sha256')).digest()) : undefined
    this.#pieces = []
    if (extract === undefined && kept === undefined && digest === undefined) return NOTHING
    return {
      ...(kept === undefined ? {} : { kept }),
      ...(extract === undefined ? {} : { extract }),
      ...(digest === undefined ? {} : { digest }),
    }
  }

  #fill(part: Buffer, from: number): void {
    for (const { offset, length, bytes } of this.#pieces) {
      const start = Math.max(offset, from)
      const end = Math.min(offset + length, from + part.length)
      if (start < end) part.copy(bytes, start - offset, start - from, end - from)
    }
  }

  #headComplete(): void {
    this.#heading = false
    const head = this.#pieces[0]
    if (head === undefined || this.#extractor === undefined) return
    const ranges = merged(this.#extractor.ranges(this.#size, head.bytes), this.#size)
    if (ranges.length === 0) this.#extractor = undefined
    const further = ranges
      .map(({ offset, length }) => ({ offset: Math.max(offset, head.length), end: offset + length }))
      .filter(({ offset, end }) => end > offset)
    // What follows on the head is one piece with it.
    const joined = further[0]?.offset === head.length ? further.shift() : undefined
    const piece = this.#reader === undefined ? pieceOf : placeOf
    const first = joined === undefined ? head : piece(0, joined.end)
    if (first !== head) head.bytes.copy(first.bytes)
    this.#pieces = [first, ...further.map(({ offset, end }) => piece(offset, end))]
  }

  #extract(): Taken['extract'] {
    if (this.#extractor === undefined) return undefined
    if (this.#keeping && this.#extractor.ranges(this.#size, (this.#pieces[0]?.bytes ?? NO_BYTES).subarray(0, HEAD_LENGTH)).length === 0)
      return undefined
    const text = this.#extractor.extract(this.#path, contentOf(this.#pieces, this.#size, this.#reader))
    if (text === undefined) return undefined
    this.#text += text.length
    if (text.length > LONGEST_TEXT) throw new Fault('internal', `The extractor ${this.#extractor.id} gave ${text.length} characters.`)
    if (this.#text > MOST_TEXT) throw new Fault('layer-too-large', `A layer’s files hold more than ${MOST_TEXT} characters to be kept.`)
    return { extractor: this.#extractor.id, text }
  }
}

/** Sorted, inside the file, neighbours joined, bounded in all. */
function merged(ranges: readonly ByteRange[], size: number): ByteRange[] {
  const result: { offset: number; length: number }[] = []
  let left = MOST_OF_FILE
  for (const { offset, length } of [...ranges].sort((a, b) => a.offset - b.offset)) {
    const start = Math.max(0, offset)
    const last = result.at(-1)
    const from = last === undefined ? start : Math.max(start, last.offset + last.length)
    const end = Math.min(offset + length, size, from + left)
    if (end <= from) continue
    left -= end - from
    if (last !== undefined && last.offset + last.length === from) last.length += end - from
    else result.push({ offset: from, length: end - from })
  }
  return result
}

function pieceOf(offset: number, end: number): Piece {
  return { offset, length: end - offset, bytes: Buffer.allocUnsafe(end - offset) }
}

/** A piece that is read when it is looked at. */
function placeOf(offset: number, end: number): Piece {
  return { offset, length: end - offset, bytes: NO_BYTES }
}

function contentOf(pieces: readonly Piece[], size: number, reader: ReadContent | undefined): ContentByPosition {
  return {
    size,
    read(offset, length) {
      const piece = pieces.find(candidate => offset >= candidate.offset && offset < candidate.offset + candidate.length)
      if (piece === undefined) return NO_BYTES
      const from = offset - piece.offset
      const most = Math.min(Math.max(0, length), piece.length - from)
      if (reader === undefined || piece.bytes !== NO_BYTES) return piece.bytes.subarray(from, from + most)
      const bytes = Buffer.from(reader(offset, most))
      if (bytes.length < most) throw shorter()
      return bytes
    },
  }
}

function shorter(): Fault {
  return new Fault('layer-invalid', 'A layer’s file became shorter while it was read.')
}
