import { crc32, deflateRawSync } from 'node:zlib'

/** A zip archive of the given files, with 64-bit sizes and ends when asked. */
export function writeZip(
  files: Readonly<Record<string, string | Buffer>>,
  options: { readonly zip64?: boolean; readonly stored?: boolean } = {},
): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text)
    const packed = options.stored === true ? content : deflateRawSync(content)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(options.stored === true ? 0 : 8, 4)
    head.writeUInt32LE(crc32(content), 10)
    head.writeUInt32LE(packed.length, 14)
    head.writeUInt32LE(content.length, 18)
    head.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), head, Buffer.from(name), packed])
    locals.push(local)
    centrals.push(central(name, head, offset, options.zip64 === true))
    offset += local.length
  }
  const directory = Buffer.concat(centrals)
  return Buffer.concat([...locals, directory, end(centrals.length, directory.length, offset, options.zip64 === true)])
}

function central(name: string, local: Buffer, offset: number, wide: boolean): Buffer {
  const head = Buffer.alloc(42)
  head.writeUInt16LE(20, 0)
  local.copy(head, 2)
  const extra = wide ? Buffer.alloc(28) : Buffer.alloc(0)
  if (wide) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(24, 2)
    extra.writeBigUInt64LE(BigInt(head.readUInt32LE(20)), 4)
    extra.writeBigUInt64LE(BigInt(head.readUInt32LE(16)), 12)
    extra.writeBigUInt64LE(BigInt(offset), 20)
    head.fill(0xff, 16, 24)
  }
  head.writeUInt16LE(extra.length, 26)
  head.writeUInt32LE(wide ? 0xffffffff : offset, 38)
  return Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), head, Buffer.from(name), extra])
}

function end(entries: number, length: number, start: number, wide: boolean): Buffer {
  const last = Buffer.alloc(22)
  last.write('PK\x05\x06', 'latin1')
  last.writeUInt16LE(wide ? 0xffff : entries, 8)
  last.writeUInt16LE(wide ? 0xffff : entries, 10)
  last.writeUInt32LE(wide ? 0xffffffff : length, 12)
  last.writeUInt32LE(wide ? 0xffffffff : start, 16)
  if (!wide) return last
  const [record, locator] = [Buffer.alloc(56), Buffer.alloc(20)]
  record.write('PK\x06\x06', 'latin1')
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(entries), 24)
  record.writeBigUInt64LE(BigInt(entries), 32)
  record.writeBigUInt64LE(BigInt(length), 40)
  record.writeBigUInt64LE(BigInt(start), 48)
  locator.write('PK\x06\x07', 'latin1')
  locator.writeBigUInt64LE(BigInt(start + length), 8)
  return Buffer.concat([record, locator, last])
}
