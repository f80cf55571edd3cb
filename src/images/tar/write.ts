/**
 * Writes a layer as a tar archive: the same layer gives the same bytes. Plain ustar, PAX records only where ustar has no room (long
 * names, large owners, extended attributes), owners by number without names, whole seconds, no other times, entries in the order of their
 * bytes, hard links after all else because what they lead to must be there. Parent folders are not written: a layer holds only what it changes. Source: POSIX.1-2017 pax(1); OCI image layer
 * specification, "Whiteouts".
 */
import { Fault } from '../../model/faults.ts'
import type { EntryFacts, Layer, LayerEntry } from '../../model/image.ts'
import { quoted } from '../../tar/entry.ts'
import { BLOCK } from '../../tar/header.ts'
import { encodePath } from '../../tar/path-bytes.ts'

export const WHITEOUT = '.wh.'
export const OPAQUE = '.wh..wh..opq'
const LARGEST_OCTAL_7 = 0o7777777
const LARGEST_OCTAL_11 = 0o77777777777
const NO_FACTS: EntryFacts = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }

/** The whole archive, end mark included. Throws `internal` where a path cannot be one or stands twice, or a hard link has no file. */
export function writeLayerTar(layer: Layer): Buffer {
  const named = layer.entries.map(entry => ({ entry, name: encodePath(nameOf(entry)), late: entry.kind === 'hardlink' ? 1 : 0 }))
  named.sort((a, b) => a.late - b.late || Buffer.compare(a.name, b.name))
  const parts: Buffer[] = []
  const kinds = new Map<string, LayerEntry['kind']>()
  for (const { entry, name } of named) {
    if (kinds.has(entry.path)) throw new Fault('internal', `The layer to be written has ${quoted(entry.path)} twice.`)
    if (entry.kind === 'hardlink' && kinds.get(entry.target) !== 'file') {
      throw new Fault('internal', `The layer to be written has a hard link to ${quoted(entry.target)}, which is no file of it.`)
    }
    kinds.set(entry.path, entry.kind)
    parts.push(...entryBlocks(entry, name))
  }
  parts.push(Buffer.alloc(2 * BLOCK))
  return Buffer.concat(parts)
}

/** As the archive names it: a whiteout stands beside what it hides. */
function nameOf(entry: LayerEntry): string {
  const { path } = entry
  const parts = path.split('/')
  if (path.includes('\0') || parts.some(part => part === '' || part === '.' || part === '..' || part.startsWith(WHITEOUT))) {
    throw new Fault('internal', `The layer to be written has the path ${quoted(path)}.`)
  }
  if (entry.kind === 'directory') return `${path}/`
  if (entry.kind !== 'whiteout') return path
  const last = parts.pop() ?? ''
  return [...parts, WHITEOUT + last].join('/')
}

function entryBlocks(entry: LayerEntry, name: Buffer): Buffer[] {
  const facts = entry.kind === 'whiteout' ? NO_FACTS : entry
  const link = entry.kind === 'symlink' || entry.kind === 'hardlink' ? encodePath(entry.target) : Buffer.alloc(0)
  const content = entry.kind === 'file' ? entry.content : new Uint8Array()
  const records: Buffer[] = []
  const split = splitName(name)
  if (split === undefined) records.push(record('path', name))
  if (link.length > 100) records.push(record('linkpath', link))
  for (const id of ['uid', 'gid'] as const) if (facts[id] > LARGEST_OCTAL_7) records.push(record(id, Buffer.from(`${facts[id]}`)))
  if (facts.mtime < 0 || facts.mtime > LARGEST_OCTAL_11) records.push(record('mtime', Buffer.from(`${facts.mtime}`)))
  if (content.length > LARGEST_OCTAL_11) records.push(record('size', Buffer.from(`${content.length}`)))
  for (const key of Object.keys(facts.xattrs ?? {}).sort()) {
    records.push(record(`SCHILY.xattr.${key}`, Buffer.from(facts.xattrs?.[key] ?? '', 'latin1')))
  }
  const { prefix, suffix } = split ?? { prefix: Buffer.alloc(0), suffix: name.subarray(0, 100) }
  const header = headerBlock({
    type: { file: '0', whiteout: '0', hardlink: '1', symlink: '2', directory: '5' }[entry.kind],
    prefix,
    suffix,
    link: link.subarray(0, 100),
    size: content.length,
    facts,
  })
  return [...paxBlocks(records), header, ...padded(content)]
}

function paxBlocks(records: readonly Buffer[]): Buffer[] {
  if (records.length === 0) return []
  const body = Buffer.concat(records)
  const header = headerBlock({
    type: 'x',
    prefix: Buffer.alloc(0),
    suffix: Buffer.from('pax'),
    link: Buffer.alloc(0),
    size: body.length,
    facts: NO_FACTS,
  })
  return [header, ...padded(body)]
}

/** The record's own length counts in its length. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
  return Buffer.concat([Buffer.from(`${length}`), rest])
}

/** ustar has 100 bytes for a name and 155 for the folders before it, divided at a `/`. */
function splitName(name: Buffer): { readonly prefix: Buffer; readonly suffix: Buffer } | undefined {
  if (name.length <= 100) return { prefix: Buffer.alloc(0), suffix: name }
  if (!name.every(byte => byte < 128)) return undefined
  for (let at = Math.min(155, name.length - 2); at >= name.length - 101 && at > 0; at--) {
    if (name[at] === 0x2f) return { prefix: name.subarray(0, at), suffix: name.subarray(at + 1) }
  }
  return undefined
}

interface HeaderFields {
  readonly type: string
  readonly prefix: Buffer
  readonly suffix: Buffer
  readonly link: Buffer
  readonly size: number
  readonly facts: EntryFacts
}

function headerBlock({ type, prefix, suffix, link, size, facts }: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number, largest: number) =>
    block.write(`${(value >= 0 && value <= largest ? value : 0).toString(8).padStart(digits, '0')}\0`, at, 'latin1')
  suffix.copy(block, 0)
  octal(facts.mode & 0o7777, 100, 7, LARGEST_OCTAL_7)
  octal(facts.uid, 108, 7, LARGEST_OCTAL_7)
  octal(facts.gid, 116, 7, LARGEST_OCTAL_7)
  octal(size, 124, 11, LARGEST_OCTAL_11)
  octal(facts.mtime, 136, 11, LARGEST_OCTAL_11)
  block.fill(' ', 148, 156)
  block.write(type, 156, 'latin1')
  link.copy(block, 157)
  block.write('ustar\u000000', 257, 'latin1')
  octal(0, 329, 7, LARGEST_OCTAL_7)
  octal(0, 337, 7, LARGEST_OCTAL_7)
  prefix.copy(block, 345)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function padded(content: Uint8Array): Buffer[] {
  if (content.length === 0) return []
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const over = content.length % BLOCK
  return over === 0 ? [bytes] : [bytes, Buffer.alloc(BLOCK - over)]
}
