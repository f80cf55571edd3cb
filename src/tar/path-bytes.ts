/**
 * Paths are bytes in an archive and strings here. UTF-8 is read as such; in a part of a path that is none, every byte above 127 becomes one lone
 * low surrogate (U+DC80 + byte - 128), so that each name has exactly one string and the string gives the same bytes back.
 */
import { isUtf8 } from 'node:buffer'

const ASCII = /^[\0-\x7f]*$/
const HIGH = /[\ud800-\uffff]/

export function decodePath(bytes: Buffer): string {
  return decodePathAt(bytes, 0, bytes.length)
}

export function decodePathAt(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start, end)
  if (ASCII.test(text)) return text
  const part = bytes.subarray(start, end)
  if (isUtf8(part)) return part.toString('utf8')
  return text.split('/').map(decodePart).join('/')
}

/** Each part by itself: a folder is the same text whatever stands in it. */
function decodePart(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : text.replace(/[\x80-\xff]/g, high => String.fromCharCode(0xdc00 + high.charCodeAt(0)))
}

export function encodePath(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path, 'utf8')
  const bytes = Buffer.alloc(path.length * 3)
  let length = 0
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) bytes[length++] = code - 0xdc00
    else length += bytes.write(character, length, 'utf8')
  }
  return bytes.subarray(0, length)
}

/** Negative where `a` stands before `b` by its bytes. */
export type PathOrder = (a: string, b: string) => number

const byUnits: PathOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const byBytes: PathOrder = (a, b) => (HIGH.test(a) || HIGH.test(b) ? Buffer.compare(encodePath(a), encodePath(b)) : byUnits(a, b))

/** Whether UTF-16 code units of these paths, joined, sort as their bytes do: true of all but the rarest layers, and ten times as fast. */
export function sortsByUnits(joined: string): boolean {
  return !HIGH.test(joined)
}

export function pathOrder(units: boolean): PathOrder {
  return units ? byUnits : byBytes
}
