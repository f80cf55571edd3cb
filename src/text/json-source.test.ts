import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../model/faults.ts'
import type { JsonNode, JsonObject } from './json-source.ts'
import { readJsonSource, toValue } from './json-source.ts'

function object(text: string): JsonObject {
  const node = readJsonSource(text)
  assert.ok(node.kind === 'object')
  return node
}

function eachNode(node: JsonNode, visit: (node: JsonNode) => void): void {
  visit(node)
  if (node.kind === 'array') for (const item of node.items) eachNode(item, visit)
  if (node.kind === 'object') for (const member of node.members) eachNode(member.value, visit)
}

test('a document reads to the same value as JSON.parse gives', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 2, '\t'), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      assert.equal(JSON.stringify(toValue(readJsonSource(text))), JSON.stringify(JSON.parse(text)))
    }),
  )
})

test('every node’s slice of the text is the node’s own JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), json => {
      const text = JSON.stringify(JSON.parse(json), null, 2)
      eachNode(readJsonSource(text), node => {
        assert.deepEqual(toValue(readJsonSource(text.slice(node.start, node.end))), toValue(node))
      })
    }),
  )
})

test('text that JSON.parse refuses is refused, and text that it takes is taken', () => {
  const tokens = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"\\u00e4"',
    '"\\x"',
    '1',
    '-',
    '01',
    '1.5e3',
    '.5',
    'true',
    'nul',
    ' ',
    '\n',
    '\u00a0',
  )
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 9 }), parts => {
      const text = parts.join('')
      let expected: string | undefined
      try {
        expected = JSON.stringify(JSON.parse(text))
      } catch {
        assert.throws(() => readJsonSource(text), Fault)
        return
      }
      assert.equal(JSON.stringify(toValue(readJsonSource(text))), expected)
    }),
    { numRuns: 2000 },
  )
})

test('members keep their order and positions', () => {
  const text = '{\r\n\t"b" : 1,\r\n\t"a\\n": [true]\r\n}'
  const node = object(text)
  assert.deepEqual(
    node.members.map(member => [member.key, text.slice(member.keyStart, member.keyEnd), text.slice(member.value.start, member.value.end)]),
    [
      ['b', '"b"', '1'],
      ['a\n', '"a\\n"', '[true]'],
    ],
  )
  assert.equal(text.slice(node.start, node.end), text)
})

test('the last of two equal keys counts, and both are reported', () => {
  const node = object('{"a":1,"b":2,"a":3}')
  assert.deepEqual(node.duplicates, ['a'])
  assert.equal(toValue(node.get('a') ?? node), 3)
  assert.deepEqual(object('{"a":1}').duplicates, [])
})

test('prototype keys are keys like any other', () => {
  const node = object('{"__proto__":{"polluted":true},"constructor":1}')
  const value = toValue(node)
  assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor'])
  assert.equal(node.get('toString'), undefined)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('a byte order mark is skipped and stays in the text', () => {
  assert.equal(readJsonSource('\ufeff{"a":1}').start, 1)
})

test('a fault names line and column', () => {
  assert.throws(() => readJsonSource('{\n  "a": 1\n  "b": 2\n}', { file: 'package-lock.json' }), {
    code: 'json-invalid',
    message: 'package-lock.json is not valid JSON: a comma or a closing brace is expected at 3:3.',
  })
})

test('deep nesting and too many values end in a coded fault', () => {
  assert.throws(() => readJsonSource('['.repeat(1_000_000)), { code: 'json-too-deep' })
  assert.throws(() => readJsonSource(`${'{"a":'.repeat(201)}1${'}'.repeat(201)}`), { code: 'json-too-deep' })
  assert.equal(readJsonSource(`${'['.repeat(200)}${']'.repeat(200)}`).kind, 'array')
  assert.throws(() => readJsonSource('[1,2,3]', { maxNodes: 3 }), { code: 'file-too-large' })
})
