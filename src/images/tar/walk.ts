/**
 * Walks a tar archive that lies uncompressed in a file: headers are read in windows, contents are stepped over. Synchronous: the file
 * is local, and a walk over 170 MB takes some tens of milliseconds.
 */
import { readSync } from 'node:fs'
import { padded, TAR_LIMITS, TarEntries, type TarLimits } from '../../tar/entries.ts'
import type { TarEntry } from '../../tar/entry.ts'
import { BLOCK } from '../../tar/header.ts'
import { layerFaults } from './layer-faults.ts'

const WINDOW = 64 * 1024

export interface TarPlace {
  readonly file: number
  /** Where the archive starts in the file, and how many bytes it has. */
  readonly offset: number
  readonly size: number
}

/** Gives bytes of an entry's content; fewer at the content's end. The view is good until the next call. */
export type ReadContent = (offset: number, length: number) => Buffer

/** Faults: `layer-invalid`, `layer-too-large`. */
export function walkTar(
  place: TarPlace,
  name: string,
  visit: (entry: TarEntry, content: ReadContent) => void,
  limits: TarLimits = TAR_LIMITS,
): void {
  const entries = new TarEntries(layerFaults(name), limits)
  const window = new FileWindow(place)
  let at = 0
  while (at < place.size) {
    const bytes = window.read(at, BLOCK)
    if (bytes.length < BLOCK) throw entries.invalid('it ends within an entry')
    const block = entries.block(bytes, 0, at)
    at += BLOCK
    if (block.kind === 'end') return
    const size = block.kind === 'records' ? block.size : block.kind === 'entry' ? block.entry.size : 0
    if (at + size > place.size) throw entries.invalid('it ends within an entry')
    if (block.kind === 'records') {
      entries.records(window.read(at, size))
    } else if (block.kind === 'entry') {
      const start = at
      visit(block.entry, (offset, length) => {
        const from = Math.min(Math.max(offset, 0), size)
        return window.read(start + from, Math.min(length, size - from))
      })
    }
    at += padded(size)
  }
  entries.end()
}

/** A part of a file that is kept in memory, moved along as it is read. */
export class FileWindow {
  readonly #place: TarPlace
  readonly #buffer = Buffer.allocUnsafe(WINDOW)
  #start = 0
  #length = 0

  constructor(place: TarPlace) {
    this.#place = place
  }

  /** Fewer bytes where the archive ends. A view, good until the next call; larger pieces than the window get memory of their own. */
  read(position: number, length: number): Buffer {
    if (length > WINDOW) {
      const own = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#place.size - position)))
      return own.subarray(0, this.#fill(own, position))
    }
    if (position < this.#start || position + length > this.#start + this.#length) {
      this.#start = position
      this.#length = this.#fill(this.#buffer, position)
    }
    const from = position - this.#start
    return this.#buffer.subarray(from, Math.min(from + length, this.#length))
  }

  #fill(buffer: Buffer, position: number): number {
    const most = Math.min(buffer.length, Math.max(0, this.#place.size - position))
    let filled = 0
    while (filled < most) {
      const read = readSync(this.#place.file, buffer, filled, most - filled, this.#place.offset + position + filled)
      if (read === 0) break
      filled += read
    }
    return filled
  }
}
