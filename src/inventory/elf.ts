/**
 * As much of the ELF format as it takes to find data that a compiler left in a program: segments and sections, both widths, both byte
 * orders. Source: System V ABI, chapters 4 and 5. Offsets and counts are the file's claims: what does not lie inside the file is left out.
 */
import type { ByteRange, ContentByPosition } from '../model/image.ts'

export interface Segment extends ByteRange {
  /** Where it is in memory. */
  readonly address: number
  readonly writable: boolean
  readonly executable: boolean
}

export interface Elf {
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  /** Segments that are loaded and have bytes in the file. */
  readonly segments: readonly Segment[]
  /** Where the section table is, if it lies inside the file. */
  readonly table: ByteRange | undefined
}

const LOAD = 1
const PROGBITS = 1
const ALLOCATED = 2
const EXECUTABLE_SECTION = 4
const MOST_SEGMENTS = 64
/** More are an encoding of their own (`e_shnum` 0), which no program that matters here uses. */
const MOST_SECTIONS = 4096

export function isElf(head: Uint8Array): boolean {
  return head.length >= 52 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46
}

/** From a file's first bytes; undefined unless it is an ELF file whose segments are told of there, as linkers do. */
export function readElf(head: Uint8Array, size: number): Elf | undefined {
  const [width, order] = [head[4], head[5]]
  if (!isElf(head) || (width !== 1 && width !== 2) || (order !== 1 && order !== 2)) return undefined
  const numbers = numbersOf(head, order === 1)
  const wide = width === 2
  if (wide && head.length < 64) return undefined
  const [segmentsAt, tableAt] = wide ? [numbers.u64(32), numbers.u64(40)] : [numbers.u32(28), numbers.u32(32)]
  const counts = wide ? 54 : 42
  const [segmentSize, segmentCount, sectionSize, sectionCount] = [0, 2, 4, 6].map(offset => numbers.u16(counts + offset))
  const tableLength = (sectionSize ?? 0) * (sectionCount ?? 0)
  const hasTable =
    sectionSize === (wide ? 64 : 40) && sectionCount !== 0 && (sectionCount ?? 0) <= MOST_SECTIONS && inside(tableAt, tableLength, size)
  const segments: Segment[] = []
  for (let i = 0; i < Math.min(segmentCount ?? 0, MOST_SEGMENTS) && segmentSize === (wide ? 56 : 32); i++) {
    const at = segmentsAt + i * segmentSize
    if (at + segmentSize > head.length) break
    if (numbers.u32(at) !== LOAD) continue
    const flags = numbers.u32(at + (wide ? 4 : 24))
    const [offset, address, length] = wide
      ? [numbers.u64(at + 8), numbers.u64(at + 16), numbers.u64(at + 32)]
      : [numbers.u32(at + 4), numbers.u32(at + 8), numbers.u32(at + 16)]
    if (length > 0 && inside(offset, length, size)) {
      segments.push({ offset, address, length, executable: (flags & 1) !== 0, writable: (flags & 2) !== 0 })
    }
  }
  return {
    bits: wide ? 64 : 32,
    littleEndian: order === 1,
    segments,
    table: hasTable ? { offset: tableAt, length: tableLength } : undefined,
  }
}

/** Sections with data that is loaded and not run, in the table's order. Their names are not asked: contents tell what they are. */
export function dataSections(content: ContentByPosition, { bits, littleEndian, table }: Elf): readonly ByteRange[] {
  if (table === undefined) return []
  const bytes = content.read(table.offset, table.length)
  const numbers = numbersOf(bytes, littleEndian)
  const step = bits === 64 ? 64 : 40
  const found: ByteRange[] = []
  for (let at = 0; at + step <= bytes.length; at += step) {
    const flags = numbers.u32(at + 8 + (bits === 64 && !littleEndian ? 4 : 0))
    if (numbers.u32(at + 4) !== PROGBITS || (flags & ALLOCATED) === 0 || (flags & EXECUTABLE_SECTION) !== 0) continue
    const [offset, length] = bits === 64 ? [numbers.u64(at + 24), numbers.u64(at + 32)] : [numbers.u32(at + 16), numbers.u32(at + 20)]
    if (length > 0 && inside(offset, length, content.size)) found.push({ offset, length })
  }
  return found
}

/** The bytes at an address of the program's memory, as far as the file has them. */
export function atAddress(content: ContentByPosition, elf: Elf, address: number, length: number): Uint8Array | undefined {
  const segment = elf.segments.find(({ address: start, length: all }) => address >= start && address + length <= start + all)
  if (segment === undefined) return undefined
  const bytes = content.read(segment.offset + address - segment.address, length)
  return bytes.length === length ? bytes : undefined
}

/** A pointer or length at a position of the bytes, as wide as `size`. */
export function word(bytes: Uint8Array, at: number, size: 4 | 8, littleEndian: boolean): number {
  const numbers = numbersOf(bytes, littleEndian)
  return size === 8 ? numbers.u64(at) : numbers.u32(at)
}

function numbersOf(bytes: Uint8Array, littleEndian: boolean) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    u16: (at: number): number => view.getUint16(at, littleEndian),
    u32: (at: number): number => view.getUint32(at, littleEndian),
    u64: (at: number): number => Number(view.getBigUint64(at, littleEndian)),
  }
}

function inside(offset: number, length: number, size: number): boolean {
  return Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset + length <= size
}
