/**
 * The index: two files. The hot one answers matches and is read whole; the cold one holds text for people in blocks that are read when
 * someone asks. Numbers are little endian.
 *
 * Hot: magic (8 bytes, with the format's version), u32 CRC-32 of all that follows, content hash (32), SHA-256 of the cold text (32),
 * u32 length of each section in the order of `SECTIONS`, then the sections.
 *   ids          dictionary of every id and alias
 *   records      one bit an id: it is a record of its own; records are numbered in the order of their ids
 *   leaders      one bit an id: it names its group
 *   links        u32 for each id that is not both: of a record the rank of its group's leader, of another id the rank of a record in its group
 *   packages     dictionary of `ecosystem NUL name`
 *   starts       u32 for each package: where its entry starts in `entries`
 *   entries      by package: listed versions, then what each record says (see `package-entry.ts`)
 *   versions     u32 count, u32 start of each and the end, texts; the most frequent first, so that their numbers are short
 *   meta         JSON: counts, ecosystems, newest `modified`
 * Cold: magic (8), u32 CRC-32 of the header that follows, content hash (32), u32 number of blocks, for each block u32 start (from the end
 * of the header), u32 length, u32 CRC-32; then the blocks: deflated lines of JSON, one for each of 64 records.
 *
 * The content hash is the SHA-256 of the sections and of the cold text before compression: the same records give the same hash, whatever
 * their order and whatever zlib wrote. The CRC finds any damage in 4 ms per 20 MB; the hash itself is checked when the database is updated.
 */
import { crc32 } from 'node:zlib'
import { Fault } from '../model/faults.ts'

export const HOT_MAGIC = 'SUTUREH1'
export const COLD_MAGIC = 'SUTUREC1'
export const RECORDS_PER_BLOCK = 64
export const HASH_LENGTH = 32

export const SECTIONS = ['ids', 'records', 'leaders', 'links', 'packages', 'starts', 'entries', 'versions', 'meta'] as const

export type Section = (typeof SECTIONS)[number]
export type Sections = Readonly<Record<Section, Buffer>>

const CRC_AT = 8
const HASH_AT = 12
const COLD_HASH_AT = HASH_AT + HASH_LENGTH
const LENGTHS_AT = COLD_HASH_AT + HASH_LENGTH
const SECTIONS_AT = LENGTHS_AT + SECTIONS.length * 4

export interface IndexMeta {
  readonly advisories: number
  readonly packages: number
  readonly ecosystems: readonly string[]
  /** Newest `modified`; empty when there are no records. */
  readonly newest: string
}

export function writeHot(sections: Sections, hash: Buffer, coldHash: Buffer): Buffer {
  const header = Buffer.alloc(SECTIONS_AT)
  header.write(HOT_MAGIC, 'latin1')
  hash.copy(header, HASH_AT)
  coldHash.copy(header, COLD_HASH_AT)
  SECTIONS.forEach((section, i) => {
    header.writeUInt32LE(sections[section].length, LENGTHS_AT + i * 4)
  })
  const file = Buffer.concat([header, ...SECTIONS.map(section => sections[section])])
  file.writeUInt32LE(crc32(file.subarray(HASH_AT)), CRC_AT)
  return file
}

export interface HotFile {
  readonly hash: Buffer
  readonly coldHash: Buffer
  readonly sections: Sections
}

/** Rejects with `advisories-corrupt` what is not exactly as it was written; `file` names it. */
export function openHot(bytes: Buffer, file: string): HotFile {
  checkMagic(bytes, HOT_MAGIC, SECTIONS_AT, file)
  if (crc32(bytes.subarray(HASH_AT)) !== bytes.readUInt32LE(CRC_AT))
    throw new Fault('advisories-corrupt', `${file} is damaged: its checksum does not match`)
  let at = SECTIONS_AT
  const cut = (i: number): Buffer => {
    const length = bytes.readUInt32LE(LENGTHS_AT + i * 4)
    at += length
    return bytes.subarray(at - length, at)
  }
  const [ids, records, leaders, links, packages, starts, entries, versions, meta] = [
    cut(0),
    cut(1),
    cut(2),
    cut(3),
    cut(4),
    cut(5),
    cut(6),
    cut(7),
    cut(8),
  ]
  if (at !== bytes.length) throw new Fault('advisories-corrupt', `${file} is damaged: its length is wrong`)
  return {
    hash: bytes.subarray(HASH_AT, COLD_HASH_AT),
    coldHash: bytes.subarray(COLD_HASH_AT, LENGTHS_AT),
    sections: { ids, records, leaders, links, packages, starts, entries, versions, meta },
  }
}

export function checkMagic(bytes: Buffer, magic: string, leastLength: number, file: string): void {
  const found = bytes.toString('latin1', 0, magic.length)
  if (found === magic && bytes.length >= leastLength) return
  const otherVersion = found.slice(0, -1) === magic.slice(0, -1) && found !== magic
  throw new Fault(
    'advisories-corrupt',
    otherVersion ? `${file} was written by another version of Suture` : `${file} is not an advisory index, or was cut short`,
  )
}
