/**
 * One 512-byte header block of a tar archive: POSIX.1-1988 ustar, the old form before it and GNU's, numbers in octal or base 256.
 * Source: POSIX.1-2017 pax(1), "ustar Interchange Format"; tar(5) of GNU.
 */
import type { Fault } from '../../model/faults.ts'

export const BLOCK = 512

/** Makes the fault for what is wrong; the caller knows which archive it is and which code that has. */
export type Invalid = (what: string) => Fault

/** The fields as they stand in one block; `name` and `linkName` may be replaced by records before it. */
export interface RawHeader {
  readonly name: Buffer
  readonly linkName: Buffer
  readonly type: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly userName: Buffer
  readonly groupName: Buffer
  readonly devMajor: number
  readonly devMinor: number
}

const EMPTY = Buffer.alloc(0)
const SLASH = Buffer.from('/')
const CHECKSUM = 148

export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < BLOCK; at++) if (block[at] !== 0) return false
  return true
}

export function readHeader(block: Buffer, invalid: Invalid): RawHeader {
  verifyChecksum(block, invalid)
  const ustar = block[257] === 0x75 && block.toString('latin1', 257, 262) === 'ustar'
  const gnu = ustar && block[262] === 0x20
  const type = String.fromCharCode(block[156] ?? 0)
  const device = ustar && (type === '3' || type === '4')
  const prefix = ustar && !gnu ? textField(block, 345, 155) : EMPTY
  const name = textField(block, 0, 100)
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, SLASH, name]) : name,
    linkName: textField(block, 157, 100),
    type,
    mode: numberField(block, 100, 8, 'mode', invalid),
    uid: numberField(block, 108, 8, 'user', invalid),
    gid: numberField(block, 116, 8, 'group', invalid),
    size: numberField(block, 124, 12, 'size', invalid),
    mtime: numberField(block, 136, 12, 'time', invalid),
    userName: ustar ? textField(block, 265, 32) : EMPTY,
    groupName: ustar ? textField(block, 297, 32) : EMPTY,
    devMajor: device ? numberField(block, 329, 8, 'device', invalid) : 0,
    devMinor: device ? numberField(block, 337, 8, 'device', invalid) : 0,
  }
}

/** Old programs summed signed bytes; both sums are taken, as every reader does. */
function verifyChecksum(block: Buffer, invalid: Invalid): void {
  let unsigned = 8 * 0x20
  let high = 0
  for (let at = 0; at < BLOCK; at++) {
    if (at === CHECKSUM) at += 8
    const byte = block[at] ?? 0
    unsigned += byte
    if (byte > 127) high++
  }
  const stored = numberField(block, CHECKSUM, 8, 'checksum', invalid)
  const signed = unsigned - 256 * high
  if (stored !== unsigned && stored !== signed) throw invalid('a header’s checksum is wrong')
}

function textField(block: Buffer, start: number, length: number): Buffer {
  let end = start
  while (end < start + length && block[end] !== 0) end++
  return end === start ? EMPTY : Buffer.from(block.subarray(start, end))
}

/** Octal between spaces and NULs, or base 256 where the first bit is set (two's complement). */
export function numberField(block: Buffer, start: number, length: number, what: string, invalid: Invalid): number {
  const first = block[start] ?? 0
  if (first >= 0x80) return base256(block, start, length, what, invalid)
  const end = start + length
  let at = start
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++
  let value = 0
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30
    if (digit >= 0 && digit < 8) value = value * 8 + digit
    else break
  }
  for (; at < end; at++) if (block[at] !== 0x20 && block[at] !== 0) throw invalid(`a header’s ${what} is no number`)
  return value
}

function base256(block: Buffer, start: number, length: number, what: string, invalid: Invalid): number {
  const negative = ((block[start] ?? 0) & 0x40) !== 0
  let value = negative ? (block[start] ?? 0) - 0x100 : (block[start] ?? 0) & 0x3f
  for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] ?? 0)
  if (!Number.isSafeInteger(value)) throw invalid(`a header’s ${what} is too large`)
  return value
}
