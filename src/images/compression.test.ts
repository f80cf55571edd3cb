import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { Fault, type FaultCode } from '../model/faults.ts'
import { type DecompressionLimits, decompressed, detectCompression } from './compression.ts'
import { makeTar } from './testing/make-tar.ts'

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function whole(bytes: Buffer, size = 1 << 16, limits?: DecompressionLimits): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of decompressed(pieces(bytes, size), 'The layer', limits)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

const isFault = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
const emptySkippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])
const text = Buffer.from('a layer '.repeat(5000))
const checksummed = zstdCompressSync(text, { params: { 201: 1 } })

const readable: readonly (readonly [name: string, stored: Buffer, expected: Buffer])[] = [
  ['gzip', gzipSync(text), text],
  ['gzip of several members', Buffer.concat([gzipSync('one'), gzipSync(''), gzipSync('two')]), Buffer.from('onetwo')],
  ['zstd', zstdCompressSync(text), text],
  ['zstd with a checksum', checksummed, text],
  [
    'zstd of several frames',
    Buffer.concat([zstdCompressSync('one'), checksummed, zstdCompressSync('')]),
    Buffer.concat([Buffer.from('one'), text]),
  ],
  [
    'zstd with skippable frames around',
    Buffer.concat([skippable, zstdCompressSync('a'), emptySkippable, zstdCompressSync('b'), skippable]),
    Buffer.from('ab'),
  ],
  ['zstd of one repeated byte', zstdCompressSync(Buffer.alloc(1 << 20)), Buffer.alloc(1 << 20)],
  ['no compression', makeTar([{ path: 'a', content: text }]), makeTar([{ path: 'a', content: text }])],
  ['nothing at all', Buffer.alloc(0), Buffer.alloc(0)],
  ['a tar whose first name begins as bzip2 does', makeTar([{ path: 'BZh9' }]), makeTar([{ path: 'BZh9' }])],
]

for (const [name, stored, expected] of readable) {
  test(`decompression reads ${name}`, async () => {
    assert.deepEqual(await whole(stored), expected)
    assert.deepEqual(await whole(stored, 1), expected)
  })
}

const bomb = gzipSync(Buffer.alloc(4 << 20))
const wrongHeader = Buffer.from(gzipSync('x')).fill(9, 2, 3)
const wrongSum = Buffer.from(gzipSync(text))
wrongSum.writeUInt32LE(1, wrongSum.length - 8)
const refused: readonly (readonly [name: string, stored: Buffer, code: FaultCode, limits?: DecompressionLimits])[] = [
  ['gzip that ends early', gzipSync(text).subarray(0, -20), 'layer-invalid'],
  ['a second gzip member that ends early', Buffer.concat([gzipSync('one'), gzipSync('two').subarray(0, 12)]), 'layer-invalid'],
  ['gzip of another method', wrongHeader, 'layer-invalid'],
  ['gzip with a wrong checksum', wrongSum, 'layer-invalid'],
  ['deflate that is rubbish', Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(50, 0xff), deflateRawSync('x')]), 'layer-invalid'],
  ['zstd that ends early', zstdCompressSync(text).subarray(0, -3), 'layer-invalid'],
  ['zstd that ends in its mark', Buffer.concat([zstdCompressSync('a'), Buffer.from([0x28, 0xb5])]), 'layer-invalid'],
  ['zstd followed by something else', Buffer.concat([zstdCompressSync('a'), Buffer.from('else')]), 'layer-invalid'],
  ['a zstd block of no kind', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 0x07, 0, 0]), 'layer-invalid'],
  [
    'zstd with a wrong checksum',
    Buffer.concat([checksummed.subarray(0, -1), Buffer.from([(checksummed.at(-1) ?? 0) ^ 1])]),
    'layer-invalid',
  ],
  ['a skippable frame that ends early', skippable.subarray(0, -1), 'layer-invalid'],
  ['a zstd window larger than memory allows', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0, 0]), 'layer-invalid'],
  ['xz', Buffer.from('fd377a585a000004', 'hex'), 'compression-unsupported'],
  ['bzip2', Buffer.from('BZh91AY&SY'), 'compression-unsupported'],
  ['lz4', Buffer.from('04224d18644000', 'hex'), 'compression-unsupported'],
  ['what grows beyond the bound', bomb, 'layer-too-large', { total: 1 << 20, ratios: [{ most: 1e6, beyond: 0 }] }],
  ['what grows too much for its size', bomb, 'layer-too-large', { total: 1e12, ratios: [{ most: 500, beyond: 1 << 20 }] }],
  ['a zstd bomb', zstdCompressSync(Buffer.alloc(8 << 20)), 'layer-too-large', { total: 1e12, ratios: [{ most: 1100, beyond: 1 << 20 }] }],
  [
    'plain bytes beyond the bound',
    makeTar([{ path: 'a', content: text }]),
    'layer-too-large',
    { total: 1000, ratios: [{ most: 10, beyond: 0 }] },
  ],
]

for (const [name, stored, code, limits] of refused) {
  test(`decompression refuses ${name}`, async () => {
    await assert.rejects(whole(stored, 1 << 16, limits), isFault(code))
    await assert.rejects(whole(stored, 5, limits), isFault(code))
  })
}

test('a fault of the source comes through, and a source that is not read to its end is told', async () => {
  let returned = 0
  async function* failing(fail: boolean): AsyncGenerator<Buffer> {
    try {
      yield gzipSync(Buffer.alloc(8 << 20, 'abc')).subarray(0, 2000)
      if (fail) throw new Fault('image-digest-mismatch', 'wrong')
      for (;;) yield Buffer.alloc(10)
    } finally {
      returned++
    }
  }
  await assert.rejects(async () => {
    for await (const part of decompressed(failing(true), 'The layer')) assert.ok(part)
  }, isFault('image-digest-mismatch'))
  for await (const part of decompressed(failing(false), 'The layer')) {
    assert.ok(part)
    break
  }
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(returned, 2)
})

test('zstd frames are found wherever the stream is cut', async () => {
  const frame = fc.oneof(
    fc.constant({ plain: Buffer.alloc(0), stored: skippable }),
    fc.uint8Array({ maxLength: 300 }).map(bytes => ({ plain: Buffer.from(bytes), stored: zstdCompressSync(bytes) })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), async (frames, size) => {
      const stored = Buffer.concat([...frames.map(each => each.stored), zstdCompressSync('end')])
      const plain = Buffer.concat([...frames.map(each => each.plain), Buffer.from('end')])
      assert.deepEqual(await whole(stored, size), plain)
    }),
    { numRuns: 30 },
  )
  assert.equal(detectCompression(skippable), 'zstd')
})
