import { hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type Sha256, sha256FromHex } from '../../../model/digest.ts'

/** One record of a pack, or, without a place in it, news about a record written before. */
export interface Entry {
  readonly key: string
  /** Of the record. */
  readonly digest: Sha256
  readonly length: number
  /** Milliseconds since 1970. */
  readonly fetched: number
  readonly freshUntil: number
  readonly etag?: string
  readonly lastModified?: string
}

/**
 * A block: magic (8 bytes), length of the head, length of the records (32 bits each, little-endian), the first 8
 * bytes of the head's SHA-256, the head (JSON: a row for each entry), the records.
 */
const MAGIC = Buffer.from('SutureM1')
const PREFIX = 24
const LONGEST_HEAD = 256 * 1024 * 1024

type Row = readonly [
  key: string,
  digest: string,
  length: number,
  hasRecord: 0 | 1,
  fetched: number,
  freshUntil: number,
  etag: string,
  lastModified: string,
]

export function digestOf(bytes: Uint8Array): Sha256 {
  return sha256FromHex(hash('sha256', bytes, 'hex'))
}

/** `offsets`: where in the block each record begins. */
export function encodeBlock(items: readonly { readonly entry: Entry; readonly record?: Buffer }[]): {
  bytes: Buffer
  offsets: readonly number[]
} {
  const rows = items.map(
    ({ entry, record }): Row => [
      entry.key,
      entry.digest,
      entry.length,
      record === undefined ? 0 : 1,
      entry.fetched,
      entry.freshUntil,
      entry.etag ?? '',
      entry.lastModified ?? '',
    ],
  )
  const head = Buffer.from(JSON.stringify(rows))
  const records = items.map(item => item.record ?? Buffer.alloc(0))
  const offsets: number[] = []
  let end = PREFIX + head.length
  for (const record of records) {
    offsets.push(end)
    end += record.length
  }
  const prefix = Buffer.alloc(PREFIX)
  MAGIC.copy(prefix)
  prefix.writeUInt32LE(head.length, 8)
  prefix.writeUInt32LE(end - PREFIX - head.length, 12)
  checksumOf(head).copy(prefix, 16)
  return { bytes: Buffer.concat([prefix, head, ...records], end), offsets }
}

/** Every entry of a pack up to the first block that is damaged or cut off. `offset` is undefined where there is no record. */
export function readEntries(file: string): readonly { readonly entry: Entry; readonly offset: number | undefined }[] {
  const entries: { entry: Entry; offset: number | undefined }[] = []
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    // Merged away by another process since it was listed.
    return entries
  }
  try {
    const { size } = fstatSync(descriptor)
    for (let start = 0; start + PREFIX <= size; ) {
      const prefix = readAt(descriptor, start, PREFIX)
      const headLength = prefix.readUInt32LE(8)
      const end = start + PREFIX + headLength + prefix.readUInt32LE(12)
      if (!prefix.subarray(0, 8).equals(MAGIC) || end > size || headLength > LONGEST_HEAD) break
      const head = readAt(descriptor, start + PREFIX, headLength)
      if (!checksumOf(head).equals(prefix.subarray(16, 24))) break
      let offset = start + PREFIX + headLength
      for (const row of readRows(head)) {
        entries.push({ entry: row.entry, offset: row.hasRecord ? offset : undefined })
        if (row.hasRecord) offset += row.entry.length
      }
      start = end
    }
  } finally {
    closeSync(descriptor)
  }
  return entries
}

export function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const read = readSync(descriptor, bytes, 0, length, position)
  return bytes.subarray(0, read)
}

function checksumOf(head: Buffer): Buffer {
  return hash('sha256', head, 'buffer').subarray(0, 8)
}

/** The checksum says that these are the rows that were written. */
function readRows(head: Buffer): readonly { readonly entry: Entry; readonly hasRecord: boolean }[] {
  const rows: readonly Row[] = JSON.parse(head.toString())
  return rows.map(([key, digest, length, hasRecord, fetched, freshUntil, etag, lastModified]) => ({
    entry: {
      key,
      digest: sha256FromHex(digest),
      length,
      fetched,
      freshUntil,
      ...(etag === '' ? {} : { etag }),
      ...(lastModified === '' ? {} : { lastModified }),
    },
    hasRecord: hasRecord === 1,
  }))
}
