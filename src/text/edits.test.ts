import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TextEdit } from './edits.ts'
import { applyEdits, describeEdits, invertEdits } from './edits.ts'

const textAndEdits = fc.string({ maxLength: 60 }).chain(text =>
  fc
    .uniqueArray(fc.tuple(fc.nat({ max: text.length }), fc.string({ maxLength: 8 }), fc.boolean()), {
      maxLength: 8,
      selector: ([at]) => at,
    })
    .map((cuts): { text: string; edits: TextEdit[] } => {
      const sorted = cuts.sort(([a], [b]) => a - b)
      const edits = sorted.flatMap(([start, insert, inserts], index): TextEdit[] => {
        if (index % 2 === 1) return []
        return [{ start, end: inserts ? start : (sorted[index + 1]?.[0] ?? start), insert }]
      })
      return { text, edits }
    }),
)

test('no edits change nothing', () => {
  fc.assert(fc.property(fc.string(), text => applyEdits(text, []) === text))
})

test('text outside the edits survives, in order', () => {
  fc.assert(
    fc.property(textAndEdits, ({ text, edits }) => {
      const after = applyEdits(text, [...edits].reverse())
      const described = describeEdits(text, edits)
      let before = 0
      let now = 0
      for (const edit of described) {
        assert.equal(after.slice(now, edit.startAfter), text.slice(before, edit.start))
        assert.equal(after.slice(edit.startAfter, edit.startAfter + edit.inserted.length), edit.inserted)
        before = edit.start + edit.removed.length
        now = edit.startAfter + edit.inserted.length
      }
      assert.equal(after.slice(now), text.slice(before))
    }),
  )
})

test('inverted edits give the text back', () => {
  fc.assert(fc.property(textAndEdits, ({ text, edits }) => applyEdits(applyEdits(text, edits), invertEdits(text, edits)) === text))
})

test('overlapping edits and places outside the text are refused', () => {
  const overlap = [
    { start: 0, end: 3, insert: 'x' },
    { start: 2, end: 4, insert: 'y' },
  ]
  assert.throws(() => applyEdits('abcdef', overlap), { code: 'internal' })
  assert.throws(() => applyEdits('abc', [{ start: 2, end: 9, insert: '' }]), { code: 'internal' })
  assert.throws(() => applyEdits('abc', [{ start: 2, end: 1, insert: '' }]), { code: 'internal' })
  assert.throws(() => applyEdits('abc', [{ start: Number.NaN, end: 1, insert: '' }]), { code: 'internal' })
})

test('edits that touch without overlapping are all made', () => {
  const edits = [
    { start: 1, end: 1, insert: 'x' },
    { start: 1, end: 2, insert: 'y' },
    { start: 2, end: 2, insert: 'z' },
  ]
  assert.equal(applyEdits('abc', edits), 'axyzc')
})
