/**
 * The order of Debian versions, `[epoch:]upstream[-revision]`. Source: Debian policy 5.6.12.
 *
 * Epochs compare as numbers, then upstream versions, then revisions; one that is absent is as `0`. Both texts are read from the left in turns: a
 * stretch without digits, then a stretch of digits. In the former letters sort before everything else, `~` before even the end; the
 * latter are numbers of any size.
 */
import type { VersionScheme } from './scheme.ts'

const LONGEST = 256
/** The revision stands behind the last hyphen. */
const VERSION = /^(?:(\d+):)?(?:([A-Za-z0-9.+~:-]+)-([A-Za-z0-9.+~]+)|([A-Za-z0-9.+~:]+))$/
const LARGEST_EPOCH = 2 ** 31 - 1

interface Parts {
  readonly epoch: number
  readonly upstream: string
  readonly revision: string
}

function parse(version: string): Parts | undefined {
  if (version.length > LONGEST) return undefined
  const match = VERSION.exec(version)
  if (match === null) return undefined
  const [, epoch = '0', before, revision = '0', whole = ''] = match
  const upstream = before ?? whole
  if (Number(epoch) > LARGEST_EPOCH) return undefined
  // A colon may stand in the upstream version only behind an epoch.
  if (upstream.includes(':') && match[1] === undefined) return undefined
  return { epoch: Number(epoch), upstream, revision }
}

function demand(version: string): Parts {
  const parts = parse(version)
  if (parts === undefined) throw new TypeError(`not a Debian version: ${version}`)
  return parts
}

/** Negative, zero or positive. */
function compareText(a: string, b: string): number {
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = rank(a, i++) - rank(b, j++)
      if (difference !== 0) return difference
    }
    const [iEnd, jEnd] = [digitsEnd(a, i), digitsEnd(b, j)]
    while (i < iEnd && a[i] === '0') i++
    while (j < jEnd && b[j] === '0') j++
    const longer = iEnd - i - (jEnd - j)
    if (longer !== 0) return longer
    for (; i < iEnd; i++, j++) {
      const difference = a.charCodeAt(i) - b.charCodeAt(j)
      if (difference !== 0) return difference
    }
  }
  return 0
}

/** `~`, then the end and digits alike, then letters, then the rest. */
function rank(text: string, index: number): number {
  if (index >= text.length || isDigit(text, index)) return 0
  const code = text.charCodeAt(index)
  if (code === 0x7e) return -1
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a ? code : code + 256
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code >= 0x30 && code <= 0x39
}

function digitsEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && isDigit(text, end)) end++
  return end
}

export const deb: VersionScheme = {
  compare(a, b) {
    if (a === b) return 0
    const [left, right] = [demand(a), demand(b)]
    return left.epoch - right.epoch || compareText(left.upstream, right.upstream) || compareText(left.revision, right.revision)
  },
  valid: version => parse(version) !== undefined,
  bound: text => (parse(text) === undefined ? undefined : text),
}
