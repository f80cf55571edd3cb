import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { topLevelTexts } from './top-level-texts.ts'

const read = (text: string) => topLevelTexts(Buffer.from(text), ['name', 'version'])

test('where it answers, it says what JSON.parse says', () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('a', '1.0.0', '"', '\\', '}', '{"name":"x"}', 'é'))
  const key = fc.constantFrom('name', 'version', 'other', 'na"me', 'n\u0061me', '__proto__', 'nam')
  const pairs = fc.array(fc.tuple(key, value), { maxLength: 6 })
  let answered = 0
  fc.assert(
    fc.property(pairs, fc.constantFrom('', ' ', '\n\t'), (entries, blank) => {
      const text = `{${entries.map(([name, each]) => `${blank}${JSON.stringify(name)}${blank}:${blank}${JSON.stringify(each, null, blank)}`).join(',')}${blank}}${blank}`
      const found = read(text)
      if (found === undefined) return
      answered++
      const parsed: unknown = JSON.parse(text)
      const wanted = Object.entries(parsed ?? {}).filter(([name]) => name === 'name' || name === 'version')
      assert.deepEqual([...found].toSorted(), wanted.toSorted())
    }),
    { numRuns: 2000 },
  )
  assert.ok(answered > 200, String(answered))
})

test('the last of two keys counts, those of inner objects do not', () => {
  const text = '{"name":"a","x":{"name":"b","y":["name",{"version":"c"}]},"version":"1","name" : "d"}'
  assert.deepEqual(Object.fromEntries(read(text) ?? []), { name: 'd', version: '1' })
})

test('what is not plain is left to JSON.parse', () => {
  for (const text of [
    '',
    '[]',
    '"name"',
    '{"name":"a"',
    '{"name":1}',
    '{"name":"\\u0061"}',
    '{"\\u006eame":"a"}',
    '{"name":"a"} x',
    '{"name":"a}',
  ])
    assert.equal(read(text), undefined, text)
})
