/** Tar archives for tests, right or wrong on purpose: every field can be said as it is. */

export interface TarItem {
  readonly path: string | Buffer
  /** Default `file`; a single character is taken as the type flag itself. */
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | string
  readonly content?: string | Uint8Array
  readonly target?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly xattrs?: Readonly<Record<string, string>>
  /** PAX records before the entry, besides those that are needed. */
  readonly pax?: Readonly<Record<string, string | Buffer>>
  /** The bytes of a header field, by its offset, before the checksum is made. */
  readonly raw?: Readonly<Record<number, string | Buffer>>
  /** The size that the header says, where it is not the content's. */
  readonly size?: number
  readonly magic?: 'ustar' | 'gnu' | 'old'
}

const FLAGS: Readonly<Record<string, string>> = { file: '0', hardlink: '1', symlink: '2', directory: '5' }
export const END = Buffer.alloc(1024)

/** The archive with its end mark. */
export function makeTar(items: readonly TarItem[]): Buffer {
  return Buffer.concat([...items.map(tarItem), END])
}

/** One entry with its records and content, without an end mark. */
export function tarItem(item: TarItem): Buffer {
  const name = Buffer.isBuffer(item.path) ? item.path : Buffer.from(item.path)
  const content = item.content === undefined ? Buffer.alloc(0) : Buffer.from(item.content)
  const records = Object.entries(item.pax ?? {})
  if (name.length > 100) records.push(['path', name])
  if ((item.target ?? '').length > 100) records.push(['linkpath', item.target ?? ''])
  for (const [key, value] of Object.entries(item.xattrs ?? {})) records.push([`SCHILY.xattr.${key}`, Buffer.from(value, 'latin1')])
  const flag = FLAGS[item.type ?? 'file'] ?? item.type ?? '0'
  const header = tarHeader({ ...item, type: flag, path: name.subarray(0, 100), size: item.size ?? content.length })
  const before = records.length === 0 ? [] : [paxItem('x', records)]
  return Buffer.concat([...before, header, content, padding(content.length)])
}

/** Records for one entry (`x`) or for all that follow (`g`). */
export function paxItem(type: 'x' | 'g', records: readonly (readonly [string, string | Buffer])[]): Buffer {
  return recordsItem(type, Buffer.concat(records.map(([key, value]) => paxRecord(key, value))))
}

/** A body before an entry as it is: PAX records, or a long name (`L`) or link target (`K`) of GNU's. */
export function recordsItem(type: 'x' | 'g' | 'L' | 'K', body: Buffer): Buffer {
  return Buffer.concat([tarHeader({ path: 'records', type, size: body.length }), body, padding(body.length)])
}

export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = rest.length + 1
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
  return Buffer.concat([Buffer.from(`${length}`), rest])
}

export function tarHeader({ path, type = '0', size = 0, target = '', mode, uid, gid, mtime, raw = {}, magic = 'ustar' }: TarItem): Buffer {
  const block = Buffer.alloc(512)
  const field = (at: number, bytes: string | Buffer) => Buffer.from(bytes).copy(block, at)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  field(0, Buffer.from(path).subarray(0, 100))
  field(100, octal(mode ?? (type === '5' ? 0o755 : 0o644), 7))
  field(108, octal(uid ?? 0, 7))
  field(116, octal(gid ?? 0, 7))
  field(124, octal(size, 11))
  field(136, octal(mtime ?? 0, 11))
  field(156, type)
  field(157, Buffer.from(target).subarray(0, 100))
  if (magic !== 'old') field(257, magic === 'gnu' ? 'ustar  \0' : 'ustar\x0000')
  for (const [at, bytes] of Object.entries(raw)) field(Number(at), bytes)
  if (raw[148] === undefined) {
    block.fill(' ', 148, 156)
    field(
      148,
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    )
  }
  return block
}

function padding(length: number): Buffer {
  return Buffer.alloc((512 - (length % 512)) % 512)
}
