import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildIndex } from './build-index.ts'
import { type OpenOptions, openAdvisories } from './open.ts'
import { readRecord } from './read-record.ts'
import { advisoryStatus } from './status.ts'
import { recordOf } from './testing/records.ts'
import { updateAdvisories } from './update.ts'

const json = (name: string, modified = '2024-01-01T00:00:00Z') => recordOf(`GHSA-${name}`, name, [{ introduced: '0' }], { modified })

interface Place extends OpenOptions {
  readonly base: string
}

async function withFolders(act: (place: Place) => Promise<void> | void): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'suture-open-'))
  try {
    mkdirSync(join(base, 'bundled'))
    await act({ base, folder: join(base, 'database'), bundledFolder: join(base, 'bundled') })
  } finally {
    rmSync(base, { recursive: true })
  }
}

function bundle({ bundledFolder }: Place, name: string, modified: string): void {
  const { hot, cold } = buildIndex([readRecord(json(name, modified), 'record')])
  writeFileSync(join(bundledFolder, 'advisories.hot'), hot)
  writeFileSync(join(bundledFolder, 'advisories.cold'), cold)
}

async function update(place: Place, name: string, now: string): Promise<void> {
  const source = join(place.base, 'source')
  mkdirSync(source, { recursive: true })
  writeFileSync(join(source, 'a.json'), JSON.stringify(json(name)))
  await updateAdvisories({
    folder: place.folder,
    source,
    ecosystems: ['npm'],
    fetch: () => assert.fail('nothing is fetched'),
    now: () => new Date(now),
    progress: () => undefined,
  })
}

test('without any database there is a fault that says how to get one', async () => {
  await withFolders(place => {
    assert.throws(() => openAdvisories(place), { code: 'advisories-missing' })
  })
})

test('the snapshot answers until there is a database, and again when a newer program brings newer facts', async () => {
  await withFolders(async place => {
    bundle(place, 'bundled', '2024-06-01T00:00:00Z')
    const first = openAdvisories(place)
    assert.deepEqual([first.status.source, first.status.newest, first.knows('npm', 'bundled')], ['bundled', '2024-06-01T00:00:00Z', true])
    await update(place, 'stored', '2024-07-01T00:00:00Z')
    const stored = openAdvisories(place)
    assert.deepEqual(
      [stored.knows('npm', 'stored'), stored.knows('npm', 'bundled'), stored.status.updated],
      [true, false, '2024-07-01T00:00:00.000Z'],
    )
    bundle(place, 'newer', '2024-08-01T00:00:00Z')
    assert.equal(openAdvisories(place).knows('npm', 'newer'), true)
  })
})

test('a database without an ecosystem that the snapshot holds leaves that to the snapshot', async () => {
  await withFolders(async place => {
    bundle(place, 'bundled', '2024-06-01T00:00:00Z')
    const source = join(place.base, 'go.json')
    const affected = [{ package: { ecosystem: 'Go', name: 'g' }, versions: ['1.0.0'] }]
    writeFileSync(source, JSON.stringify({ ...recordOf('GO-1', '', []), affected }))
    const options = { folder: place.folder, source, ecosystems: ['Go'], fetch: () => assert.fail('nothing is fetched') }
    const now = () => new Date('2024-07-01T00:00:00Z')
    await updateAdvisories({ ...options, now, progress: () => undefined })
    const both = openAdvisories(place)
    assert.deepEqual([both.knows('npm', 'bundled'), both.knows('Go', 'g'), both.status.advisories], [true, true, 2])
    assert.deepEqual(both.status.ecosystems, ['Go', 'npm'])
    assert.match(both.status.source, /go\.json; for other ecosystems: bundled, up to 2024-06-01$/)
    assert.deepEqual([both.group('GO-1'), both.detail('GHSA-bundled')?.id], ['GO-1', 'GHSA-bundled'])
    const npm = openAdvisories({ ...place, ecosystem: 'npm' }).status
    assert.deepEqual([npm.source, npm.newest], ['bundled', '2024-06-01T00:00:00Z'])
  })
})

test('a damaged database is a fault, never silently the snapshot', async () => {
  await withFolders(async place => {
    bundle(place, 'bundled', '2024-01-01T00:00:00Z')
    await update(place, 'stored', '2024-07-01T00:00:00Z')
    assert.equal(advisoryStatus(place).advisories, 1)
    const generation = readdirSync(place.folder).find(name => name.startsWith('g-')) ?? ''
    const cold = join(place.folder, generation, 'advisories.cold')
    const bytes = readFileSync(cold)
    writeFileSync(cold, bytes.subarray(0, -1))
    assert.equal(openAdvisories(place).knows('npm', 'stored'), true)
    assert.throws(() => openAdvisories(place).detail('GHSA-stored'), { code: 'advisories-corrupt' })
    assert.throws(() => advisoryStatus(place), { code: 'advisories-corrupt' })
    rmSync(join(place.folder, generation, 'advisories.hot'))
    assert.throws(() => openAdvisories(place), { code: 'advisories-corrupt' })
  })
})

test('explicit records are used exactly, read once, and read again when they change', async () => {
  await withFolders(place => {
    bundle(place, 'bundled', '2024-06-01T00:00:00Z')
    const explicit = join(place.base, 'mine.json')
    const write = (name: string, seconds: number): void => {
      writeFileSync(explicit, JSON.stringify([json(name)]))
      utimesSync(explicit, seconds, seconds)
    }
    let read = 0
    const open = () => openAdvisories({ ...place, explicit, progress: () => read++ })
    write('one', 1000)
    const first = open()
    assert.deepEqual(
      [first.knows('npm', 'one'), first.knows('npm', 'bundled'), first.status.source, first.status.updated],
      [true, false, explicit, undefined],
    )
    assert.equal(first.detail('GHSA-one')?.id, 'GHSA-one')
    const again = open()
    assert.equal(again.status.hash, first.status.hash)
    assert.equal(again.detail('GHSA-one')?.id, 'GHSA-one')
    assert.equal(read, 1)
    write('two', 1000)
    assert.equal(open().knows('npm', 'two'), true)
    assert.equal(read, 2)
  })
})

test('a damaged or unwritable cache changes no answer', async () => {
  await withFolders(place => {
    const explicit = join(place.base, 'mine.json')
    writeFileSync(explicit, JSON.stringify(json('one')))
    openAdvisories({ ...place, explicit })
    const cache = join(place.folder, 'cache')
    for (const name of readdirSync(cache)) writeFileSync(join(cache, name), 'damaged')
    assert.equal(openAdvisories({ ...place, explicit }).knows('npm', 'one'), true)
    rmSync(place.folder, { recursive: true })
    writeFileSync(place.folder, 'a file where the folder should be')
    assert.equal(openAdvisories({ ...place, explicit }).knows('npm', 'one'), true)
  })
})

test('the cache keeps the indexes used last', async () => {
  await withFolders(place => {
    for (let i = 0; i < 12; i++) {
      const explicit = join(place.base, `${i}.json`)
      writeFileSync(explicit, JSON.stringify(json(`p${i}`)))
      openAdvisories({ ...place, explicit })
    }
    const kept = readdirSync(join(place.folder, 'cache'))
    assert.deepEqual(
      ['hot', 'cold'].map(ending => kept.filter(name => name.endsWith(ending)).length),
      [8, 8],
    )
  })
})

test('the snapshot that travels with the package is whole, and its facts are those in snapshot.json', () => {
  const data = join(import.meta.dirname, '../../data')
  const { hash, newest, advisories, packages, ecosystems } = openAdvisories({ folder: join(data, 'none'), bundledFolder: data }).status
  assert.deepEqual(JSON.parse(readFileSync(join(data, 'snapshot.json'), 'utf8')), { newest, hash, advisories, packages, ecosystems })
})
