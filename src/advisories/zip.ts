/**
 * Reads zip archives held in memory, by their central directory. Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16, 4.5.3.
 * An archive comes from outside: its parts may not overlap (so that a small one cannot claim to hold much), an entry may not grow beyond
 * `LARGEST_ENTRY`, and what is cut short, encrypted, or does not match its checksum is a fault. Names are never used as paths.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { Fault } from '../model/faults.ts'

export const LARGEST_ENTRY = 64 << 20

const END = 0x06054b50
const END_64 = 0x06064b50
const END_64_LOCATOR = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_LENGTH = 22
const ALL_32 = 0xffffffff
const ALL_16 = 0xffff
const ENCRYPTED = 1

export interface ZipEntry {
  readonly name: string
  /** Inflates and checks. */
  readonly read: () => Buffer
}

interface Directory {
  readonly entries: number
  readonly start: number
  readonly length: number
}

/** The files in an archive, in its order; `file` names it in faults. */
export function* readZip(bytes: Buffer, file: string): Generator<ZipEntry> {
  const damaged = (why: string): Fault => new Fault('advisories-invalid', `${file} is not a whole zip archive: ${why}`)
  const directory = findDirectory(bytes, damaged)
  const end = directory.start + directory.length
  if (end > bytes.length) throw damaged('its directory lies beyond its end')
  let at = directory.start
  let total = 0
  for (let i = 0; i < directory.entries; i++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== CENTRAL) throw damaged('its directory is broken')
    const lengths = { name: bytes.readUInt16LE(at + 28), extra: bytes.readUInt16LE(at + 30), comment: bytes.readUInt16LE(at + 32) }
    const next = at + 46 + lengths.name + lengths.extra + lengths.comment
    if (next > end) throw damaged('its directory is broken')
    const name = bytes.toString('utf8', at + 46, at + 46 + lengths.name)
    const entry = placeOf(bytes, at, lengths, damaged)
    total += entry.packed
    if (total > bytes.length) throw damaged('its entries overlap')
    if (!name.endsWith('/')) yield { name, read: () => readEntry(bytes, entry, name, damaged) }
    at = next
  }
}

function findDirectory(bytes: Buffer, damaged: (why: string) => Fault): Directory {
  // The end record is the last thing but for a comment of at most 65,535 bytes.
  for (let at = bytes.length - END_LENGTH; at >= Math.max(0, bytes.length - END_LENGTH - ALL_16); at--) {
    if (bytes.readUInt32LE(at) !== END || at + END_LENGTH + bytes.readUInt16LE(at + 20) !== bytes.length) continue
    const directory = { entries: bytes.readUInt16LE(at + 10), length: bytes.readUInt32LE(at + 12), start: bytes.readUInt32LE(at + 16) }
    const large = directory.entries === ALL_16 || directory.length === ALL_32 || directory.start === ALL_32
    if (!large || at < 20 || bytes.readUInt32LE(at - 20) !== END_64_LOCATOR) return directory
    const end64 = Number(bytes.readBigUInt64LE(at - 20 + 8))
    if (end64 + 56 > bytes.length || bytes.readUInt32LE(end64) !== END_64) throw damaged('its end is broken')
    return {
      entries: Number(bytes.readBigUInt64LE(end64 + 32)),
      length: Number(bytes.readBigUInt64LE(end64 + 40)),
      start: Number(bytes.readBigUInt64LE(end64 + 48)),
    }
  }
  throw damaged('it has no end')
}

interface Place {
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly local: number
}

function placeOf(bytes: Buffer, at: number, lengths: { name: number; extra: number }, damaged: (why: string) => Fault): Place {
  let [packed, size, local] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24), bytes.readUInt32LE(at + 42)]
  if (packed === ALL_32 || size === ALL_32 || local === ALL_32) {
    const from = at + 46 + lengths.name
    const wide = zip64Extra(bytes.subarray(from, from + lengths.extra))
    const take = (): number => {
      const value = wide.shift()
      if (value === undefined) throw damaged('its directory is broken')
      return value
    }
    if (size === ALL_32) size = take()
    if (packed === ALL_32) packed = take()
    if (local === ALL_32) local = take()
  }
  return { flags: bytes.readUInt16LE(at + 8), method: bytes.readUInt16LE(at + 10), crc: bytes.readUInt32LE(at + 16), packed, size, local }
}

/** The 64-bit values of the extra field with id 1. */
function zip64Extra(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)]
    const field = extra.subarray(at + 4, at + 4 + length)
    if (id === 1) return Array.from({ length: Math.floor(field.length / 8) }, (_, i) => Number(field.readBigUInt64LE(i * 8)))
    at += 4 + length
  }
  return []
}

function readEntry(bytes: Buffer, place: Place, name: string, damaged: (why: string) => Fault): Buffer {
  const shown = JSON.stringify(name.slice(0, 120))
  const { flags, method, crc, packed, size, local } = place
  if ((flags & ENCRYPTED) !== 0) throw damaged(`${shown} is encrypted`)
  if (size > LARGEST_ENTRY) throw damaged(`${shown} is larger than ${LARGEST_ENTRY >> 20} MB`)
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== LOCAL) throw damaged(`${shown} is not where the directory says`)
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  if (start + packed > bytes.length) throw damaged(`${shown} is cut short`)
  const raw = bytes.subarray(start, start + packed)
  const content = method === 0 ? raw : method === 8 ? inflate(raw, size, shown, damaged) : undefined
  if (content === undefined) throw damaged(`${shown} is packed in a way (${method}) that is not read`)
  if (content.length !== size || crc32(content) !== crc) throw damaged(`${shown} does not match its checksum`)
  return content
}

function inflate(raw: Buffer, size: number, shown: string, damaged: (why: string) => Fault): Buffer {
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(64, Math.min(size, 1 << 20)) })
  } catch (cause) {
    throw damaged(`${shown} cannot be unpacked (${cause instanceof Error ? cause.message : 'unknown reason'})`)
  }
}
