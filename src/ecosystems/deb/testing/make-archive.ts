/** Archives part by part for tests of their reading: unlike `make-deb.ts`, every part can be given wrongly on purpose. */
import { gzipSync } from 'node:zlib'

export interface TarItem {
  readonly path: string
  /** `0` file (the default), `1` hard link, `2` symbolic link, `5` folder, or any other type flag. */
  readonly type?: string
  readonly content?: string | Uint8Array
  readonly target?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly userName?: string
  readonly groupName?: string
  readonly mtime?: number
  /** Said instead of the content's length. */
  readonly size?: number
}

const MADE_AT = 1_600_000_000

/** A tar archive in the ustar form, names longer than 100 bytes as GNU's `L`. */
export function makeTar(items: readonly TarItem[]): Buffer {
  const blocks = items.flatMap(item => {
    const long = Buffer.byteLength(item.path) > 100
    const name = long ? entry({ path: '././@LongLink', type: 'L', content: `${item.path}\0` }) : []
    return [...name, ...entry({ ...item, path: item.path.slice(0, 100) })]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

function entry(item: TarItem): Buffer[] {
  const {
    path,
    type = '0',
    content = '',
    target = '',
    mode,
    uid = 0,
    gid = 0,
    userName = 'root',
    groupName = 'root',
    mtime = MADE_AT,
    size,
  } = item
  const bytes = Buffer.from(content)
  const header = Buffer.alloc(512)
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  header.write(path, 0, 100, 'utf8')
  octal(mode ?? (type === '5' ? 0o755 : type === '2' ? 0o777 : 0o644), 100, 8)
  octal(uid, 108, 8)
  octal(gid, 116, 8)
  octal(size ?? bytes.length, 124, 12)
  octal(mtime, 136, 12)
  header.write(' '.repeat(8), 148, 'latin1')
  header.write(type, 156, 'latin1')
  header.write(target, 157, 100, 'utf8')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(userName, 265, 32, 'utf8')
  header.write(groupName, 297, 32, 'utf8')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
}

/** An ar archive of members by name. */
export function makeAr(members: readonly (readonly [string, Uint8Array | string])[]): Buffer {
  const parts = members.flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    const numbers = `${String(MADE_AT).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}`
    return [Buffer.from(`${name.padEnd(16)}${numbers}\`\n`, 'latin1'), bytes, Buffer.from(bytes.length % 2 === 1 ? '\n' : '')]
  })
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}

export interface ArchiveParts {
  /** Fields of the control file beside Package, Version and Architecture, or instead of them. */
  readonly fields?: Readonly<Record<string, string>>
  /** Other control files by name; scripts are executable. */
  readonly control?: Readonly<Record<string, string>>
  /** What it installs; parent folders come by themselves. */
  readonly files?: readonly TarItem[]
}

export function controlText(name: string, version: string, architecture: string, fields: Readonly<Record<string, string>> = {}): string {
  const all = {
    Package: name,
    Version: version,
    Architecture: architecture,
    Maintainer: 'Somebody <somebody@deb.example>',
    ...fields,
    Description: 'made for a test',
  }
  return `${Object.entries(all)
    .map(([field, value]) => `${field}: ${value}`)
    .join('\n')}\n`
}

export function makeArchive(
  name: string,
  version: string,
  architecture: string,
  { fields, control = {}, files = [] }: ArchiveParts = {},
): Buffer {
  const scripts = Object.entries(control).map(([file, content]) => ({
    path: `./${file}`,
    content,
    mode: /^(pre|post)(inst|rm)$/.test(file) ? 0o755 : 0o644,
  }))
  const stanza = { path: './control', content: controlText(name, version, architecture, fields) }
  return makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar.gz', gzipSync(makeTar([{ path: './', type: '5' }, stanza, ...scripts]))],
    ['data.tar.gz', gzipSync(makeTar(withParents(files)))],
  ])
}

function withParents(files: readonly TarItem[]): TarItem[] {
  const seen = new Set(files.map(({ path }) => path.replace(/\/$/, '')))
  const items: TarItem[] = [{ path: './', type: '5' }]
  for (const file of files) {
    const parts = file.path.replace(/^\.\//, '').replace(/\/$/, '').split('/')
    parts.slice(0, -1).forEach((_, index) => {
      const folder = `./${parts.slice(0, index + 1).join('/')}`
      if (seen.has(folder)) return
      seen.add(folder)
      items.push({ path: `${folder}/`, type: '5' })
    })
    items.push(file)
  }
  return items
}
