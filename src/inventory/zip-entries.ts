/**
 * The central directory of a zip archive read by position, without unpacking anything else. Source: PKWARE APPNOTE 6.3.10, sections
 * 4.3.7, 4.3.12 to 4.3.16, 4.5.3. Archives come from outside: a directory that contradicts itself or claims more bytes than the
 * archive has (overlapping entries) makes the archive unreadable, as a value and not as a fault, for an image may hold any file.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import type { ContentByPosition } from '../model/image.ts'

export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
}

/** Why an archive or an entry is not read. */
export class UnreadableZip extends Error {}

const END = 0x06054b50
const END_64 = 0x06064b50
const END_64_LOCATOR = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const END_LENGTH = 22
const ALL_16 = 0xffff
const ALL_32 = 0xffffffff
const LARGEST_DIRECTORY = 32 << 20
const ENCRYPTED = 1
const STORED = 0
const DEFLATED = 8

/** Those entries whose name `wanted` takes; the name is given as bytes, since most are of no interest. Throws `UnreadableZip`. */
export function readEntries(content: ContentByPosition, wanted: (name: Buffer) => boolean): ZipEntry[] {
  const { entries, start, length, shift } = findDirectory(content)
  if (length > LARGEST_DIRECTORY) throw new UnreadableZip('its directory is too large')
  const directory = exactly(content, start, length, 'its directory is cut short')
  const found: ZipEntry[] = []
  let at = 0
  let packed = 0
  for (let i = 0; i < entries; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL) throw new UnreadableZip('its directory is broken')
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28)
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30)
    const next = extraEnd + directory.readUInt16LE(at + 32)
    if (next > directory.length) throw new UnreadableZip('its directory is broken')
    const name = directory.subarray(at + 46, nameEnd)
    const { offset, ...sizes } = sizesOf(directory, at, directory.subarray(nameEnd, extraEnd))
    packed += sizes.packed
    if (packed > content.size) throw new UnreadableZip('its entries overlap')
    if (wanted(name)) {
      const encrypted = (directory.readUInt16LE(at + 8) & ENCRYPTED) !== 0
      const method = encrypted ? -1 : directory.readUInt16LE(at + 10)
      found.push({ name: name.toString('utf8'), method, crc: directory.readUInt32LE(at + 16), ...sizes, offset: offset + shift })
    }
    at = next
  }
  return found
}

/** An entry's content, checked; a stored one is not copied. Throws `UnreadableZip`, also where it is larger than `most`. */
export function readEntry(content: ContentByPosition, entry: ZipEntry, most: number): Buffer {
  if (entry.size > most) throw new UnreadableZip('a file in it is too large')
  if (entry.method !== STORED && entry.method !== DEFLATED) throw new UnreadableZip('a file in it is encrypted or packed in an unknown way')
  const local = exactly(content, entry.offset, 30, 'a file in it is not where its directory says')
  if (local.readUInt32LE(0) !== LOCAL) throw new UnreadableZip('a file in it is not where its directory says')
  const start = entry.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  const raw = exactly(content, start, entry.packed, 'a file in it lies outside what is read')
  const bytes = entry.method === STORED ? raw : inflated(raw, entry.size)
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw new UnreadableZip('a file in it does not match its checksum')
  return bytes
}

function inflated(raw: Buffer, size: number): Buffer {
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(64, Math.min(size, 1 << 20)) })
  } catch {
    throw new UnreadableZip('a file in it cannot be unpacked')
  }
}

interface Directory {
  readonly entries: number
  readonly start: number
  readonly length: number
  /** What offsets in the archive are short of, where something stands in front of it. */
  readonly shift: number
}

function findDirectory(content: ContentByPosition): Directory {
  // The end record is the last thing but for a comment of at most 65,535 bytes.
  const tailLength = Math.min(content.size, END_LENGTH + ALL_16 + 20)
  const tailStart = content.size - tailLength
  const tail = exactly(content, tailStart, tailLength, 'its end is missing')
  for (let at = tail.length - END_LENGTH; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END || at + END_LENGTH + tail.readUInt16LE(at + 20) !== tail.length) continue
    const small = { entries: tail.readUInt16LE(at + 10), length: tail.readUInt32LE(at + 12), start: tail.readUInt32LE(at + 16) }
    const wide = small.entries === ALL_16 || small.length === ALL_32 || small.start === ALL_32
    if (wide && at >= 20 && tail.readUInt32LE(at - 20) === END_64_LOCATOR) return wideDirectory(content, number64(tail, at - 12))
    // Programs are put in front of archives that can be run; offsets may count from the archive's own beginning.
    const end = tailStart + at
    const placed = small.start + small.length
    if (placed > end) throw new UnreadableZip('its directory lies beyond its end')
    if (hasDirectory(content, small.start)) return { ...small, shift: 0 }
    return { ...small, start: end - small.length, shift: end - placed }
  }
  throw new UnreadableZip('it has no end')
}

function hasDirectory(content: ContentByPosition, start: number): boolean {
  const bytes = Buffer.from(content.read(start, 4))
  return bytes.length === 4 && (bytes.readUInt32LE(0) === CENTRAL || bytes.readUInt32LE(0) === END)
}

function wideDirectory(content: ContentByPosition, end64: number): Directory {
  const record = exactly(content, end64, 56, 'its end is broken')
  if (record.readUInt32LE(0) !== END_64) throw new UnreadableZip('its end is broken')
  return { entries: number64(record, 32), length: number64(record, 40), start: number64(record, 48), shift: 0 }
}

function sizesOf(
  directory: Buffer,
  at: number,
  extra: Buffer,
): { readonly packed: number; readonly size: number; readonly offset: number } {
  let [packed, size, offset] = [directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 42)]
  if (packed === ALL_32 || size === ALL_32 || offset === ALL_32) {
    const wide = zip64Extra(extra)
    if (size === ALL_32) size = wide.shift() ?? size
    if (packed === ALL_32) packed = wide.shift() ?? packed
    if (offset === ALL_32) offset = wide.shift() ?? offset
  }
  return { packed, size, offset }
}

/** The 64-bit values of the extra field with id 1. */
function zip64Extra(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)]
    const field = extra.subarray(at + 4, at + 4 + length)
    if (id === 1) return Array.from({ length: Math.floor(field.length / 8) }, (_, i) => number64(field, i * 8))
    at += 4 + length
  }
  return []
}

function number64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at))
}

function exactly(content: ContentByPosition, offset: number, length: number, otherwise: string): Buffer {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > content.size) throw new UnreadableZip(otherwise)
  const bytes = content.read(offset, length)
  if (bytes.length !== length) throw new UnreadableZip(otherwise)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
