/**
 * Finds the stanzas of a package index while it streams by, and what they will be looked up by: name, source, what they provide. The
 * stanzas themselves are read when somebody asks for them, for an archive has sixty thousand and an image wants a few dozen.
 */
import { crc32 } from 'node:zlib'
import { Fault } from '../../../model/faults.ts'

const LONGEST_STANZA = 4 * 1024 * 1024
const MOST_STANZAS = 1_000_000

export interface ScannedPackages {
  /** Byte offsets of the stanzas, then the end of the text. */
  readonly starts: Uint32Array
  /** CRC-32 of each stanza (`stanzaCheck`), to notice what a disk did to it. */
  readonly checks: Uint32Array
  /** Pairs of a name's hash and a stanza's number, by hash. */
  readonly names: Uint32Array
  readonly sources: Uint32Array
  readonly provided: Uint32Array
}

/** 32 bits of FNV-1a: two names may share one, so what is found is compared again. */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Line feeds behind a stanza are not part of it. */
export function stanzaCheck(bytes: Uint8Array): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0x0a) end--
  return crc32(bytes.subarray(0, end))
}

/** Takes the text in chunks, as bytes. Throws `apt-index-invalid`. */
export class PackagesScanner {
  readonly #where: string
  readonly #starts: number[] = []
  readonly #checks: number[] = []
  readonly #names: number[] = []
  readonly #sources: number[] = []
  readonly #provided: number[] = []
  #carry: Buffer = Buffer.alloc(0)
  /** Byte offset of the carry. */
  #offset = 0

  constructor(where: string) {
    this.#where = where
  }

  add(chunk: Uint8Array): void {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const bytes = this.#carry.length === 0 ? fresh : Buffer.concat([this.#carry, fresh])
    let start = 0
    for (;;) {
      const gap = bytes.indexOf('\n\n', start, 'latin1')
      if (gap < 0) break
      this.#stanza(bytes, start, gap + 1)
      start = gap + 2
    }
    if (bytes.length - start > LONGEST_STANZA) throw this.#invalid(`has a stanza of more than ${LONGEST_STANZA} bytes`)
    this.#offset += start
    this.#carry = Buffer.from(bytes.subarray(start))
  }

  finish(): ScannedPackages {
    if (this.#carry.length > 0) this.#stanza(this.#carry, 0, this.#carry.length)
    const end = this.#offset + this.#carry.length
    return {
      starts: Uint32Array.from([...this.#starts, end]),
      checks: Uint32Array.from(this.#checks),
      names: sorted(this.#names),
      sources: sorted(this.#sources),
      provided: sorted(this.#provided),
    }
  }

  #stanza(bytes: Buffer, from: number, end: number): void {
    let start = from
    // Several empty lines between two stanzas are one.
    while (start < end && bytes[start] === 0x0a) start++
    if (start >= end) return
    const text = bytes.toString('latin1', start, end)
    const name = fieldOf(text, 'Package')
    if (name === undefined) throw this.#invalid('has a stanza without Package')
    const stanza = this.#starts.length
    if (stanza >= MOST_STANZAS) throw this.#invalid(`has more than ${MOST_STANZAS} stanzas`)
    this.#starts.push(this.#offset + start)
    this.#checks.push(stanzaCheck(bytes.subarray(start, end)))
    this.#names.push(nameHash(name), stanza)
    this.#sources.push(nameHash(fieldOf(text, 'Source')?.replace(/\s.*$/, '') ?? name), stanza)
    for (const entry of fieldOf(text, 'Provides')?.split(',') ?? []) {
      const virtual = /^\s*([A-Za-z0-9][A-Za-z0-9+.-]*)/.exec(entry)?.[1]
      if (virtual !== undefined) this.#provided.push(nameHash(virtual), stanza)
    }
  }

  #invalid(what: string): Fault {
    return new Fault('apt-index-invalid', `${this.#where} ${what}`)
  }
}

/** The first line of a field, which is all of it for those that matter here. */
function fieldOf(text: string, name: string): string | undefined {
  const at = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1
  if (at === 0 && !text.startsWith(`${name}:`)) return undefined
  const feed = text.indexOf('\n', at)
  return text.slice(at + name.length + 1, feed < 0 ? text.length : feed).trim()
}

function sorted(pairs: readonly number[]): Uint32Array {
  // Hash and number fit one double each: 32 bits above 20.
  const keys = new Float64Array(pairs.length / 2)
  for (let i = 0; i < keys.length; i++) keys[i] = (pairs[2 * i] ?? 0) * 2 ** 20 + (pairs[2 * i + 1] ?? 0)
  keys.sort()
  const result = new Uint32Array(pairs.length)
  keys.forEach((key, i) => {
    result[2 * i] = Math.floor(key / 2 ** 20)
    result[2 * i + 1] = key % 2 ** 20
  })
  return result
}
