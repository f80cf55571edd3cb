import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AdvisoryMatch } from '../model/advisory.ts'
import { SEVERITIES, type Severity } from '../model/severity.ts'
import { schemeOf } from '../versions/schemes.ts'
import { buildIndex } from './build-index.ts'
import { includes, intervalsOf } from './ranges.ts'
import { readRecord } from './read-record.ts'
import { rate } from './severity.ts'
import { databaseOf } from './testing/memory-database.ts'
import { recordOf } from './testing/records.ts'

const groupsOf = (matches: readonly AdvisoryMatch[]): string[] => matches.map(({ group }) => group)
const ALL = [{ introduced: '0' }]

test('aliases are grouped symmetrically and transitively, also through ids without a record', () => {
  const database = databaseOf([
    recordOf('PYSEC-1', 'a', ALL, { aliases: ['CVE-2020-1'] }),
    recordOf('GHSA-zzzz', 'a', ALL, { aliases: ['CVE-2020-1', 'CVE-2020-2'] }),
    recordOf('x_1', 'a', ALL, { aliases: ['CVE-2020-2'] }),
    recordOf('GHSA-other', 'a', ALL),
  ])
  const ids = ['CVE-2020-1', 'CVE-2020-2', 'GHSA-zzzz', 'PYSEC-1', 'x_1']
  assert.deepEqual(groupsOf(database.match('npm', 'a', '1.0.0')), ['GHSA-other', 'GHSA-zzzz'])
  assert.deepEqual(database.match('npm', 'a', '1.0.0')[1]?.ids, ids)
  for (const id of ids) assert.equal(database.group(id), 'GHSA-zzzz')
  assert.equal(database.group('CVE-9'), undefined)
})

test('a group is named by its first GHSA, else its first CVE, else its first id', () => {
  const name = (id: string, aliases: string[]): string | undefined => databaseOf([recordOf(id, 'a', ALL, { aliases })]).group(id)
  assert.equal(name('CVE-2020-1', ['GHSA-b', 'GHSA-a']), 'GHSA-a')
  assert.equal(name('PYSEC-1', ['CVE-2020-2', 'CVE-2020-1']), 'CVE-2020-1')
  assert.equal(name('SNYK-2', ['RUSTSEC-1']), 'RUSTSEC-1')
})

test('related and upstream records are never merged', () => {
  const database = databaseOf([
    recordOf('GHSA-a', 'a', ALL, { related: ['GHSA-b'], upstream: ['CVE-2020-1'] }),
    recordOf('GHSA-b', 'a', ALL, { aliases: ['CVE-2020-1'] }),
  ])
  assert.deepEqual(groupsOf(database.match('npm', 'a', '1.0.0')), ['GHSA-a', 'GHSA-b'])
})

test('withdrawn records never match and join no groups', () => {
  const database = databaseOf([
    recordOf('GHSA-gone', 'a', ALL, { withdrawn: '2024-01-01T00:00:00Z', aliases: ['CVE-2020-1', 'CVE-2020-2'] }),
    recordOf('GHSA-a', 'a', ALL, { aliases: ['CVE-2020-1'] }),
    recordOf('GHSA-b', 'a', ALL, { aliases: ['CVE-2020-2'] }),
  ])
  assert.deepEqual(groupsOf(database.match('npm', 'a', '1.0.0')), ['GHSA-a', 'GHSA-b'])
  assert.equal(database.status.advisories, 2)
})

test('listed versions match by their exact text, ranges by the ecosystem’s order, whatever the range’s type', () => {
  const affected = (ecosystem: string, type: string) => [
    {
      package: { ecosystem, name: 'a' },
      versions: ['1.0', '5.0.0'],
      ranges: [{ type, events: [{ introduced: '2.0.0' }, { fixed: '3.0.0' }] }],
    },
  ]
  for (const type of ['SEMVER', 'ECOSYSTEM']) {
    const database = databaseOf([recordOf('GHSA-a', 'a', [], { affected: affected('npm', type) })])
    for (const version of ['1.0', '5.0.0', '2.0.0', '3.0.0-beta']) assert.equal(database.match('npm', 'a', version).length, 1, version)
    for (const version of ['1.0.0', '5.0.0+x', 'v2.0.0', '2', '3.0.0', ''])
      assert.equal(database.match('npm', 'a', version).length, 0, version)
  }
  const unknown = databaseOf([recordOf('GHSA-a', 'a', [], { affected: affected('Nowhere', 'ECOSYSTEM') })])
  assert.equal(unknown.match('Nowhere', 'a', '1.0').length, 1)
  assert.equal(unknown.match('Nowhere', 'a', '2.0.0').length, 0)
  assert.equal(unknown.match('npm', 'a', '1.0').length, 0)
})

test('a GIT range says nothing about a package, and does not stop the others', () => {
  const ranges = [
    { type: 'GIT', repo: 'https://git.example/a', events: [{ introduced: '0' }] },
    { type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '2.0.0' }] },
  ]
  const database = databaseOf([
    recordOf('GHSA-a', 'a', [], { affected: [{ package: { ecosystem: 'npm', name: 'a' }, ranges }, { ranges }] }),
  ])
  assert.equal(database.match('npm', 'a', '1.5.0').length, 1)
  assert.equal(database.match('npm', 'a', '0.5.0').length, 0)
})

test('severity is the source’s word, else the rating of the newest CVSS version, for the package where it says so', () => {
  const v2 = { type: 'CVSS_V2', score: 'AV:N/AC:L/Au:N/C:C/I:C/A:C' }
  const v3 = { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N' }
  const v4 = { type: 'CVSS_V4', score: 'CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N' }
  const debian = (urgency: string) => ({
    affected: [{ package: { ecosystem: 'npm', name: 'a' }, versions: ['1.0.0'], ecosystem_specific: { urgency } }],
  })
  const rows: [Record<string, unknown>, Severity, number | undefined][] = [
    [{}, 'unscored', undefined],
    [{ severity: [v2] }, 'critical', 10],
    [{ severity: [v2, v3] }, 'moderate', 4.3],
    [{ severity: [v4, v2, v3] }, 'high', 7.3],
    [{ severity: [{ type: 'CVSS_V4', score: 'broken' }, v3] }, 'moderate', 4.3],
    [{ severity: [v3], database_specific: { severity: 'HIGH' } }, 'high', 4.3],
    [{ database_specific: { severity: 'MEDIUM' } }, 'moderate', undefined],
    [{ database_specific: { severity: 'MODERATE' } }, 'moderate', undefined],
    [{ database_specific: { severity: 'whatever' } }, 'unscored', undefined],
    [{ database_specific: { severity: ['HIGH'] } }, 'unscored', undefined],
    [{ severity: [{ type: 'Ubuntu', score: 'medium' }] }, 'moderate', undefined],
    [{ affected: [{ package: { ecosystem: 'npm', name: 'a' }, severity: [v4], versions: ['1.0.0'] }] }, 'high', 7.3],
    [debian('low**'), 'low', undefined],
    [debian('unimportant'), 'low', undefined],
    [debian('not yet assigned'), 'unscored', undefined],
    [{ ...debian('high'), severity: [v3] }, 'moderate', 4.3],
  ]
  for (const [more, severity, score] of rows) {
    const [match] = databaseOf([recordOf('GHSA-a', 'a', ALL, more)]).match('npm', 'a', '1.0.0')
    assert.deepEqual([match?.severity, match?.score], [severity, score], JSON.stringify(more))
  }
})

test('records of one group answer once, with the most severe word and the highest score', () => {
  const database = databaseOf([
    recordOf('GHSA-a', 'a', ALL, { aliases: ['CVE-2020-1'], database_specific: { severity: 'LOW' } }),
    recordOf('CVE-2020-1', 'a', ALL, { severity: [{ type: 'CVSS_V2', score: 'AV:N/AC:L/Au:N/C:C/I:C/A:C' }] }),
    recordOf('MAL-1', 'a', [{ introduced: '2.0.0' }], { aliases: ['GHSA-a'] }),
  ])
  assert.deepEqual(database.match('npm', 'a', '1.0.0'), [
    { id: 'GHSA-a', group: 'GHSA-a', ids: ['CVE-2020-1', 'GHSA-a', 'MAL-1'], severity: 'critical', score: 10 },
  ])
})

test('fixed is the lowest version above that no record of the group affects', () => {
  const database = databaseOf([
    recordOf('GHSA-a', 'a', [{ introduced: '0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }], {
      aliases: ['CVE-2020-1'],
    }),
    recordOf('CVE-2020-1', 'a', [{ introduced: '0' }, { fixed: '1.3.0' }]),
  ])
  assert.equal(database.match('npm', 'a', '1.0.0')[0]?.fixed, '1.3.0')
  assert.equal(database.match('npm', 'a', '2.0.0')[0]?.fixed, '2.1.0')
  assert.equal(databaseOf([recordOf('GHSA-b', 'b', ALL)]).match('npm', 'b', '1.0.0')[0]?.fixed, undefined)
})

test('one id in several records: the newest speaks, and keeps what older ones say about other ecosystems', () => {
  const about = (ecosystem: string, name: string) => ({ package: { ecosystem, name }, ranges: [{ type: 'SEMVER', events: ALL }] })
  const records = [
    recordOf('CVE-1', 'old', ALL, { summary: 'old' }),
    recordOf('CVE-1', '', [], { modified: '2024-02-01T00:00:00Z', summary: 'new', affected: [about('npm', 'new')] }),
    recordOf('CVE-1', '', [], { modified: '2023-02-01T00:00:00Z', affected: [about('Go', 'go')] }),
    recordOf('CVE-1', '', [], { modified: '2024-02-01T00:00:00.000Z', summary: 'new', affected: [about('npm', 'also')] }),
  ]
  for (const order of [records, records.toReversed()]) {
    const database = databaseOf(order)
    assert.deepEqual(
      ['old', 'new', 'also'].map(name => database.knows('npm', name)),
      [false, true, true],
    )
    assert.equal(database.knows('Go', 'go'), true)
    assert.equal(database.detail('CVE-1')?.summary, 'new')
  }
})

test('detail gives the text of a record, and for an alias that of a record in its group', () => {
  const database = databaseOf([
    recordOf('GHSA-a', 'a', ALL, {
      aliases: ['CVE-2020-1'],
      summary: 'Ünïcode\nsummary',
      published: '2020-01-01T00:00:00Z',
      references: [{ type: 'WEB', url: 'https://a.example/' }, { url: 'javascript:alert(1)' }],
      severity: [{ type: 'CVSS_V2', score: 'AV:N/AC:L/Au:N/C:C/I:C/A:C' }],
    }),
    ...Array.from({ length: 700 }, (_, i) => recordOf(`GHSA-${i}`, `p${i}`, ALL, { summary: `about ${i}` })),
  ])
  const detail = {
    id: 'GHSA-a',
    summary: 'Ünïcode\nsummary',
    published: '2020-01-01T00:00:00Z',
    modified: '2024-01-01T00:00:00Z',
    cvss: 'AV:N/AC:L/Au:N/C:C/I:C/A:C',
    references: ['https://a.example/'],
  }
  assert.deepEqual(database.detail('GHSA-a'), detail)
  assert.deepEqual(database.detail('CVE-2020-1'), detail)
  for (let i = 0; i < 700; i++) {
    assert.equal(database.detail(`GHSA-${i}`)?.summary, `about ${i}`)
    assert.equal(database.group(`GHSA-${i}`), `GHSA-${i}`)
  }
  assert.equal(database.detail('GHSA-none'), undefined)
})

test('names that are special to JavaScript are names like others', () => {
  const database = databaseOf(
    ['__proto__', 'constructor', 'toString'].map((name, i) => recordOf(`GHSA-${i}`, name, ALL, { aliases: ['__proto__'] })),
  )
  assert.equal(database.knows('npm', '__proto__'), true)
  assert.equal(database.knows('npm', 'hasOwnProperty'), false)
  assert.equal(database.match('npm', 'constructor', '1.0.0')[0]?.ids.length, 4)
})

test('a record about one release of a distribution does not touch another; one that names no release is about all', () => {
  const affected = (ecosystem: string, fixed: string) => ({
    package: { ecosystem, name: 'openssl' },
    ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
  })
  const database = databaseOf([
    recordOf('DEBIAN-CVE-1', '', [], { affected: [affected('Debian:12', '3.0.11-1~deb12u2'), affected('Debian:13', '3.1.4-2')] }),
    recordOf('USN-1', '', [], { affected: [affected('Ubuntu:22.04:LTS', '3.0.2-0ubuntu1.12')] }),
    recordOf('DSA-1', '', [], { affected: [affected('Debian', '3.0.9-1')] }),
  ])
  const rows: [string, string, string[]][] = [
    ['Debian:12', '3.0.11-1~deb12u1', ['DEBIAN-CVE-1']],
    ['Debian:12', '3.0.11-1~deb12u2', []],
    ['Debian:13', '3.0.11-1~deb12u2', ['DEBIAN-CVE-1']],
    ['Debian:11', '3.0.11-1', []],
    ['Debian:11', '3.0.8-1', ['DSA-1']],
    ['Debian:12', '3.0.8-1', ['DEBIAN-CVE-1', 'DSA-1']],
    ['Ubuntu:22.04:LTS', '3.0.2-0ubuntu1.9', ['USN-1']],
    ['Ubuntu:22.04:LTS', '3.0.2-0ubuntu1.12', []],
    ['Ubuntu:Pro:22.04:LTS', '3.0.2-0ubuntu1.9', []],
  ]
  for (const [ecosystem, version, ids] of rows) {
    assert.deepEqual(groupsOf(database.match(ecosystem, 'openssl', version)), ids, `${ecosystem} ${version}`)
  }
})

test('an empty database answers, and says that it holds nothing', () => {
  const database = databaseOf([])
  assert.deepEqual(database.match('npm', 'a', '1.0.0'), [])
  assert.equal(database.group('GHSA-a'), undefined)
  assert.deepEqual([database.status.advisories, database.status.packages, database.status.newest], [0, 0, ''])
})

const word = (letters: string) => fc.constantFrom(...letters).map(letter => `id-${letter}`)
const version = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('', '-rc.1')).map(([minor, pre]) => `1.${minor}.0${pre}`)
const event = fc.oneof(
  ...['introduced', 'fixed', 'last_affected', 'limit'].map(kind => version.map(version => ({ [kind]: version }))),
  fc.constant({ introduced: '0' }),
)
const affectedEntry = fc.record({
  package: fc.record({ ecosystem: fc.constantFrom('npm', 'Go', 'Nowhere'), name: fc.constantFrom('a', 'b', 'ünï', 'x'.repeat(40)) }),
  ranges: fc.array(fc.record({ type: fc.constantFrom('SEMVER', 'ECOSYSTEM', 'GIT'), events: fc.array(event, { maxLength: 4 }) }), {
    maxLength: 2,
  }),
  versions: fc.array(fc.oneof(version, fc.constant('weird')), { maxLength: 3 }),
})
const record = fc.record(
  {
    id: word('abcdefgh'),
    modified: fc.constantFrom('2024-01-01T00:00:00Z', '2024-01-02T00:00:00.5Z'),
    aliases: fc.array(word('abcdefghijkl'), { maxLength: 2 }),
    withdrawn: fc.constant('2024-01-01T00:00:00Z'),
    database_specific: fc.record({ severity: fc.constantFrom('LOW', 'HIGH', 'MODERATE', 'CRITICAL', 'odd') }),
    affected: fc.array(affectedEntry, { maxLength: 3 }),
  },
  { requiredKeys: ['id', 'modified', 'affected'] },
)
const recordSet = fc.uniqueArray(record, { maxLength: 8, selector: ({ id }) => id })

test('the index answers as a plain evaluation of all records does', () => {
  fc.assert(
    fc.property(
      recordSet,
      fc.constantFrom('npm', 'Go', 'Nowhere'),
      fc.constantFrom('a', 'b', 'ünï', 'x'.repeat(40)),
      fc.oneof(version, fc.constant('weird')),
      (records, ecosystem, name, asked) => {
        const found = databaseOf(records).match(ecosystem, name, asked)
        assert.deepEqual(
          found.map(({ group, ids, severity }) => ({ group, ids, severity })),
          plainly(records, ecosystem, name, asked),
        )
      },
    ),
    { numRuns: 400 },
  )
})

test('the same records give the same hash and the same answers in any order', () => {
  const shuffled = fc
    .array(record, { maxLength: 8 })
    .chain(list => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const [one, two] = [list, other].map(records => buildIndex(records.map(json => readRecord(json, 'record'))))
      assert.equal(one?.hash, two?.hash)
      assert.deepEqual(one?.hot, two?.hot)
      assert.deepEqual(one?.cold, two?.cold)
    }),
  )
})

function plainly(
  json: readonly unknown[],
  ecosystem: string,
  name: string,
  asked: string,
): { group: string; ids: string[]; severity: Severity }[] {
  const records = json.map(value => readRecord(value, 'record')).filter(({ withdrawn }) => withdrawn === undefined)
  const scheme = schemeOf(ecosystem)
  const sameAs = (id: string): string[] => {
    const ids = new Set([id])
    for (let size = 0; size !== ids.size; ) {
      size = ids.size
      for (const { id, aliases } of records)
        if ([id, ...aliases].some(one => ids.has(one))) for (const one of [id, ...aliases]) ids.add(one)
    }
    return [...ids].sort()
  }
  const found = new Map<string, { ids: string[]; severities: Severity[] }>()
  for (const { id, affected, severity, word } of records) {
    for (const entry of affected) {
      if (entry.ecosystem !== ecosystem || entry.name !== name) continue
      const inRange = scheme?.valid(asked) === true && entry.ranges.some(range => includes(intervalsOf(range, scheme), asked, scheme))
      if (!inRange && !entry.versions.includes(asked)) continue
      const ids = sameAs(id)
      const group = found.get(ids[0] ?? '') ?? { ids, severities: [] }
      group.severities.push(rate(severity, word).severity)
      found.set(ids[0] ?? '', group)
    }
  }
  return [...found]
    .map(([group, { ids, severities }]) => ({ group, ids, severity: SEVERITIES.find(word => severities.includes(word)) ?? 'unscored' }))
    .sort((a, b) => (a.group < b.group ? -1 : 1))
}
