/**
 * One 512-byte header of a tar archive, and what the entries before it say of it (PAX records, GNU long names). Pure: readers of
 * streams and of bytes in memory share it. Sources: POSIX.1-2017 pax, and GNU tar's manual for `L`, `K` and base-256 numbers.
 */
import { isUtf8 } from 'node:buffer'

export const BLOCK = 512
/** PAX records and long names that are larger than this are no archive's. */
export const LARGEST_EXTENSION = 1024 * 1024

/** Makes the error for what is wrong; the caller knows which archive it is. */
export type InvalidTar = (what: string) => Error

export interface TarHeader {
  /** As it is written. */
  readonly path: string
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `3` character, `4` block, `5` directory, `6` fifo, `x` `g` `L` `K` extensions. */
  readonly type: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly userName: string
  readonly groupName: string
  readonly size: number
  /** Seconds since the epoch, whole. */
  readonly mtime: number
  readonly linkTarget: string
  /** From `SCHILY.xattr.*` records, values in latin1. */
  readonly xattrs?: Readonly<Record<string, string>>
}

/** What is said before an entry about it. */
export type PendingFacts = Map<string, Uint8Array>

/** Undefined for a block of zeros, which ends an archive. */
export function parseHeader(bytes: Uint8Array, offset: number, invalid: InvalidTar): TarHeader | undefined {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset + offset, BLOCK)
  let unsigned = 0
  let signed = 0
  let nonZero = 0
  for (let i = 0; i < BLOCK; i++) {
    const value = i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0)
    unsigned += value
    signed += value > 127 ? value - 256 : value
    nonZero |= block[i] ?? 0
  }
  if (nonZero === 0) return undefined
  const checksum = numberAt(block, 148, 8, invalid)
  if (checksum !== unsigned && checksum !== signed) throw invalid('has a header whose checksum is wrong')
  const ustar = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = ustar ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  const flag = String.fromCharCode(block[156] ?? 0)
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    type: flag === '\0' || flag === '7' ? '0' : flag,
    mode: numberAt(block, 100, 8, invalid) & 0o7777,
    uid: numberAt(block, 108, 8, invalid),
    gid: numberAt(block, 116, 8, invalid),
    size: numberAt(block, 124, 12, invalid),
    mtime: numberAt(block, 136, 12, invalid),
    linkTarget: textAt(block, 157, 100),
    userName: textAt(block, 265, 32),
    groupName: textAt(block, 297, 32),
  }
}

/** True for a header whose content speaks of the next entry, or of all that follow. */
export function isExtension(type: string): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K'
}

/** Takes up what an extension's content says; global PAX headers say nothing that matters here. */
export function readExtension(type: string, content: Uint8Array, pending: PendingFacts, invalid: InvalidTar): void {
  if (type === 'L') pending.set('path', withoutNul(content))
  else if (type === 'K') pending.set('linkpath', withoutNul(content))
  else if (type === 'x') for (const [key, value] of paxRecords(content, invalid)) pending.set(key, value)
}

/** The header as the extensions before it have it. */
export function withPending(header: TarHeader, pending: PendingFacts, invalid: InvalidTar): TarHeader {
  if (pending.size === 0) return header
  const text = (key: string, plain: string): string => decode(pending.get(key)) ?? plain
  const number = (key: string, plain: number): number => {
    const written = decode(pending.get(key))
    if (written === undefined) return plain
    const value = Math.floor(Number(written))
    if (!/^-?\d{1,15}(\.\d*)?$/.test(written) || !Number.isSafeInteger(value)) throw invalid(`has a ${key} that is no number`)
    if (key !== 'mtime' && value < 0) throw invalid(`has a negative ${key}`)
    return value
  }
  const xattrs: Record<string, string> = Object.create(null)
  for (const [key, value] of pending) {
    if (key.startsWith('SCHILY.xattr.')) xattrs[key.slice('SCHILY.xattr.'.length)] = Buffer.from(value).toString('latin1')
  }
  return {
    ...header,
    path: text('path', header.path),
    linkTarget: text('linkpath', header.linkTarget),
    userName: text('uname', header.userName),
    groupName: text('gname', header.groupName),
    size: number('size', header.size),
    mtime: number('mtime', header.mtime),
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    ...(Object.keys(xattrs).length > 0 && { xattrs }),
  }
}

/** `<length> <key>=<value>\n`, the length in decimal and of the whole record. */
function* paxRecords(content: Uint8Array, invalid: InvalidTar): Generator<[string, Uint8Array]> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space < 0 ? '' : bytes.toString('latin1', at, space)
    if (!/^[1-9]\d{0,8}$/.test(length)) throw invalid('has a PAX record without a length')
    const end = at + Number(length)
    const equals = bytes.indexOf(0x3d, space + 1)
    if (end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end) throw invalid('has a PAX record that cannot be read')
    yield [bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1)]
    at = end
  }
}

/** Octal text, or base-256 where the first bit is set. */
function numberAt(block: Buffer, offset: number, length: number, invalid: InvalidTar): number {
  const first = block[offset] ?? 0
  if ((first & 0x80) !== 0) {
    if (first === 0xff) throw invalid('has a negative number in a header')
    let value = first & 0x7f
    for (let i = 1; i < length; i++) {
      value = value * 256 + (block[offset + i] ?? 0)
      if (value > Number.MAX_SAFE_INTEGER) throw invalid('has a number in a header that is too large')
    }
    return value
  }
  const text = block
    .toString('latin1', offset, offset + length)
    .replace(/[\0 ]+$/, '')
    .replace(/^ +/, '')
  if (text === '') return 0
  if (!/^[0-7]+$/.test(text)) throw invalid('has a number in a header that is none')
  return Number.parseInt(text, 8)
}

function textAt(block: Buffer, offset: number, length: number): string {
  return decode(withoutNul(block.subarray(offset, offset + length))) ?? ''
}

function withoutNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

/** UTF-8; in a name that is none every byte above 127 becomes a lone surrogate (U+DC80 + byte - 128), which no text has. */
function decode(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString('utf8')
  return buffer.toString('latin1').replace(/[\x80-\xff]/g, character => String.fromCharCode(0xdc00 + character.charCodeAt(0)))
}
