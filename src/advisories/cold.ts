import { closeSync, openSync, readSync } from 'node:fs'
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import type { AdvisoryDetail } from '../model/advisory.ts'
import { Fault } from '../model/faults.ts'
import { COLD_MAGIC, checkMagic, HASH_LENGTH, RECORDS_PER_BLOCK } from './index-format.ts'
import type { OsvRecord } from './osv.ts'
import { rate } from './severity.ts'

const HASH_AT = 12
const COUNT_AT = HASH_AT + HASH_LENGTH
const TABLE_AT = COUNT_AT + 4
const TABLE_ROW = 12
const LARGEST_BLOCK = 64 << 20

/** One line: summary, published, modified, CVSS vector, references. */
export function coldText(record: OsvRecord): string {
  const { vector } = rate(record.severity.length > 0 ? record.severity : (record.affected[0]?.severity ?? []), record.word)
  return JSON.stringify([record.summary ?? '', record.published ?? '', record.modified, vector ?? '', record.references])
}

export function writeCold(texts: readonly string[], hash: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let i = 0; i < texts.length; i += RECORDS_PER_BLOCK) blocks.push(deflateSync(texts.slice(i, i + RECORDS_PER_BLOCK).join('\n')))
  const header = Buffer.alloc(TABLE_AT + blocks.length * TABLE_ROW)
  header.write(COLD_MAGIC, 'latin1')
  hash.copy(header, HASH_AT)
  header.writeUInt32LE(blocks.length, COUNT_AT)
  let start = 0
  blocks.forEach((block, i) => {
    const row = TABLE_AT + i * TABLE_ROW
    header.writeUInt32LE(start, row)
    header.writeUInt32LE(block.length, row + 4)
    header.writeUInt32LE(crc32(block), row + 8)
    start += block.length
  })
  header.writeUInt32LE(crc32(header.subarray(HASH_AT)), 8)
  return Buffer.concat([header, ...blocks])
}

/** Reads a part of the cold file: from disk when someone asks, or from memory. */
export type ReadPart = (start: number, length: number) => Buffer

export function partsOfFile(file: string): ReadPart {
  return (start, length) => {
    const handle = openSync(file, 'r')
    try {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(handle, bytes, 0, length, start))
    } finally {
      closeSync(handle)
    }
  }
}

export class Cold {
  readonly #read: ReadPart
  readonly #hash: Buffer
  readonly #file: string
  #header: Buffer | undefined

  /** `hash` is the content hash of the hot file that it must belong to. */
  constructor(read: ReadPart, hash: Buffer, file: string) {
    this.#read = read
    this.#hash = hash
    this.#file = file
  }

  #open(): Buffer {
    const head = this.#read(0, TABLE_AT)
    checkMagic(head, COLD_MAGIC, TABLE_AT, this.#file)
    const length = TABLE_AT + head.readUInt32LE(COUNT_AT) * TABLE_ROW
    const header = length <= LARGEST_BLOCK ? this.#read(0, length) : head
    if (header.length !== length || crc32(header.subarray(HASH_AT)) !== header.readUInt32LE(8))
      this.#damaged('its header does not match its checksum')
    if (!header.subarray(HASH_AT, COUNT_AT).equals(this.#hash)) this.#damaged('it belongs to another index')
    return header
  }

  #damaged(why: string): never {
    throw new Fault('advisories-corrupt', `${this.#file} is damaged: ${why}`)
  }

  /** The lines of one block of records. */
  block(number: number): string[] {
    this.#header ??= this.#open()
    const row = TABLE_AT + number * TABLE_ROW
    if (number >= this.#header.readUInt32LE(COUNT_AT)) this.#damaged('a block is missing')
    const start = this.#header.length + this.#header.readUInt32LE(row)
    const bytes = this.#read(start, this.#header.readUInt32LE(row + 4))
    if (crc32(bytes) !== this.#header.readUInt32LE(row + 8)) this.#damaged(`block ${number} does not match its checksum`)
    return inflateSync(bytes, { maxOutputLength: LARGEST_BLOCK }).toString('utf8').split('\n')
  }

  /** Every record's line. */
  *lines(): Generator<string> {
    this.#header ??= this.#open()
    for (let number = 0; number < this.#header.readUInt32LE(COUNT_AT); number++) yield* this.block(number)
  }

  /** Throws `advisories-corrupt` unless a file of `length` bytes holds exactly the blocks of so many records. */
  checkLength(records: number, length: number): void {
    this.#header ??= this.#open()
    const blocks = this.#header.readUInt32LE(COUNT_AT)
    const row = TABLE_AT + (blocks - 1) * TABLE_ROW
    const end = blocks === 0 ? 0 : this.#header.readUInt32LE(row) + this.#header.readUInt32LE(row + 4)
    if (blocks !== Math.ceil(records / RECORDS_PER_BLOCK) || this.#header.length + end !== length) this.#damaged('its length is wrong')
  }

  /** What record number `record` says to people. */
  detail(id: string, record: number): AdvisoryDetail {
    const line = this.block(Math.floor(record / RECORDS_PER_BLOCK))[record % RECORDS_PER_BLOCK]
    if (line === undefined) return this.#damaged('a record is missing')
    const [summary, published, modified, cvss, references]: [string, string, string, string, string[]] = JSON.parse(line)
    return {
      id,
      ...(summary !== '' && { summary }),
      ...(published !== '' && { published }),
      modified,
      ...(cvss !== '' && { cvss }),
      references,
    }
  }
}
