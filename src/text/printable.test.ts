import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { printable } from './printable.ts'

test('control sequences go whole, line ends become line feeds, tabs stay', () => {
  assert.equal(printable('\u001b[31mred\u001b[0m\r\n\tand\rmore\u001b]0;title\u0007\u009b2J'), 'red\n\tand\nmore')
})

test('nothing that is left moves a cursor or reorders text', () => {
  const unit = fc.constantFrom('\u001b', '[', ']', 'm', '0', '\u009b', '\u0007', '\u202e', '\u200b', '\r', '\n', '\t', 'a', '界')
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), text => assert.doesNotMatch(printable(text), /[^\P{Cc}\n\t]|\p{Cf}|[\u2028\u2029]/u)),
  )
})
