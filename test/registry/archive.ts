import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

const BLOCK = 512

/** The smallest archive npm unpacks: each file under `package/`, in ustar form. The same files give the same bytes. */
export function makeArchive(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const blocks: Buffer[] = []
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    blocks.push(header(`package/${path}`, bytes.length), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK))
  }
  blocks.push(Buffer.alloc(2 * BLOCK))
  return gzipSync(Buffer.concat(blocks), { level: 1 })
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`
}

export function shasumOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}

/** POSIX.1-1988 ustar; a long path is cut at a slash into prefix and name. */
function header(path: string, size: number): Buffer {
  const cut = path.length > 100 ? path.indexOf('/', path.length - 101) : -1
  const block = Buffer.alloc(BLOCK)
  block.write(path.slice(cut + 1), 0, 100)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write(`${'0'.repeat(11)}\0`, 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\0', 257)
  block.write('00', 263)
  if (cut > 0) block.write(path.slice(0, cut), 345, 155)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
