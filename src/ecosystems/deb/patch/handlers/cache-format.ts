/**
 * `etc/ld.so.cache` in the form that glibc has had since 2.2 (`glibc-ld.so.cache1.1`): a header of 48 bytes, entries of 24, texts, and
 * extensions behind. The linker searches it by halves, so entries stand in its own order, the greatest first. Source: glibc's dl-cache.h.
 */

const MAGIC = 'glibc-ld.so.cache1.1'
const HEADER = 48
const ENTRY = 24
const EXTENSIONS = 0xeaa42174
const MOST = 100_000

export interface CacheEntry {
  readonly flags: number
  readonly name: string
  readonly path: string
  readonly osVersion: number
  readonly hardware: bigint
}

export interface LinkerCache {
  readonly flags: number
  readonly entries: readonly CacheEntry[]
  /** Contents of the extensions by tag. */
  readonly extensions: readonly { readonly tag: number; readonly flags: number; readonly content: Buffer }[]
}

/** Undefined for other forms, and for what is damaged. Numbers are little-endian as on every architecture that Debian has but s390x. */
export function readLinkerCache(content: Uint8Array): LinkerCache | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (bytes.length < HEADER || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const flags = bytes[28] ?? 0
  const count = bytes.readUInt32LE(20)
  if ((flags & 3) === 3 || count > MOST || HEADER + count * ENTRY > bytes.length) return undefined
  const text = (at: number): string | undefined => {
    const end = bytes.indexOf(0, at)
    return at >= HEADER + count * ENTRY && end >= 0 ? bytes.toString('latin1', at, end) : undefined
  }
  const entries: CacheEntry[] = []
  for (let index = 0; index < count; index++) {
    const at = HEADER + index * ENTRY
    const [name, path] = [text(bytes.readUInt32LE(at + 4)), text(bytes.readUInt32LE(at + 8))]
    if (name === undefined || path === undefined) return undefined
    entries.push({
      flags: bytes.readInt32LE(at),
      name,
      path,
      osVersion: bytes.readUInt32LE(at + 12),
      hardware: bytes.readBigUInt64LE(at + 16),
    })
  }
  const extensions = readExtensions(bytes, bytes.readUInt32LE(32))
  // Entries that refer to an extension by their place in it would lose it with any other order of hardware names, which stays.
  return extensions === undefined ? undefined : { flags, entries, extensions }
}

function readExtensions(bytes: Buffer, offset: number): LinkerCache['extensions'] | undefined {
  if (offset === 0) return []
  if (offset + 8 > bytes.length || bytes.readUInt32LE(offset) !== EXTENSIONS) return undefined
  const count = bytes.readUInt32LE(offset + 4)
  if (count > 16 || offset + 8 + count * 16 > bytes.length) return undefined
  return Array.from({ length: count }, (_, index) => {
    const at = offset + 8 + index * 16
    const start = bytes.readUInt32LE(at + 8)
    return {
      tag: bytes.readUInt32LE(at),
      flags: bytes.readUInt32LE(at + 4),
      content: bytes.subarray(start, start + bytes.readUInt32LE(at + 12)),
    }
  })
}

/** True where an extension holds places of texts, which a new table of texts moves. */
export function hasHardwareNames({ extensions }: LinkerCache): boolean {
  return extensions.some(({ tag, content }) => tag === 1 && content.length > 0)
}

export function writeLinkerCache({ flags, entries, extensions }: LinkerCache): Buffer {
  const sorted = [...entries].sort(
    (a, b) => compareNames(b.name, a.name) || b.flags - a.flags || (b.hardware > a.hardware ? 1 : b.hardware < a.hardware ? -1 : 0),
  )
  const start = HEADER + sorted.length * ENTRY
  const { places, texts, length } = layTexts(new Set(sorted.flatMap(({ path, name }) => [path, name])), start)
  const at = start + length
  const header = Buffer.alloc(HEADER)
  header.write(MAGIC, 0, 'latin1')
  header.writeUInt32LE(sorted.length, 20)
  header.writeUInt32LE(length, 24)
  header[28] = flags
  const table = Buffer.alloc(sorted.length * ENTRY)
  sorted.forEach(({ flags: kind, name, path, osVersion, hardware }, index) => {
    table.writeInt32LE(kind, index * ENTRY)
    table.writeUInt32LE(places.get(name) ?? 0, index * ENTRY + 4)
    table.writeUInt32LE(places.get(path) ?? 0, index * ENTRY + 8)
    table.writeUInt32LE(osVersion, index * ENTRY + 12)
    table.writeBigUInt64LE(hardware, index * ENTRY + 16)
  })
  if (extensions.length === 0) return Buffer.concat([header, table, ...texts])
  const padding = Buffer.alloc((4 - (at % 4)) % 4)
  const offset = at + padding.length
  header.writeUInt32LE(offset, 32)
  return Buffer.concat([header, table, ...texts, padding, ...printExtensions(extensions, offset)])
}

/** As ldconfig lays them: sorted from their ends, one that another ends with inside of it. */
function layTexts(all: ReadonlySet<string>, start: number) {
  const backwards = (text: string) => Buffer.from(text, 'latin1').reverse()
  const sorted = [...all].map(text => ({ text, key: backwards(text) })).sort((a, b) => compareEnds(a.key, b.key))
  const places = new Map<string, number>()
  const texts: Buffer[] = []
  let length = 0
  let before = ''
  for (const { text } of sorted) {
    if (before.endsWith(text) && before !== '') places.set(text, (places.get(before) ?? 0) + before.length - text.length)
    else {
      places.set(text, start + length)
      texts.push(Buffer.from(`${text}\0`, 'latin1'))
      length += text.length + 1
    }
    before = text
  }
  return { places, texts, length }
}

/** By the first byte that differs, the greater first; of two where one begins the other, the longer first. */
function compareEnds(a: Buffer, b: Buffer): number {
  const common = Math.min(a.length, b.length)
  return Buffer.compare(b.subarray(0, common), a.subarray(0, common)) || b.length - a.length
}

function printExtensions(extensions: LinkerCache['extensions'], offset: number): Buffer[] {
  const head = Buffer.alloc(8 + extensions.length * 16)
  head.writeUInt32LE(EXTENSIONS, 0)
  head.writeUInt32LE(extensions.length, 4)
  let at = offset + head.length
  extensions.forEach(({ tag, flags, content }, index) => {
    head.writeUInt32LE(tag, 8 + index * 16)
    head.writeUInt32LE(flags, 12 + index * 16)
    head.writeUInt32LE(at, 16 + index * 16)
    head.writeUInt32LE(content.length, 20 + index * 16)
    at += content.length
  })
  return [head, ...extensions.map(({ content }) => content)]
}

/** The linker's order: numbers as numbers, a digit behind everything else. */
export function compareNames(a: string, b: string): number {
  let [i, j] = [0, 0]
  const digit = (text: string, at: number) => /[0-9]/.test(text[at] ?? '')
  while (i < a.length) {
    if (digit(a, i) && digit(b, j)) {
      const [left = '', right = ''] = [/^\d+/.exec(a.slice(i))?.[0], /^\d+/.exec(b.slice(j))?.[0]]
      if (Number(left) !== Number(right)) return Number(left) - Number(right)
      i += left.length
      j += right.length
    } else if (digit(a, i)) return 1
    else if (digit(b, j)) return -1
    else if (a[i] !== b[j]) return a.charCodeAt(i) - (j < b.length ? b.charCodeAt(j) : 0)
    else [i, j] = [i + 1, j + 1]
  }
  return j < b.length ? -1 : 0
}
