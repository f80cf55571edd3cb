import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyEdits } from './edits.ts'
import type { MemberChanges } from './json-edits.ts'
import { editMembers, jsonStyle, removeMember, reviseValue, setMember } from './json-edits.ts'
import type { JsonObject, JsonValue } from './json-source.ts'
import { readJsonSource } from './json-source.ts'

function root(text: string): JsonObject {
  const node = readJsonSource(text)
  if (node.kind !== 'object') throw new TypeError('not an object')
  return node
}

function edited(text: string, changes: MemberChanges): string {
  const node = root(text)
  return applyEdits(text, editMembers(text, node, changes, jsonStyle(text, node)))
}

const byKey: MemberChanges['compare'] = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', '__proto__', 'x\n')
const values: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(1, 'text', true, null, [], [1, { a: 2 }]),
  fc.uniqueArray(keys, { maxLength: 3 }).map(names => record(names.map(name => [name, name] as const))),
)

function record(entries: readonly (readonly [string, JsonValue])[]): { [key: string]: JsonValue } {
  const value: { [key: string]: JsonValue } = Object.create(null)
  for (const [key, item] of entries) value[key] = item
  return value
}

const styles = fc.record({
  indent: fc.constantFrom('  ', '    ', '\t', ''),
  newline: fc.constantFrom('\n', '\r\n'),
  end: fc.constantFrom('', '\n'),
})

function printed(value: JsonValue, style: { indent: string; newline: string; end: string }): string {
  return (JSON.stringify(value, null, style.indent) + style.end).replaceAll('\n', style.newline)
}

test('editing text in canonical form gives the canonical form of the edited value, in every style', () => {
  const cases = fc.record({
    before: fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key }),
    after: fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key }),
    style: styles,
  })
  fc.assert(
    fc.property(cases, ({ before, after, style }) => {
      const sorted = (entries: readonly (readonly [string, JsonValue])[]) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
      const first = sortDeep(record(sorted(before)))
      const second = sortDeep(record(sorted(after)))
      // An empty object tells no style.
      if (before.length === 0 && style.indent !== '  ') return
      const text = printed(first, style)
      const node = root(text)
      const habits = before.length === 0 ? { indent: '  ', newline: style.newline, colon: ': ' } : jsonStyle(text, node)
      const edits = reviseValue(text, node, second, habits, byKey)
      assert.equal(applyEdits(text, edits), printed(second, style))
    }),
    { numRuns: 1000 },
  )
})

function sortDeep(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return record(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortDeep(item)] as const),
  )
}

test('members that stay keep every byte, however oddly they are written', () => {
  const text = '{ "keep" :  1 ,\n\n\t"go": 2,\n "odd":{"x" : [ 1,2 ]}   }\n'
  assert.equal(edited(text, { remove: new Set(['go']) }), '{ "keep" :  1,\n "odd":{"x" : [ 1,2 ]}   }\n')
  assert.equal(edited(text, { set: new Map([['go', 3]]) }), text.replace('2,', '3,'))
})

test('equal values are not printed again', () => {
  const text = '{"a": [ 1,   2 ], "b": {"c":1}}'
  const set = new Map<string, JsonValue>([
    ['a', [1, 2]],
    ['b', { c: 1 }],
  ])
  assert.equal(edited(text, { set }), text)
})

test('removing the first, the last and the only member takes one comma each', () => {
  const text = '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n'
  assert.equal(edited(text, { remove: new Set(['a']) }), '{\n  "b": 2,\n  "c": 3\n}\n')
  assert.equal(edited(text, { remove: new Set(['c']) }), '{\n  "a": 1,\n  "b": 2\n}\n')
  assert.equal(edited(text, { remove: new Set(['a', 'b', 'c']) }), '{}\n')
})

test('a new member goes to its sorted place, and in an unsorted object beside its neighbours', () => {
  const insert = new Map([['m', 0]])
  assert.equal(edited('{"a":1,"z":2}', { insert, ...(byKey ? { compare: byKey } : {}) }), '{"a":1,"m":0,"z":2}')
  assert.equal(edited('{"z":1,"a":2,"b":3,"y":4}', { insert, ...(byKey ? { compare: byKey } : {}) }), '{"z":1,"a":2,"b":3,"m":0,"y":4}')
  assert.equal(edited('{"a":2,"y":4,"b":5}', { insert }), '{"a":2,"y":4,"b":5,"m":0}')
})

test('one member can be set and removed', () => {
  const text = '{\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}'
  const node = root(text)
  const style = jsonStyle(text, node)
  const inner = node.get('a')
  assert.ok(inner?.kind === 'object')
  assert.equal(
    applyEdits(text, setMember(text, inner, 'c', [1], style)),
    '{\r\n\t"a": {\r\n\t\t"b": 1,\r\n\t\t"c": [\r\n\t\t\t1\r\n\t\t]\r\n\t}\r\n}',
  )
  assert.equal(applyEdits(text, setMember(text, inner, 'b', 2, style)), text.replace('1', '2'))
  assert.equal(applyEdits(text, removeMember(text, inner, 'b', style)), '{\r\n\t"a": {}\r\n}')
})
