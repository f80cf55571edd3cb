import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../model/faults.ts'
import type { Receipt } from '../model/receipt.ts'
import type { TextEdit } from '../text/edits.ts'
import { applyEdits } from '../text/edits.ts'
import { editMembers, jsonStyle } from '../text/json-edits.ts'
import type { JsonValue } from '../text/json-source.ts'
import { readJsonSource } from '../text/json-source.ts'
import { digestOf } from './digest-of.ts'
import { makeReceipt } from './receipt.ts'
import { undo } from './undo.ts'

const FILE = 'package-lock.json'

function receiptFor(before: string, edits: readonly TextEdit[]): Receipt {
  const after = applyEdits(before, edits)
  return makeReceipt({
    toolVersion: '0.1.0',
    now: () => new Date(0),
    target: '.',
    files: [{ path: FILE, before, after, beforeSha256: digestOf(before), afterSha256: digestOf(after) }],
    edits: edits.map(edit => ({ file: FILE, ...edit })),
    changes: [],
    origins: [],
    advisories: { hash: '', newest: '' },
    verification: [],
  })
}

function takenBack(receipt: Receipt, current: string): string {
  const [file] = undo(receipt, new Map([[FILE, current]]))
  assert.ok(file)
  assert.equal(file.before, current)
  assert.equal(file.afterSha256, digestOf(file.after))
  return file.after
}

/** Makes the members of `packages` what is asked for: a version, or nothing. */
function changeEntries(text: string, wanted: ReadonlyMap<string, string | undefined>): TextEdit[] {
  const root = readJsonSource(text)
  assert.ok(root.kind === 'object')
  const packages = root.get('packages')
  assert.ok(packages?.kind === 'object')
  const style = jsonStyle(text, root)
  const inside: TextEdit[] = []
  const insert = new Map<string, JsonValue>()
  const remove = new Set<string>()
  for (const [name, version] of wanted) {
    const entry = packages.get(name)
    if (version === undefined) remove.add(name)
    else if (entry === undefined) insert.set(name, entryOf(name, version))
    else if (entry.kind === 'object') inside.push(...editMembers(text, entry, { set: new Map([['version', version]]) }, style))
  }
  const compare = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  return editMembers(text, packages, { inside, insert, remove, compare }, style)
}

function entryOf(name: string, version: string): JsonValue {
  return { version, integrity: `sha512-${name}-${name.length * 7}`, dependencies: { needle: '^1.0.0' } }
}

function lockOf(names: readonly string[]): string {
  const packages = Object.fromEntries([
    ['', { name: 'made-up' }],
    ...[...names].sort().map(name => [name, entryOf(name, '1.0.0')] as const),
  ])
  return `${JSON.stringify({ name: 'made-up', lockfileVersion: 3, packages }, null, 2)}\n`
}

const names = ['@a/one', 'b', 'bb', 'c', 'd', 'e', 'f']
const versions = fc.constantFrom('1.0.1', '1.1.0', '2.0.0', '10.0.0', undefined)
const world = fc.record({
  there: fc.subarray(names, { minLength: 3 }),
  first: fc.array(fc.tuple(fc.constantFrom(...names), versions), { minLength: 1, maxLength: 4 }),
  later: fc.array(fc.tuple(fc.constantFrom(...names), versions), { maxLength: 4 }),
})

test('undoing a change right away gives the old bytes', () => {
  fc.assert(
    fc.property(world, ({ there, first }) => {
      const before = lockOf(there)
      const edits = changeEntries(before, new Map(first))
      if (edits.length === 0) return
      assert.equal(takenBack(receiptFor(before, edits), applyEdits(before, edits)), before)
    }),
  )
})

test('undoing a change after later, disjoint ones leaves exactly those, or names the place that stands in the way', () => {
  let undone = 0
  let conflicts = 0
  fc.assert(
    fc.property(world, ({ there, first, later }) => {
      const before = lockOf(there)
      const firstChanges = new Map(first)
      const laterChanges = new Map(later.filter(([name]) => !firstChanges.has(name)))
      const edits = changeEntries(before, firstChanges)
      const after = applyEdits(before, edits)
      const current = applyEdits(after, changeEntries(after, laterChanges))
      if (edits.length === 0 || current === after) return
      let result: string
      try {
        result = takenBack(receiptFor(before, edits), current)
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'undo-conflict', String(error))
        conflicts++
        return
      }
      undone++
      assert.deepEqual(JSON.parse(result), JSON.parse(applyEdits(before, changeEntries(before, laterChanges))))
    }),
    { numRuns: 1000 },
  )
  assert.ok(undone > conflicts * 4, `${undone} undone, ${conflicts} conflicts`)
})

test('a place that changed again is a conflict that names it', () => {
  const before = lockOf(['b', 'c'])
  const edits = changeEntries(before, new Map([['b', '1.0.1']]))
  const after = applyEdits(before, edits)
  const current = applyEdits(after, changeEntries(after, new Map([['b', '1.0.10']])))
  assert.throws(() => takenBack(receiptFor(before, edits), current), {
    code: 'undo-conflict',
    message: 'package-lock.json, packages › b › version: it changed since. Nothing was written.',
  })
  const gone = applyEdits(after, changeEntries(after, new Map([['b', undefined]])))
  assert.throws(() => takenBack(receiptFor(before, edits), gone), { code: 'undo-conflict', message: /b › version: it is gone/ })
})

test('a change that was taken back already, or whose file is gone, is a conflict', () => {
  const before = lockOf(['b'])
  const receipt = receiptFor(before, changeEntries(before, new Map([['b', '1.0.1']])))
  assert.throws(() => takenBack(receipt, before), { code: 'undo-conflict' })
  assert.throws(() => undo(receipt, new Map()), { code: 'undo-conflict' })
})

test('two changes can be taken back in either order', () => {
  const before = lockOf(['b', 'c', 'd'])
  const one = changeEntries(
    before,
    new Map<string, string | undefined>([
      ['b', '1.0.1'],
      ['bb', '1.0.0'],
    ]),
  )
  const between = applyEdits(before, one)
  const two = changeEntries(
    between,
    new Map<string, string | undefined>([
      ['d', undefined],
      ['e', '1.0.0'],
    ]),
  )
  const after = applyEdits(between, two)
  const [first, second] = [receiptFor(before, one), receiptFor(between, two)]
  assert.equal(takenBack(first, takenBack(second, after)), before)
  assert.equal(takenBack(second, takenBack(first, after)), before)
})

test('a receipt whose edits do not lead back to its digest is not believed', () => {
  const before = lockOf(['b'])
  const edits = changeEntries(before, new Map([['b', '1.0.1']]))
  const receipt = receiptFor(before, edits)
  const forged = {
    ...receipt,
    files: receipt.files.map(file => ({ ...file, edits: file.edits.map(edit => ({ ...edit, removed: '"0.0.1"' })) })),
  }
  assert.throws(() => takenBack(forged, applyEdits(before, edits)), { code: 'receipt-invalid' })
})

test('credentials that the receipt does not keep are found again in the file', () => {
  const lock = (version: string) => `{"a":"https://me:secret@registry.example/a-${version}.tgz","z":1}`
  const before = lock('1.0.0')
  const at = before.indexOf('1.0.0')
  const receipt = receiptFor(before, [{ start: at, end: at + 5, insert: '1.0.1' }])
  assert.ok(!JSON.stringify(receipt).includes('secret'))
  assert.equal(takenBack(receipt, lock('1.0.1')), before)
  assert.equal(takenBack(receipt, lock('1.0.1').replace('"z":1', '"z":2')), before.replace('"z":1', '"z":2'))
  assert.throws(() => takenBack(receipt, lock('1.0.1').replace('me:secret@', '')), { code: 'undo-conflict', message: /credentials/ })
})

test('text that is not JSON is found again by its words', () => {
  const before = 'one\ntwo\nthree\n'
  const receipt = receiptFor(before, [{ start: 4, end: 7, insert: 'zwei' }])
  assert.equal(takenBack(receipt, 'zero\none\nzwei\nthree\n'), 'zero\none\ntwo\nthree\n')
  assert.throws(() => takenBack(receipt, 'eins\nzwei\nzwei\nthree\nfour\nzwei\nthree\n'), { code: 'undo-conflict' })
})
