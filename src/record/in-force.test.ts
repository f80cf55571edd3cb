import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Receipt } from '../model/receipt.ts'
import { digestOf } from './digest-of.ts'
import { firstInForce } from './in-force.ts'

const LOCK = 'package-lock.json'

/** One receipt of the lock, which went from one text to another. */
function receipt(before: string, after: string): { before: string; content: Pick<Receipt, 'files'> } {
  return { before, content: { files: [{ path: LOCK, beforeSha256: digestOf(before), afterSha256: digestOf(after), edits: [] }] } }
}

test('what one act wrote as several changes is taken back from the newest to the oldest', () => {
  const newestFirst = [receipt('two', 'three'), receipt('one', 'two'), receipt('none', 'one')]
  const next = (now: string) => firstInForce(newestFirst, new Map([[LOCK, digestOf(now)]]))?.before
  assert.deepEqual(['three', 'two', 'one', 'none'].map(next), ['two', 'one', 'none', undefined])
})

test('the newest is meant where the file changed since, and where the same change was made again', () => {
  const again = [receipt('old', 'new'), receipt('old', 'new')]
  assert.equal(firstInForce(again, new Map([[LOCK, digestOf('new')]])), again[0])
  assert.equal(firstInForce(again, new Map([[LOCK, digestOf('something else')]])), again[0])
  assert.equal(firstInForce(again, new Map([[LOCK, digestOf('old')]])), undefined)
})

test('a receipt of an image is told apart from those of files', () => {
  const image = { content: { files: [] } }
  assert.equal(firstInForce([image, receipt('old', 'new')], new Map()), image)
})
