import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Edit, PatchedFile } from '../model/edit.ts'
import { applyEdits } from '../text/edits.ts'
import { checkOutside, unchangedOutside } from './compare.ts'

const editsFor = (text: string) =>
  fc.array(fc.tuple(fc.nat(text.length), fc.nat(text.length), fc.string({ maxLength: 5 })), { maxLength: 5 }).map(rows => {
    const apart: { start: number; end: number; insert: string }[] = []
    for (const [a, b, insert] of rows.sort(([a, b], [c, d]) => Math.min(a, b) - Math.min(c, d))) {
      const edit = { start: Math.min(a, b), end: Math.max(a, b), insert }
      if (edit.start >= (apart.at(-1)?.end ?? 0)) apart.push(edit)
    }
    return apart
  })

const patch = fc.string({ maxLength: 60 }).chain(before => fc.tuple(fc.constant(before), editsFor(before)))

test('what applying the edits gives is unchanged outside them', () => {
  fc.assert(
    fc.property(patch, ([before, edits]) => {
      const removed = edits.reduce((sum, edit) => sum + edit.end - edit.start, 0)
      assert.deepEqual(unchangedOutside(before, applyEdits(before, edits), edits), { unchanged: true, characters: before.length - removed })
    }),
  )
})

test('any other text is told apart', () => {
  fc.assert(
    fc.property(patch, fc.nat(), fc.constantFrom('', 'x', '\u0000'), ([before, edits], place, put) => {
      const right = applyEdits(before, edits)
      const at = place % (right.length + 1)
      const wrong = right.slice(0, at) + put + right.slice(at + 1)
      fc.pre(wrong !== right)
      assert.equal(unchangedOutside(before, wrong, edits).unchanged, false)
    }),
  )
})

test('edits that overlap or lie outside prove nothing', () => {
  const edits = [
    { start: 0, end: 2, insert: 'x' },
    { start: 1, end: 3, insert: '' },
  ]
  assert.deepEqual(unchangedOutside('abc', 'x', edits), { unchanged: false, at: 1 })
  assert.deepEqual(unchangedOutside('abc', 'abc', [{ start: 3, end: 4, insert: '' }]), { unchanged: false, at: 3 })
})

test('a patch passes as a whole or is a fault that names the file', () => {
  const sha = '' as PatchedFile['beforeSha256']
  const file = (path: string, before: string, after: string): PatchedFile => ({ path, before, after, beforeSha256: sha, afterSha256: sha })
  const edits: Edit[] = [{ file: 'a.json', start: 0, end: 1, insert: 'X' }]
  assert.deepEqual(checkOutside([file('a.json', 'a'.repeat(2000), `X${'a'.repeat(1999)}`)], edits), {
    check: 'bytes outside the change',
    result: 'passed',
    detail: '1,999 characters unchanged',
  })
  assert.throws(() => checkOutside([file('a.json', 'ab', 'Xc')], edits), { code: 'verification-failed', message: /a\.json.*character 1/ })
  assert.throws(() => checkOutside([file('b.json', 'ab', 'ab')], edits), { code: 'verification-failed' })
})
