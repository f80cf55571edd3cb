import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Fault } from '../model/faults.ts'
import { printRecord } from './osv.ts'
import { readRecord } from './read-record.ts'
import { readAdvisories, recordsOf } from './read-source.ts'
import { recordOf } from './testing/records.ts'
import { writeZip } from './testing/write-zip.ts'

const one = recordOf('GHSA-1', 'a', [{ introduced: '0' }])
const two = recordOf('GHSA-2', 'b', [{ introduced: '0' }], { summary: 'Ünïcode' })
const json = JSON.stringify
const idsOf = (bytes: Buffer | string, file: string): string[] => [...recordsOf(Buffer.from(bytes), file)].map(({ id }) => id)

function withFolder(act: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'suture-source-'))
  try {
    act(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('every format gives the same records', () => {
  const lines = `${json(one)}\n\r\n${json(two)}\r\n`
  const both = ['GHSA-1', 'GHSA-2']
  assert.deepEqual(idsOf(json(one), 'a.json'), ['GHSA-1'])
  assert.deepEqual(idsOf(`\ufeff${json([one, two])}`, 'a.json'), both)
  assert.deepEqual(idsOf(lines, 'a.ndjson'), both)
  assert.deepEqual(idsOf(lines.trimEnd(), 'A.JSONL'), both)
  assert.deepEqual(idsOf(gzipSync(lines), 'a.ndjson.gz'), both)
  assert.deepEqual(idsOf(Buffer.concat([gzipSync(`${json(one)}\n`), gzipSync(json(two))]), 'a.ndjson.gz'), both)
  assert.deepEqual(idsOf(gzipSync(json([one, two])), 'a.json.gz'), both)
  const files = { 'GHSA-1.json': json(one), 'README.md': 'not a record', 'folder/': '', 'folder/more.ndjson': `${json(two)}\n` }
  for (const options of [{}, { zip64: true }, { stored: true }]) assert.deepEqual(idsOf(writeZip(files, options), 'a.zip'), both)
  assert.deepEqual(idsOf(writeZip({}), 'a.zip'), [])
})

test('a folder is read at any depth, in the order of names, and only what can hold records', () => {
  withFolder(folder => {
    mkdirSync(join(folder, 'npm'))
    writeFileSync(join(folder, 'npm', 'GHSA-2.json'), json(two))
    writeFileSync(join(folder, 'npm', 'modified_id.csv'), 'no')
    writeFileSync(join(folder, 'a.ndjson.gz'), gzipSync(json(one)))
    writeFileSync(join(folder, 'NOTICE.md'), 'no')
    assert.deepEqual(
      [...readAdvisories(folder)].map(({ id }) => id),
      ['GHSA-1', 'GHSA-2'],
    )
    rmSync(join(folder, 'npm'), { recursive: true })
    rmSync(join(folder, 'a.ndjson.gz'))
    assert.throws(() => [...readAdvisories(folder)], { code: 'advisories-invalid' })
    assert.throws(() => [...readAdvisories(join(folder, 'NOTICE.md'))], { code: 'advisories-invalid' })
    assert.throws(() => [...readAdvisories(join(folder, 'none.json'))], { code: 'file-unreadable' })
  })
})

test('what does not read is a fault that names file and place', () => {
  const rows: [Buffer | string, string, RegExp][] = [
    ['{', 'a.json', /^a\.json is not valid JSON$/],
    [`${json(one)}\n{"id":`, 'a.ndjson', /^a\.ndjson:2 is not valid JSON$/],
    [json([one, 5]), 'a.json', /^a\.json, record 2 is not an object$/],
    [json({ ...one, id: 7 }), 'a.json', /^a\.json: "id" is not a text$/],
    [json({ ...one, modified: 'yesterday' }), 'a.json', /^a\.json, record GHSA-1: "modified" is not a time$/],
    [json({ ...one, modified: undefined }), 'a.json', /"modified" is not a text$/],
    [json({ ...one, aliases: 'CVE-1' }), 'a.json', /"aliases" is not a list$/],
    [json({ ...one, aliases: [''] }), 'a.json', /"aliases" is not a text$/],
    [json({ ...one, affected: [{ package: 'a' }] }), 'a.json', /"affected\[0\]"\.package is not an object$/],
    [json({ ...one, affected: [{ package: { name: 'a' } }] }), 'a.json', /package\.ecosystem is not a text$/],
    [json(recordOf('GHSA-1', 'a'.repeat(2000), [])), 'a.json', /is longer than 1024 characters$/],
    [json({ ...one, aliases: Array.from({ length: 3000 }, String) }), 'a.json', /has 3000 entries; 2000 are read at most$/],
    [gzipSync(json(one)).subarray(0, -6), 'a.json.gz', /^a\.json\.gz is not a whole gzip file/],
    [writeZip({ 'a.json': json(one) }).subarray(0, -10), 'a.zip', /^a\.zip is not a whole zip archive: it has no end$/],
    [writeZip({ 'a.json': '{' }), 'a.zip', /^a\.zip\/a\.json is not valid JSON$/],
    ['['.repeat(1_000_000), 'a.json', /is not valid JSON$/],
  ]
  for (const [bytes, file, message] of rows) {
    assert.throws(
      () => idsOf(bytes, file),
      (cause: unknown) => cause instanceof Fault && cause.code === 'advisories-invalid' && message.test(cause.message),
      `${file} ${message}`,
    )
  }
})

test('a changed byte in a zip archive changes no record without a fault', () => {
  const files = { 'GHSA-1.json': json(one), 'GHSA-2.json': json(two) }
  const archive = writeZip(files, { zip64: true })
  const right = [...recordsOf(archive, 'a.zip')].map(printRecord).join('\n')
  for (let i = 0; i < archive.length; i++) {
    const changed = Buffer.from(archive)
    changed[i] = (changed[i] ?? 0) ^ 0x10
    try {
      const found = [...recordsOf(changed, 'a.zip')].map(printRecord)
      // Names and times of entries carry no checksum; they decide nothing but which entries are read.
      for (const text of found) assert.ok(right.includes(text), `byte ${i}`)
    } catch (cause) {
      assert.ok(cause instanceof Fault && cause.code === 'advisories-invalid', `byte ${i}: ${cause}`)
    }
  }
})

test('an archive that claims to hold more than it does, or grows without bound, is refused', () => {
  const bomb = writeZip({ 'a.json': Buffer.alloc(1 << 20, 32) })
  const liar = Buffer.from(bomb)
  liar.writeUInt32LE(10, liar.indexOf('PK\x01\x02', 0, 'latin1') + 24)
  assert.throws(() => idsOf(liar, 'a.zip'), { code: 'advisories-invalid' })
  const huge = Buffer.from(bomb)
  huge.writeUInt32LE(0x7fffffff, huge.indexOf('PK\x01\x02', 0, 'latin1') + 24)
  assert.throws(() => idsOf(huge, 'a.zip'), /larger than 64 MB/)
  // Two directory entries that point at one file.
  const plain = writeZip({ 'a.json': json(one) })
  const start = plain.indexOf('PK\x01\x02', 0, 'latin1')
  const end = plain.indexOf('PK\x05\x06', 0, 'latin1')
  const directory = plain.subarray(start, end)
  const tail = Buffer.from(plain.subarray(end))
  tail.writeUInt16LE(200, 10)
  tail.writeUInt32LE(directory.length * 200, 12)
  const overlapping = Buffer.concat([plain.subarray(0, start), ...Array.from({ length: 200 }, () => directory), tail])
  const ids: string[] = []
  assert.throws(() => {
    for (const { id } of recordsOf(overlapping, 'a.zip')) ids.push(id)
  }, /overlap/)
  assert.ok(ids.length < 200)
})

test('a record that was printed reads as the same record', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
      fc.array(fc.string({ minLength: 1, unit: 'binary' })),
      (name, versions) => {
        const record = readRecord(
          {
            ...recordOf('GHSA-1', name, [{ introduced: '0' }, { last_affected: '1.0.0' }]),
            severity: [{ type: 'CVSS_V3', score: 'x' }],
            references: [{ url: 'https://a.example/' }],
            database_specific: { severity: 'LOW' },
            affected: [
              {
                package: { ecosystem: 'npm', name },
                versions,
                ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { limit: '*' }] }],
              },
            ],
          },
          'record',
        )
        assert.deepEqual(readRecord(JSON.parse(printRecord(record)), 'record'), record)
      },
    ),
  )
})
