/**
 * Finds where the frames of a zstd stream end. Node's decoder stops after the first frame that ends within a write, and images made for
 * partial pulls have thousands of frames and skippable ones; given frame by frame it reads them all. Source: RFC 8878, 3.1.
 */
import { Fault } from '../model/faults.ts'

const FRAME = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

type State = 'magic' | 'skip-size' | 'skip' | 'descriptor' | 'header' | 'block' | 'body' | 'checksum'

export class ZstdFrames {
  #state: State = 'magic'
  /** Bytes of the part that is being gathered; the decoder has them already. */
  #gathered: number[] = []
  #want = 4
  #left = 0
  #last = false
  #checksum = false;

  /** Pieces of the chunk, none of which reaches beyond a frame's end; skippable frames are left out. Faults: `layer-invalid`. */
  *split(chunk: Buffer): Generator<Buffer> {
    let from = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'skip' || this.#state === 'body') {
        const step = Math.min(this.#left, chunk.length - at)
        at += step
        this.#left -= step
        if (this.#left === 0) {
          if (this.#state === 'skip') {
            from = at
            this.#expect('magic', 4)
          } else if (this.#bodyEnds()) {
            yield chunk.subarray(from, at)
            from = at
          }
        }
        continue
      }
      this.#gathered.push(chunk[at++] ?? 0)
      if (this.#gathered.length < this.#want) continue
      const ends = this.#gatheredAll()
      if (ends === 'skippable') from = at
      else if (ends === 'frame') {
        yield chunk.subarray(from, at)
        from = at
      } else if (ends === 'magic') {
        // The mark may have come in parts, of which the decoder was given none.
        const mark = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
        yield mark
        from = at
      }
    }
    if (from < at && this.#state !== 'magic' && this.#state !== 'skip-size' && this.#state !== 'skip') yield chunk.subarray(from, at)
  }

  /** Faults: `layer-invalid` where the stream ends within a frame. */
  end(): void {
    if (this.#state !== 'magic' || this.#gathered.length > 0) throw invalid('it ends within a frame')
  }

  #gatheredAll(): 'frame' | 'skippable' | 'magic' | undefined {
    const bytes = Buffer.from(this.#gathered)
    switch (this.#state) {
      case 'magic': {
        const magic = bytes.readUInt32LE(0)
        if (magic === FRAME) {
          this.#expect('descriptor', 1)
          return 'magic'
        }
        if (magic >>> 4 !== SKIPPABLE >>> 4) throw invalid('something else follows a frame')
        this.#expect('skip-size', 4)
        return 'skippable'
      }
      case 'skip-size':
        this.#left = bytes.readUInt32LE(0)
        if (this.#left === 0) this.#expect('magic', 4)
        else this.#expect('skip', 0)
        return 'skippable'
      case 'descriptor': {
        const descriptor = bytes[0] ?? 0
        const single = (descriptor & 0x20) !== 0
        this.#checksum = (descriptor & 0x04) !== 0
        const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
        const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
        const header = (single ? 0 : 1) + dictionary + content
        if (header === 0) this.#expect('block', 3)
        else this.#expect('header', header)
        return undefined
      }
      case 'header':
        this.#expect('block', 3)
        return undefined
      case 'block': {
        const block = bytes.readUIntLE(0, 3)
        this.#last = (block & 1) === 1
        const type = (block >> 1) & 3
        if (type === 3) throw invalid('a block is of no known kind')
        this.#left = type === 1 ? 1 : block >> 3
        this.#state = 'body'
        this.#gathered = []
        return this.#left === 0 && this.#bodyEnds() ? 'frame' : undefined
      }
      default:
        this.#expect('magic', 4)
        return 'frame'
    }
  }

  /** Whether the frame ends with this block. */
  #bodyEnds(): boolean {
    if (!this.#last) this.#expect('block', 3)
    else if (this.#checksum) this.#expect('checksum', 4)
    else {
      this.#expect('magic', 4)
      return true
    }
    return false
  }

  #expect(state: State, want: number): void {
    this.#state = state
    this.#want = want
    this.#gathered = []
  }
}

function invalid(what: string): Fault {
  return new Fault('layer-invalid', `A zstd stream cannot be read: ${what}.`)
}
