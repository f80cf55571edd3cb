import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeControl, fieldValue, type Invalid, readStanza, readStanzas, stanzaSpans } from './control.ts'

const invalid: Invalid = what => Object.assign(new Error(what), { code: 'internal', hint: '', exit: 3 } as const)
const read = (text: string, options = {}) => [...readStanzas(text, invalid, options)]

test('stanzas are told apart by empty lines, whatever white space these hold, and keep their places', () => {
  const text = '\n\nPackage: a\nVersion: 1\n \n\t\nPackage: b\nDescription: short\n long\n .\n more\n\n\n'
  const [a, b, ...rest] = read(text)
  assert.ok(a && b)
  assert.deepEqual(rest, [])
  assert.equal(text.slice(a.start, a.end), 'Package: a\nVersion: 1')
  assert.equal(fieldValue(b, 'description'), 'short\nlong\n.\nmore')
  const field = b.fields.get('description')
  assert.equal(text.slice(field?.start, field?.end), 'Description: short\n long\n .\n more')
})

test('the last stanza needs no line feed', () => {
  for (const text of ['A: 1', 'A: 1\n', 'A: 1\n\n'])
    assert.deepEqual([...stanzaSpans(text, invalid)], [{ start: 0, end: 4 }], JSON.stringify(text))
  assert.deepEqual(read(''), [])
  assert.deepEqual(read('\n \n'), [])
})

test('names are found whatever their case, and JavaScript’s own are fields like others', () => {
  const [stanza] = read('PACKAGE:a\n__proto__: x\nconstructor: y\n')
  assert.ok(stanza)
  assert.deepEqual(
    ['Package', '__proto__', 'constructor', 'toString'].map(name => fieldValue(stanza, name)),
    ['a', 'x', 'y', undefined],
  )
})

test('what is no stanza is refused: fields twice, lines without a name, a start in the middle', () => {
  for (const text of ['A: 1\na: 2', 'no colon', ' continuation', ': x', '-A: 1', '#A: 1', 'A B: 1', 'A: 1\nB']) {
    assert.throws(() => read(text), Error, JSON.stringify(text))
  }
})

test('comments are passed over where they are allowed, between and inside of fields', () => {
  const [stanza] = read('# about\nURIs: a\n# more\n b\n#\n', { comments: true })
  assert.equal(stanza && fieldValue(stanza, 'URIs'), 'a\nb')
})

test('too many fields and too long stanzas are refused', () => {
  const many = Array.from({ length: 501 }, (_, i) => `F${i}: x`).join('\n')
  assert.throws(() => read(many), /500 fields/)
  assert.throws(() => read(`A: ${'x'.repeat(5 * 1024 * 1024)}`), /stanza of more than/)
})

test('bytes that are no UTF-8 come back as they were', () => {
  for (const bytes of [Buffer.from('Maintainer: J\xf6rg\n', 'latin1'), Buffer.from('Maintainer: Jörg\n'), Buffer.from('\ufeffA: 1')]) {
    const { text, encoding } = decodeControl(bytes)
    assert.deepEqual(Buffer.from(text, encoding), bytes)
  }
})

test('every field of any stanzas is read back, and text between positions is the text', () => {
  const name = fc.stringMatching(/^[A-Z][a-z]{0,5}$/)
  const value = fc.array(
    fc.stringMatching(/^[a-zé(),.=~ ]{0,12}$/).map(line => line.trim() || '.'),
    { minLength: 1, maxLength: 3 },
  )
  const stanza = fc.uniqueArray(fc.tuple(name, value), { minLength: 1, maxLength: 5, selector: ([key]) => key.toLowerCase() })
  fc.assert(
    fc.property(fc.array(stanza, { maxLength: 4 }), fc.constantFrom('\n', '\n\n', '\n \n'), (stanzas, gap) => {
      const texts = stanzas.map(fields => fields.map(([key, lines]) => `${key}: ${lines.join('\n ')}\n`).join(''))
      const text = texts.join(gap)
      const found = read(text)
      assert.equal(found.length, stanzas.length)
      found.forEach((item, i) => {
        assert.equal(`${text.slice(item.start, item.end)}\n`, texts[i])
        assert.deepEqual(
          [...item.fields.values()].map(({ name, value }) => [name, value]),
          stanzas[i]?.map(([key, lines]) => [key, lines.join('\n')]),
        )
        assert.deepEqual(
          readStanza(text.slice(item.start, item.end), { start: 0, end: item.end - item.start }, invalid).fields.size,
          item.fields.size,
        )
      })
    }),
  )
})
