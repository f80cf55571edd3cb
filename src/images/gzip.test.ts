import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { gzipped } from './gzip.ts'

const PART = 256 * 1024

test('the gzip that is written says no time and one system, and is the same again', async () => {
  const text = Buffer.from('text '.repeat(1000))
  const member = await gzipped(text)
  assert.equal(member.subarray(0, 10).toString('hex'), '1f8b0800000000000003')
  assert.deepEqual(await gzipped(text), member)
  assert.deepEqual(gunzipSync(member), text)
})

test('content of any length comes out again, at the borders of the parts too', async () => {
  const content = Buffer.concat([randomBytes(PART - 7), Buffer.alloc(PART, 'abcdefg'), randomBytes(PART / 2), Buffer.alloc(20, 1)])
  for (const length of [0, 1, PART - 1, PART, PART + 1, 2 * PART, content.length])
    assert.deepEqual(gunzipSync(await gzipped(content.subarray(0, length))), content.subarray(0, length), `${length} bytes`)
})

test('what repeats across parts is packed as well as in one stream', async () => {
  const block = randomBytes(30 * 1024)
  const content = Buffer.concat(Array.from({ length: 40 }, () => block))
  const [parts, whole] = [await gzipped(content), gzipSync(content, { level: 6 })]
  assert.ok(parts.length < whole.length * 1.02, `${parts.length} bytes, and ${whole.length} in one stream`)
})
