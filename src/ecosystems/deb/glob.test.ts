import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { glob } from './glob.ts'

const rows: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
  ['', [''], ['a']],
  ['abc', ['abc'], ['', 'ab', 'abcd', 'xabc']],
  ['*', ['', 'a', '/usr/share'], []],
  ['/usr/share/doc/*', ['/usr/share/doc/', '/usr/share/doc/a/b'], ['/usr/share/do', '/usr/share/doc']],
  ['*.so.*', ['libc.so.6', 'a.so.b.so.c'], ['libc.so', 'so.6']],
  ['a?c', ['abc', 'a/c', 'aüc', 'a😀c'], ['ac', 'abbc']],
  ['[a-c]x', ['ax', 'cx'], ['dx', '-x', 'x']],
  ['[!a-c]x', ['dx', '-x'], ['ax', 'x']],
  ['[^a]', ['b'], ['a']],
  ['[]a]', [']', 'a'], ['b']],
  ['[z-a]*', [], ['z', 'a', 'm']],
  ['[a-]', ['a', '-'], ['b']],
  ['[ab', ['[ab'], ['a']],
  ['a.c', ['a.c'], ['abc']],
  ['(x|y)+$', ['(x|y)+$'], ['x']],
  ['**a**', ['a', 'bab'], ['b']],
]

test('patterns match as a shell has them', () => {
  for (const [pattern, yes, no] of rows) {
    for (const text of yes) assert.equal(glob(pattern)(text), true, `${pattern} against ${text}`)
    for (const text of no) assert.equal(glob(pattern)(text), false, `${pattern} against ${text}`)
  }
})

test('a backslash is an ordinary character, or makes the next one so', () => {
  assert.equal(glob('\\*', { escapes: true })('*'), true)
  assert.equal(glob('\\*', { escapes: true })('\\a'), false)
  assert.equal(glob('\\*')('\\a'), true)
  assert.equal(glob('a\\', { escapes: true })('a\\'), true)
})

test('patterns of stars, marks and letters agree with the regular expression that says the same', () => {
  const letters = (all: string) => fc.array(fc.constantFrom(...all), { maxLength: 8 }).map(some => some.join(''))
  fc.assert(
    fc.property(letters('ab*?'), letters('abc'), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      assert.equal(glob(pattern)(text), expression.test(text))
    }),
  )
})

test('a pattern made to be slow is not', () => {
  assert.equal(glob(`${'*[a-z]'.repeat(300)}*!`)('a'.repeat(4000)), false)
})
