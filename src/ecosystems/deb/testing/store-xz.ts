/** An .xz file that stores its content as it is, for tests: LZMA2 has chunks that are not compressed. Format: the .xz file format, 1.2.1. */
import { crc32 } from 'node:zlib'

const CHUNK = 65_536

export function storeXz(content: Uint8Array): Buffer {
  const flags = Buffer.from([0x00, 0x01])
  const header = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), flags, uint32(crc32(flags))])
  // One filter, LZMA2 (0x21), one byte of properties: a dictionary of 64 KiB.
  const blockHead = Buffer.from([0x02, 0x00, 0x21, 0x01, 0x08, 0x00, 0x00, 0x00])
  const chunks: Buffer[] = []
  for (let at = 0; at < content.length; at += CHUNK) {
    const part = content.subarray(at, at + CHUNK)
    const size = part.length - 1
    chunks.push(Buffer.from([at === 0 ? 0x01 : 0x02, size >> 8, size & 0xff]), Buffer.from(part))
  }
  const block = Buffer.concat([blockHead, uint32(crc32(blockHead)), ...chunks, Buffer.from([0x00])])
  const check = uint32(crc32(content))
  const list = padded(Buffer.concat([Buffer.from([0x00, 0x01]), variable(block.length + check.length), variable(content.length)]))
  const index = Buffer.concat([list, uint32(crc32(list))])
  const tail = Buffer.concat([uint32(index.length / 4 - 1), flags])
  return Buffer.concat([header, padded(block), check, index, uint32(crc32(tail)), tail, Buffer.from('YZ')])
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function variable(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}
