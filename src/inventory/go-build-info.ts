/**
 * The modules that the Go linker writes into every program. Source: Go's `debug/buildinfo`: 14 bytes of magic, the size of a pointer, a
 * byte of flags; since Go 1.18 (flag 2) two strings follow at offset 32, each after its length as a varint; before, two pointers to string
 * headers at offset 16. The second string is lines between two markers of 16 bytes: `mod`, `dep`, and `=>` for what stands in for the line before.
 */
import type { ContentByPosition } from '../model/image.ts'
import { atAddress, type Elf, word } from './elf.ts'
import { type InstalledPackage, isPlain } from './installed-package.ts'

/** In two parts, so that what is built from this file does not contain it. */
const MAGIC = Buffer.from(['\xff Go build', 'inf:'].join(''), 'latin1')
const HEADER = 32
const MOST_TEXT = 4 << 20

export function hasGoMagic(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.equals(bytes.subarray(0, MAGIC.length))
}

/** Where the magic is in these bytes, aligned as the linker aligns it; -1 if nowhere. */
export function findGoMagic(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = buffer.indexOf(MAGIC); at >= 0; at = buffer.indexOf(MAGIC, at + 1)) if (at % 16 === 0) return at
  return -1
}

/** The standard library as `stdlib` and every module with a version, at the position of the magic. Empty where it is not what it says. */
export function goPackages(content: ContentByPosition, elf: Elf, offset: number): readonly InstalledPackage[] {
  const header = content.read(offset, HEADER)
  if (header.length < HEADER) return []
  const flags = header[15] ?? 0
  const [toolchain, modules] = (flags & 2) !== 0 ? inlineStrings(content, offset + HEADER) : pointedStrings(content, elf, header)
  const packages = new Map<string, InstalledPackage>()
  const add = (name: string, version: string): void => {
    if (isPlain(name) && isPlain(version)) packages.set(name, { ecosystem: 'Go', name, version, inside: `#${name}`, published: true })
  }
  const library = standardLibrary(toolchain)
  if (library !== undefined) add('stdlib', library)
  for (const { path, version } of modulesOf(modules)) add(path, version)
  return [...packages.values()]
}

function inlineStrings(content: ContentByPosition, offset: number): readonly [string, string] {
  const first = inlineString(content, offset)
  return [first.text, inlineString(content, first.end).text]
}

function inlineString(content: ContentByPosition, offset: number): { readonly text: string; readonly end: number } {
  const bytes = content.read(offset, 10)
  let length = 0
  for (let i = 0; i < Math.min(bytes.length, 5); i++) {
    const byte = bytes[i] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (length > MOST_TEXT) break
    return { text: Buffer.from(content.read(offset + i + 1, length)).toString('utf8'), end: offset + i + 1 + length }
  }
  return { text: '', end: offset }
}

function pointedStrings(content: ContentByPosition, elf: Elf, header: Uint8Array): readonly [string, string] {
  const size = header[14]
  const littleEndian = ((header[15] ?? 0) & 1) === 0
  if (size !== 4 && size !== 8) return ['', '']
  const read = (at: number): string => {
    const place = atAddress(content, elf, word(header, at, size, littleEndian), 2 * size)
    if (place === undefined) return ''
    const length = word(place, size, size, littleEndian)
    const bytes = length > MOST_TEXT ? undefined : atAddress(content, elf, word(place, 0, size, littleEndian), length)
    return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8')
  }
  return [read(16), read(16 + size)]
}

/** `go1.21.3` → `1.21.3`, `go1.21rc2` → `1.21.0-rc2`; a development version has no number. */
function standardLibrary(toolchain: string): string | undefined {
  const [, version = '', patch = '', early = ''] =
    /^go(1\.\d{1,4})(\.\d{1,4})?((?:rc|beta)\d{1,3})?(?:[ +-].*)?$/.exec(toolchain.slice(0, 200)) ?? []
  if (version === '') return undefined
  return `${version}${patch || '.0'}${early === '' ? '' : `-${early}`}`
}

/** A module that another stands in for is not in the program; a folder of the builder's machine and `(devel)` have no version. */
function modulesOf(text: string): readonly { readonly path: string; readonly version: string }[] {
  const found: { path: string; version: string }[] = []
  // Markers of 16 bytes are not UTF-8, so they are looked past, not counted.
  for (const line of text.slice(Math.max(0, text.search(/(?:path|mod|dep)\t/))).split('\n')) {
    const [kind, path = '', version = ''] = line.split('\t')
    if (kind === 'dep' || kind === 'mod') found.push({ path, version })
    else if (kind === '=>' && found.length > 0) found[found.length - 1] = { path, version }
  }
  return found.filter(({ path, version }) => /^v\d/.test(version) && !/^[./]/.test(path))
}
