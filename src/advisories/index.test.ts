import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../model/faults.ts'
import { buildIndex } from './build-index.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { Dictionary, writeDictionary } from './dictionary.ts'
import { IndexedAdvisories } from './indexed-advisories.ts'
import { readRecord } from './read-record.ts'
import { recordOf } from './testing/records.ts'

const isCorrupt = (file: string) => (cause: unknown) =>
  cause instanceof Fault && cause.code === 'advisories-corrupt' && cause.message.startsWith(file)

function openBytes(hot: Buffer, cold: Buffer): IndexedAdvisories {
  return new IndexedAdvisories(
    { hot, hotFile: 'a.hot', cold: (start, length) => cold.subarray(start, start + length), coldFile: 'a.cold' },
    { source: 'test' },
  )
}

const index = buildIndex(
  Array.from({ length: 150 }, (_, i) =>
    readRecord(
      recordOf(`GHSA-${i}`, `p${i % 90}`, [{ introduced: '0' }, { fixed: `1.${i}.0` }], {
        aliases: [`CVE-2020-${i}`],
        summary: `about ${i}`,
      }),
      'record',
    ),
  ),
)

test('any changed, missing or added byte in the hot file is found when it is opened', () => {
  for (let i = 0; i < index.hot.length; i++) {
    const changed = Buffer.from(index.hot)
    changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8))
    assert.throws(() => openBytes(changed, index.cold), isCorrupt('a.hot'), `byte ${i}`)
  }
  for (const length of [0, 7, 100, index.hot.length - 1])
    assert.throws(() => openBytes(index.hot.subarray(0, length), index.cold), isCorrupt('a.hot'))
  assert.throws(() => openBytes(Buffer.concat([index.hot, Buffer.alloc(1)]), index.cold), isCorrupt('a.hot'))
})

test('any changed byte in the cold file is found when its block is read, and no other answer is hit', () => {
  const sorted = Array.from({ length: 150 }, (_, i) => `GHSA-${i}`).sort()
  const oneOfEachBlock = [0, 64, 128].map(i => sorted[i] ?? '')
  for (let i = 0; i < index.cold.length; i++) {
    const changed = Buffer.from(index.cold)
    changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8))
    const database = openBytes(index.hot, changed)
    assert.equal(database.match('npm', 'p1', '1.0.0').length, 2)
    const failures = oneOfEachBlock.filter(id => {
      try {
        return database.detail(id)?.summary !== `about ${id.slice(5)}`
      } catch (cause) {
        assert.ok(isCorrupt('a.cold')(cause), `byte ${i}: ${cause}`)
        return true
      }
    })
    assert.ok(failures.length > 0, `byte ${i}`)
  }
})

test('the cold file of another index is refused', () => {
  const other = buildIndex([readRecord(recordOf('GHSA-0', 'p0', [{ introduced: '0' }]), 'record')])
  assert.throws(() => openBytes(index.hot, other.cold).detail('GHSA-0'), isCorrupt('a.cold'))
})

test('an index of another format version is told apart from a damaged one', () => {
  const future = Buffer.from(index.hot)
  future.write('SUTUREH9', 'latin1')
  assert.throws(() => openBytes(future, index.cold), /written by another version/)
})

test('a dictionary finds every text it holds, by text and by rank, and no other', () => {
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 6 }),
    fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
    fc.constantFrom('GHSA-2222-', 'GHSA-2222-3333-4444', 'a'.repeat(700)),
  )
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 100 }), text, (texts, other) => {
      const known = [...new Set(texts.map(text => text.toWellFormed()))].map(text => Buffer.from(text)).sort(Buffer.compare)
      const dictionary = new Dictionary(writeDictionary(known))
      known.forEach((bytes, rank) => {
        assert.equal(dictionary.rank(bytes.toString()), rank)
        assert.equal(dictionary.text(rank), bytes.toString())
      })
      const wanted = Buffer.from(other.toWellFormed())
      assert.equal(
        dictionary.rank(wanted.toString()),
        known.findIndex(bytes => bytes.equals(wanted)),
      )
    }),
  )
})

test('varints read as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), numbers => {
      const writer = new ByteWriter()
      for (const number of numbers) writer.varint(number)
      const reader = new ByteReader(Buffer.from(writer.view()), 0)
      assert.deepEqual(
        numbers.map(() => reader.varint()),
        numbers,
      )
      assert.equal(reader.position, writer.length)
    }),
  )
})
