/** Programs for tests: an ELF header, segments and sections as linkers lay them out, and what Go and Rust leave in theirs. */
import { deflateSync } from 'node:zlib'

export interface ElfToMake {
  readonly bits?: 32 | 64
  readonly littleEndian?: boolean
  /** Data sections, each 16-byte aligned, in one segment a piece. */
  readonly sections: readonly { readonly bytes: Uint8Array; readonly writable?: boolean }[]
  /** Without a section table, as some packers leave a program. */
  readonly cutOff?: boolean
  /** What the headers say instead of the truth. */
  readonly says?: {
    readonly tableAt?: bigint
    readonly sectionCount?: number
    readonly segmentsAt?: bigint
    readonly sectionOffset?: bigint
  }
}

const FIRST = 4096
/** Where the first byte of the file is in memory. */
export const BASE = 0x400000
/** Smaller files are not looked at. */
const LENGTH = 120_000

export function makeElf({ bits = 64, littleEndian = true, sections, cutOff = false, says = {} }: ElfToMake): Buffer {
  const wide = bits === 64
  const file = Buffer.alloc(LENGTH + sections.reduce((sum, { bytes }) => sum + bytes.length + 16, 0))
  const number = numberWriter(file, littleEndian)
  const address = (value: bigint, at: number): void => (wide ? number(value, at, 8) : number(value, at, 4))
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1])
  const [segmentSize, sectionSize, headerSize] = wide ? [56, 64, 64] : [32, 40, 52]
  const tableAt = file.length - sectionSize * (sections.length + 1)
  address(says.segmentsAt ?? BigInt(headerSize), wide ? 32 : 28)
  address(says.tableAt ?? BigInt(cutOff ? 0 : tableAt), wide ? 40 : 32)
  const counts = [segmentSize, sections.length, cutOff ? 0 : sectionSize, cutOff ? 0 : (says.sectionCount ?? sections.length + 1)]
  for (const [i, count] of counts.entries()) number(BigInt(count), (wide ? 54 : 42) + 2 * i, 2)
  let offset = FIRST
  for (const [i, { bytes, writable = false }] of sections.entries()) {
    file.set(bytes, offset)
    const [place, length] = [BigInt(offset), BigInt(bytes.length)]
    const segment = headerSize + i * segmentSize
    number(1n, segment, 4)
    number(writable ? 6n : 4n, segment + (wide ? 4 : 24), 4)
    address(place, segment + (wide ? 8 : 4))
    address(BigInt(BASE) + place, segment + (wide ? 16 : 8))
    address(length, segment + (wide ? 32 : 16))
    const section = tableAt + (i + 1) * sectionSize
    number(1n, section + 4, 4)
    address(writable ? 3n : 2n, section + 8)
    address(says.sectionOffset ?? place, section + (wide ? 24 : 16))
    address(length, section + (wide ? 32 : 20))
    offset += Math.ceil(bytes.length / 16) * 16
  }
  return file
}

/** Where each section begins in the file. */
export function sectionOffsets(lengths: readonly number[]): readonly number[] {
  let offset = FIRST
  return lengths.map(length => {
    const at = offset
    offset += Math.ceil(length / 16) * 16
    return at
  })
}

function numberWriter(file: Buffer, littleEndian: boolean) {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  return (value: bigint, at: number, width: 2 | 4 | 8): void => {
    if (width === 2) view.setUint16(at, Number(value), littleEndian)
    else if (width === 4) view.setUint32(at, Number(value & 0xffffffffn), littleEndian)
    else view.setBigUint64(at, value, littleEndian)
  }
}

const MAGIC = Buffer.from(['\xff Go build', 'inf:'].join(''), 'latin1')
/** What the linker puts around the modules, so that they are found in memory; no UTF-8. */
const MARKER = Buffer.from('3077af0c9274080241e1c107e6d618e6f932433186182072008242104116d8f2', 'hex')

export function modulesText(lines: readonly string[]): Buffer {
  return Buffer.concat([MARKER.subarray(0, 16), Buffer.from(`${lines.join('\n')}\n`), MARKER.subarray(16)])
}

/** As Go writes it since 1.18. */
export function goBuildInfo(version: string, lines: readonly string[]): Buffer {
  const header = Buffer.alloc(32)
  header.set(MAGIC)
  header.set([8, 2], 14)
  const strings = [Buffer.from(version), modulesText(lines)].flatMap(text => [varint(text.length), text])
  return Buffer.concat([header, ...strings])
}

/** As Go wrote it before: addresses of string headers. */
export function oldGoBuildInfo(size: 4 | 8, littleEndian: boolean, pointers: readonly [number, number]): Buffer {
  const header = Buffer.alloc(32)
  header.set(MAGIC)
  header.set([size, littleEndian ? 0 : 1], 14)
  for (const [i, pointer] of pointers.entries()) word(header, 16 + i * size, pointer, size, littleEndian)
  return header
}

export function stringHeader(size: 4 | 8, littleEndian: boolean, address: number, length: number): Buffer {
  const header = Buffer.alloc(2 * size)
  word(header, 0, address, size, littleEndian)
  word(header, size, length, size, littleEndian)
  return header
}

function word(bytes: Buffer, at: number, value: number, size: 4 | 8, littleEndian: boolean): void {
  numberWriter(bytes, littleEndian)(BigInt(value), at, size)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 128)
  }
}

/** As `cargo auditable` writes it. */
export function rustAudit(packages: readonly object[]): Buffer {
  return deflateSync(JSON.stringify({ packages }))
}
