/**
 * One 512-byte header block of a tar archive: POSIX.1-1988 ustar, the old form before it and GNU's, numbers in octal or base 256.
 * Source: POSIX.1-2017 pax(1), "ustar Interchange Format"; tar(5) of GNU.
 */
import { decodePathAt } from './path-bytes.ts'

export const BLOCK = 512

/** Makes the fault for what is wrong; the caller knows which archive it is and which code that has. */
export type Invalid = (what: string) => Error

/** The fields as they stand in one block; `name` and `linkName` may be replaced by records before it. */
export interface RawHeader {
  readonly name: string
  readonly linkName: string
  readonly type: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly userName: string
  readonly groupName: string
  readonly devMajor: number
  readonly devMinor: number
}

const CHECKSUM = 148

/** `at` is where the block stands in the bytes; all of it is there. */
export function isZeroBlock(bytes: Buffer, at: number): boolean {
  for (let end = at + BLOCK; at < end; at++) if (bytes[at] !== 0) return false
  return true
}

export function readHeader(bytes: Buffer, at: number, invalid: Invalid): RawHeader {
  verifyChecksum(bytes, at, invalid)
  const ustar = bytes[at + 257] === 0x75 && bytes.toString('latin1', at + 257, at + 262) === 'ustar'
  const gnu = ustar && bytes[at + 262] === 0x20
  const type = String.fromCharCode(bytes[at + 156] ?? 0)
  const device = ustar && (type === '3' || type === '4')
  const name = textField(bytes, at, 100)
  const prefix = ustar && !gnu && bytes[at + 345] !== 0 ? textField(bytes, at + 345, 155) : ''
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: type === '1' || type === '2' ? textField(bytes, at + 157, 100) : '',
    type,
    mode: numberField(bytes, at + 100, 8, 'mode', invalid),
    uid: numberField(bytes, at + 108, 8, 'user', invalid),
    gid: numberField(bytes, at + 116, 8, 'group', invalid),
    size: numberField(bytes, at + 124, 12, 'size', invalid),
    mtime: numberField(bytes, at + 136, 12, 'time', invalid),
    userName: ustar ? ownerField(bytes, at + 265) : '',
    groupName: ustar ? ownerField(bytes, at + 297) : '',
    devMajor: device ? numberField(bytes, at + 329, 8, 'device', invalid) : 0,
    devMinor: device ? numberField(bytes, at + 337, 8, 'device', invalid) : 0,
  }
}

/** Old programs summed signed bytes; both sums are taken, as every reader does. */
function verifyChecksum(bytes: Buffer, at: number, invalid: Invalid): void {
  let sum = 8 * 0x20
  const field = at + CHECKSUM
  const end = at + BLOCK
  for (let place = at; place < field; place++) sum += bytes[place] ?? 0
  for (let place = field + 8; place < end; place++) sum += bytes[place] ?? 0
  const stored = numberField(bytes, field, 8, 'checksum', invalid)
  if (stored === sum) return
  let high = 0
  for (let place = at; place < end; place++) if ((bytes[place] ?? 0) > 127 && (place < field || place >= field + 8)) high++
  if (stored !== sum - 256 * high) throw invalid('a header’s checksum is wrong')
}

function textField(bytes: Buffer, start: number, length: number): string {
  let end = start
  while (end < start + length && bytes[end] !== 0) end++
  return decodePathAt(bytes, start, end)
}

/** Nearly every entry of an image is root’s. */
function ownerField(bytes: Buffer, at: number): string {
  if (bytes[at] === 0) return ''
  const root = bytes[at] === 0x72 && bytes[at + 1] === 0x6f && bytes[at + 2] === 0x6f && bytes[at + 3] === 0x74 && bytes[at + 4] === 0
  return root ? 'root' : textField(bytes, at, 32)
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
