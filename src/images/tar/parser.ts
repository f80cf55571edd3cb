/**
 * Reads a tar archive from bytes as they come, without keeping them: the handler is told each entry, then its content piece by piece.
 * Synchronous, because a layer has a hundred thousand entries and each turn of the event loop would cost more than reading it.
 */
import { padded, TAR_LIMITS, TarEntries, type TarLimits } from '../../tar/entries.ts'
import type { TarEntry } from '../../tar/entry.ts'
import { BLOCK } from '../../tar/header.ts'
import { layerFaults } from './layer-faults.ts'

export interface TarHandler {
  entry(entry: TarEntry): void
  /** A part of the last entry's content; the view is good until the call returns. */
  content(part: Buffer): void
  /** The last entry's content is complete; told of every entry, content or not. */
  done(): void
}

export class TarParser {
  readonly #entries: TarEntries
  readonly #handler: TarHandler
  /** Bytes of a block or of records that came in parts. */
  #partial = Buffer.allocUnsafe(BLOCK)
  #have = 0
  #want = BLOCK
  #reading: 'block' | 'records' | 'content' | 'padding' | 'rest' = 'block'
  #left = 0
  #padding = 0
  /** Where the next block stands in the archive. */
  #blockAt = 0

  /** `name` tells the archive in messages. */
  constructor(name: string, handler: TarHandler, limits: TarLimits = TAR_LIMITS) {
    this.#entries = new TarEntries(layerFaults(name), limits)
    this.#handler = handler
  }

  /** Faults: `layer-invalid`, `layer-too-large`. */
  push(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    while (at < chunk.length) {
      const available = chunk.length - at
      switch (this.#reading) {
        case 'rest':
          at = chunk.length
          break
        case 'content': {
          const length = Math.min(available, this.#left)
          this.#handler.content(chunk.subarray(at, at + length))
          at += length
          this.#left -= length
          if (this.#left === 0) this.#contentEnds()
          break
        }
        case 'padding': {
          const length = Math.min(available, this.#left)
          at += length
          this.#left -= length
          if (this.#left === 0) this.#expect('block', BLOCK)
          break
        }
        default:
          if (this.#have === 0 && available >= this.#want) {
            const whole = chunk.subarray(at, at + this.#want)
            at += this.#want
            this.#took(whole)
          } else {
            at = this.#gather(chunk, at)
          }
      }
    }
  }

  /** Every byte was pushed. Faults: `layer-invalid` where the archive ends too early. */
  end(): void {
    // Some builders end with the last content, without its padding and without end blocks; runtimes read such layers.
    if (this.#reading === 'rest' || this.#reading === 'padding') return
    if (this.#reading !== 'block' || this.#have > 0) throw this.#entries.invalid('it ends within an entry')
    this.#entries.end()
  }

  #gather(chunk: Buffer, at: number): number {
    const length = Math.min(chunk.length - at, this.#want - this.#have)
    if (this.#partial.length < this.#want) {
      const larger = Buffer.allocUnsafe(this.#want)
      this.#partial.copy(larger, 0, 0, this.#have)
      this.#partial = larger
    }
    chunk.copy(this.#partial, this.#have, at, at + length)
    this.#have += length
    if (this.#have === this.#want) this.#took(this.#partial.subarray(0, this.#want))
    return at + length
  }

  #took(bytes: Buffer): void {
    this.#have = 0
    if (this.#reading === 'records') {
      this.#entries.records(bytes.subarray(0, this.#left))
      this.#blockAt += this.#want
      this.#expect('block', BLOCK)
      return
    }
    const block = this.#entries.block(bytes, 0, this.#blockAt)
    this.#blockAt += BLOCK
    if (block.kind === 'end') this.#reading = 'rest'
    else if (block.kind === 'records') {
      this.#left = block.size
      if (block.size === 0) this.#entries.records(bytes.subarray(0, 0))
      else this.#expect('records', padded(block.size))
    } else if (block.kind === 'entry') {
      const { size } = block.entry
      this.#blockAt += padded(size)
      this.#padding = padded(size) - size
      this.#left = size
      this.#handler.entry(block.entry)
      if (size === 0) this.#contentEnds()
      else this.#reading = 'content'
    }
  }

  #contentEnds(): void {
    this.#handler.done()
    this.#left = this.#padding
    if (this.#padding > 0) this.#reading = 'padding'
    else this.#expect('block', BLOCK)
  }

  #expect(reading: 'block' | 'records', want: number): void {
    this.#reading = reading
    this.#want = want
    this.#have = 0
  }
}
