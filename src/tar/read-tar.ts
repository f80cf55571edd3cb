/** A tar archive that is in memory as a whole: its entries in order, contents as views. Bounded by the bytes that are there. */
import {
  BLOCK,
  type InvalidTar,
  isExtension,
  LARGEST_EXTENSION,
  type PendingFacts,
  parseHeader,
  readExtension,
  type TarHeader,
  withPending,
} from './header.ts'

export interface TarEntry extends TarHeader {
  /** Empty unless it is a file. */
  readonly content: Uint8Array
}

/** Throws what `invalid` makes for an archive that is cut off or cannot be read. Zeros, or the end of the bytes, end the archive. */
export function* readTar(bytes: Uint8Array, invalid: InvalidTar, mostEntries = 500_000): Generator<TarEntry> {
  const pending: PendingFacts = new Map()
  let count = 0
  for (let at = 0; at < bytes.length; ) {
    if (at + BLOCK > bytes.length) throw invalid('ends inside a header')
    const plain = parseHeader(bytes, at, invalid)
    at += BLOCK
    if (plain === undefined) {
      if (pending.size > 0) throw invalid('ends where an entry must follow')
      return
    }
    if (++count > mostEntries) throw invalid(`has more than ${mostEntries} entries`)
    const header = isExtension(plain.type) ? plain : withPending(plain, pending, invalid)
    const size = header.type === '0' || isExtension(header.type) ? header.size : 0
    if (size > bytes.length - at) throw invalid('ends inside a file')
    const content = bytes.subarray(at, at + size)
    at += Math.ceil(size / BLOCK) * BLOCK
    if (isExtension(header.type)) {
      if (size > LARGEST_EXTENSION) throw invalid('has a name or attributes that are too long')
      readExtension(header.type, content, pending, invalid)
    } else {
      pending.clear()
      yield { ...header, content }
    }
  }
  if (pending.size > 0) throw invalid('ends where an entry must follow')
}
