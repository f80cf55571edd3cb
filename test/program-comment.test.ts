import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CLOSING, OPENING, unwrap, wrap } from '../scripts/program-comment.ts'

test('a program travels in a comment and comes out unchanged', () => {
  const part = fc.oneof(fc.constantFrom('*/', '/*', '*', '/', '\x01', '*\x01/', '\n', OPENING, CLOSING), fc.string({ maxLength: 5 }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), parts => {
      const program = parts.join('')
      const carried = wrap(program)
      const body = carried.slice(OPENING.length, -CLOSING.length)
      assert.equal(unwrap(body), program)
      assert.equal(body.includes('*/'), false)
    }),
  )
})
