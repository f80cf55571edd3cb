/**
 * A sorted list of texts that takes little room: in blocks of 16 each text is written as what differs from the one before.
 * A text's rank is its place in the list; both ways, text → rank and rank → text, read one block.
 *
 * Layout: u32 count, u32 start of each block (from the end of this table), blocks. Entry: one byte, high half the length shared with the
 * text before, low half the length of the rest; where one does not fit, 0 and two varints; then the rest in UTF-8. Texts are not empty.
 */
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

const BLOCK = 16

/** `texts` sorted by their UTF-8 bytes, without repetition. */
export function writeDictionary(texts: readonly Buffer[]): Buffer {
  const starts = new ByteWriter()
  const entries = new ByteWriter()
  starts.uint32(texts.length)
  let before: Buffer | undefined
  texts.forEach((text, rank) => {
    if (rank % BLOCK === 0) {
      starts.uint32(entries.length)
      before = undefined
    }
    const shared = before === undefined ? 0 : sharedLength(before, text)
    const rest = text.length - shared
    if (shared < 16 && rest < 16) {
      entries.byte(shared * 16 + rest)
    } else {
      entries.byte(0)
      entries.varint(shared)
      entries.varint(rest)
    }
    entries.bytes(text.subarray(shared))
    before = text
  })
  return Buffer.concat([starts.view(), entries.view()])
}

function sharedLength(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}

export class Dictionary {
  readonly size: number
  readonly #bytes: Buffer
  readonly #entries: number
  /** The text under the reader; reused from entry to entry. */
  #text = Buffer.allocUnsafe(256)
  #length = 0
  readonly #wanted = new Uint8Array(256)

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.size = bytes.readUInt32LE(0)
    this.#entries = 4 + Math.ceil(this.size / BLOCK) * 4
  }

  /** The rank of a text; -1 when it is not in the list. */
  rank(text: string): number {
    const wanted = this.#encoded(text)
    let low = 0
    let high = Math.ceil(this.size / BLOCK)
    // Invariant: the block that may hold the text is in [low, high).
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#compareFirst(middle, wanted) <= 0) low = middle
      else high = middle
    }
    if (high === 0) return -1
    const reader = this.#readFirst(low)
    const last = Math.min(this.size, (low + 1) * BLOCK) - 1
    for (let rank = low * BLOCK; ; rank++) {
      const order = this.#compare(wanted)
      if (order === 0) return rank
      if (order > 0 || rank === last) return -1
      this.#readNext(reader)
    }
  }

  /** The text at a rank below `size`. */
  text(rank: number): string {
    const reader = this.#readFirst(Math.floor(rank / BLOCK))
    for (let i = rank % BLOCK; i > 0; i--) this.#readNext(reader)
    return this.#text.toString('utf8', 0, this.#length)
  }

  /** In UTF-8; good until the next call. Thousands of packages are asked about in a run, and nearly all names are ASCII. */
  #encoded(text: string): Uint8Array {
    if (text.length > this.#wanted.length) return Buffer.from(text)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return Buffer.from(text)
      this.#wanted[i] = code
    }
    return this.#wanted.subarray(0, text.length)
  }

  /** As `#compare` for the first text of a block, which shares nothing with others, where it lies. */
  #compareFirst(block: number, wanted: Uint8Array): number {
    const at = this.#entries + this.#bytes.readUInt32LE(4 + block * 4)
    const head = this.#bytes[at] ?? 0
    if (head === 0) {
      this.#readFirst(block)
      return this.#compare(wanted)
    }
    const length = head & 15
    const most = Math.min(length, wanted.length)
    for (let i = 0; i < most; i++) {
      const difference = (this.#bytes[at + 1 + i] ?? 0) - (wanted[i] ?? 0)
      if (difference !== 0) return difference
    }
    return length - wanted.length
  }

  /** Negative, zero or positive, as the text under the reader sorts before, with or after the wanted one. */
  #compare(wanted: Uint8Array): number {
    const most = Math.min(this.#length, wanted.length)
    for (let i = 0; i < most; i++) {
      const difference = (this.#text[i] ?? 0) - (wanted[i] ?? 0)
      if (difference !== 0) return difference
    }
    return this.#length - wanted.length
  }

  #readFirst(block: number): ByteReader {
    const reader = new ByteReader(this.#bytes, this.#entries + this.#bytes.readUInt32LE(4 + block * 4))
    this.#readNext(reader)
    return reader
  }

  #readNext(reader: ByteReader): void {
    const head = reader.byte()
    const shared = head === 0 ? reader.varint() : head >> 4
    const rest = head === 0 ? reader.varint() : head & 15
    if (shared + rest > this.#text.length) {
      const grown = Buffer.allocUnsafe((shared + rest) * 2)
      this.#text.copy(grown, 0, 0, shared)
      this.#text = grown
    }
    this.#bytes.copy(this.#text, shared, reader.position, reader.position + rest)
    reader.position += rest
    this.#length = shared + rest
  }
}
