/** Makes .deb archives for tests, without dpkg. Same input, same bytes. Format: deb(5), and ustar with GNU long names for the tars. */
import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { writeAr } from '../archive-file/ar.ts'
import { storeXz } from './store-xz.ts'

export interface DebContent {
  /** Without `./` before it. Parent folders come by themselves. */
  readonly path: string
  readonly content?: string | Uint8Array
  /** Target of a symbolic link. */
  readonly link?: string
  /** Path of another file of this archive. */
  readonly hardLink?: string
  readonly directory?: boolean
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly owner?: string
  readonly group?: string
  readonly mtime?: number
}

export interface DebSpec {
  /** The control stanza, or its fields; what is missing of Version, Architecture, Maintainer and Description is made up. */
  readonly control: string | Readonly<Record<string, string>>
  readonly files?: readonly DebContent[]
  /** `postinst`, `triggers`, `conffiles`, …: further files of the control archive. `md5sums` is made, unless it is here. */
  readonly controlFiles?: Readonly<Record<string, string>>
  readonly compression?: '' | '.gz' | '.xz' | '.zst'
}

/** 2023-01-01. */
const MTIME = 1_672_531_200

export function makeDeb(spec: DebSpec): Buffer {
  const { files = [], compression = '.gz' } = spec
  const sums = files
    .filter(({ content, path }) => content !== undefined && !conffilesOf(spec).includes(`/${path}`))
    .map(({ path, content = '' }) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`)
  const control = { control: `${controlOf(spec)}\n`, md5sums: sums.join(''), ...spec.controlFiles }
  const inside = Object.entries(control).map(([path, content]) => ({
    path,
    content,
    mode: /^(pre|post)(inst|rm)$|^config$/.test(path) ? 0o755 : 0o644,
  }))
  return writeAr([
    { name: 'debian-binary', content: Buffer.from('2.0\n') },
    { name: `control.tar${compression}`, content: pack(makeTar(inside), compression) },
    { name: `data.tar${compression}`, content: pack(makeTar(files), compression) },
  ])
}

function conffilesOf({ controlFiles }: DebSpec): string[] {
  return (controlFiles?.['conffiles'] ?? '').split('\n')
}

/** The control stanza as text, without a line feed at its end. */
export function controlOf({ control }: Pick<DebSpec, 'control'>): string {
  const text =
    typeof control === 'string'
      ? control.trim()
      : Object.entries(control)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n')
  const made = { Version: '1.0-1', Architecture: 'amd64', Maintainer: 'Nobody <nobody@deb.example>', Description: 'made for a test' }
  const missing = Object.entries(made).filter(([name]) => !new RegExp(`^${name}:`, 'mi').test(text))
  return [text, ...missing.map(([name, value]) => `${name}: ${value}`)].join('\n')
}

function pack(bytes: Buffer, compression: NonNullable<DebSpec['compression']>): Buffer {
  if (compression === '.gz') return gzipSync(bytes)
  if (compression === '.zst') return zstdCompressSync(bytes)
  return compression === '.xz' ? storeXz(bytes) : bytes
}

/** A tar with `./` before each path, as dpkg-deb makes them. */
export function makeTar(files: readonly DebContent[]): Buffer {
  const parts: Buffer[] = []
  const seen = new Set<string>()
  const add = (file: DebContent, type: string, target: string, content: Buffer, mode: number): void => {
    const folder = type === '5' ? '/' : ''
    const path = `./${file.path}${file.path === '' ? '' : folder}`
    if (Buffer.byteLength(path) > 100)
      parts.push(...record({ path: '././@LongLink' }, 'L', '', Buffer.from(`${path}\0`), 0, '././@LongLink'))
    if (Buffer.byteLength(target) > 100)
      parts.push(...record({ path: '././@LongLink' }, 'K', '', Buffer.from(`${target}\0`), 0, '././@LongLink'))
    parts.push(...record(file, type, target, content, mode, path))
  }
  const folders = (path: string): void => {
    const parents = path.split('/').slice(0, -1)
    for (let depth = 0; depth <= parents.length; depth++) {
      const folder = parents.slice(0, depth).join('/')
      if (!seen.has(folder)) add({ path: folder }, '5', '', Buffer.alloc(0), 0o755)
      seen.add(folder)
    }
  }
  for (const file of files) {
    folders(file.path)
    if (file.directory === true) seen.add(file.path)
    if (file.directory === true) add(file, '5', '', Buffer.alloc(0), file.mode ?? 0o755)
    else if (file.link !== undefined) add(file, '2', file.link, Buffer.alloc(0), 0o777)
    else if (file.hardLink !== undefined) add(file, '1', `./${file.hardLink}`, Buffer.alloc(0), file.mode ?? 0o644)
    else add(file, '0', '', Buffer.from(file.content ?? ''), file.mode ?? 0o644)
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

function record(file: DebContent, type: string, target: string, content: Buffer, mode: number, path: string): Buffer[] {
  const head = Buffer.alloc(512)
  const octal = (value: number, at: number, length: number): void => {
    head.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  }
  Buffer.from(path).copy(head, 0, 0, 100)
  octal(mode, 100, 8)
  octal(file.uid ?? 0, 108, 8)
  octal(file.gid ?? 0, 116, 8)
  octal(content.length, 124, 12)
  octal(file.mtime ?? MTIME, 136, 12)
  head.write(type, 156)
  Buffer.from(target).copy(head, 157, 0, 100)
  head.write('ustar  \0', 257, 'latin1')
  head.write(file.owner ?? 'root', 265)
  head.write(file.group ?? 'root', 297)
  head.fill(' ', 148, 156)
  head.write(
    `${head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  )
  return [head, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
}
