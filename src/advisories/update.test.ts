import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '../model/faults.ts'
import { type Disk, realDisk } from './disk.ts'
import { openStored, readCurrent } from './store.ts'
import { type RecordJson, recordOf } from './testing/records.ts'
import { withBench } from './testing/update-bench.ts'

const ALL = [{ introduced: '0' }]
const at = (minute: number): string => `2024-01-01T00:${String(minute).padStart(2, '0')}:00Z`
const records: RecordJson[] = Array.from({ length: 50 }, (_, i) =>
  recordOf(`GHSA-${i}`, `p${i}`, ALL, { modified: at(i), summary: `number ${i} ${'x'.repeat(i)}` }),
)

test('the first update takes the archive, later ones only what changed', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    const first = await update()
    assert.equal(first.before, undefined)
    assert.deepEqual(
      [first.after.advisories, first.after.newest, first.after.source, first.after.updated],
      [50, at(49), server.url, '2026-01-01T00:00:00.000Z'],
    )
    assert.ok(first.bytes > 1000)
    server.requests.length = 0
    const again = await update({ now: () => new Date('2026-01-02T00:00:00Z') })
    assert.deepEqual(server.requests, ['GET /npm/modified_id.csv'])
    assert.equal(again.after.hash, first.after.hash)
    assert.equal(again.after.updated, '2026-01-02T00:00:00.000Z')
    server.requests.length = 0
    const changed = records.filter(({ id }) => id !== 'GHSA-4')
    changed[7] = recordOf('GHSA-7', 'p7', [{ introduced: '9.0.0' }], { modified: at(55) })
    changed.push(recordOf('GHSA-new', 'fresh', ALL, { modified: at(49) }))
    server.publish('npm', changed, { archive: false })
    const third = await update()
    assert.deepEqual(server.requests.sort(), ['GET /npm/GHSA-7.json', 'GET /npm/GHSA-new.json', 'GET /npm/modified_id.csv'])
    const database = openStored(folder)
    assert.equal(database?.match('npm', 'p7', '1.0.0').length, 0)
    assert.equal(database?.match('npm', 'fresh', '1.0.0').length, 1)
    assert.equal(third.before?.hash, first.after.hash)
    assert.notEqual(third.after.hash, first.after.hash)
    assert.equal(third.after.hash, database?.status.hash)
  })
})

test('a transfer that breaks off goes on where it was, in the same run and in a later one', async () => {
  await withBench(async ({ server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', { breakAfter: 1000 }, { breakAfter: 500 }, { status: 503 })
    assert.equal((await update()).after.advisories, 50)
    assert.deepEqual(
      server.requests.filter(line => line.includes('all.zip')),
      ['GET /npm/all.zip', 'GET /npm/all.zip bytes=1000-', 'GET /npm/all.zip bytes=1500-', 'GET /npm/all.zip bytes=1500-'],
    )
  })
  await withBench(async ({ folder, server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', { breakAfter: 2000 }, ...Array.from({ length: 5 }, () => ({ status: 500 })))
    await assert.rejects(update(), { code: 'download-failed' })
    assert.equal(readCurrent(folder), undefined)
    server.requests.length = 0
    assert.equal((await update()).after.advisories, 50)
    assert.ok(server.requests.includes('GET /npm/all.zip bytes=2000-'))
    assert.deepEqual(readdirSync(join(folder, 'downloads')), [])
  })
})

test('an archive that changed meanwhile, or a server that cannot continue, begins anew', async () => {
  await withBench(async ({ server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', { breakAfter: 2000 }, ...Array.from({ length: 5 }, () => ({ status: 500 })))
    await assert.rejects(update())
    server.publish('npm', records.slice(0, 40))
    assert.equal((await update()).after.advisories, 40)
  })
  await withBench(async ({ server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', { breakAfter: 2000 }, 'whole')
    assert.equal((await update()).after.advisories, 50)
  })
})

test('an answer that is shorter than promised is not taken for the whole', async () => {
  await withBench(async ({ server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', 'short')
    assert.equal((await update()).after.advisories, 50)
  })
})

test('a damaged archive leaves the old database, and is not continued from', async () => {
  await withBench(async ({ folder, server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', 'corrupt')
    await assert.rejects(update(), { code: 'download-failed' })
    assert.equal(openStored(folder), undefined)
    assert.deepEqual(readdirSync(join(folder, 'downloads')), [])
    assert.equal((await update()).after.advisories, 50)
  })
})

test('a server that fails for good, or lacks the ecosystem, is a fault', async () => {
  await withBench(async ({ server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/modified_id.csv', ...Array.from({ length: 5 }, () => ({ status: 500 })))
    await assert.rejects(update(), { code: 'download-failed', message: /500, after 5 attempts$/ })
    mishap('/npm/modified_id.csv', { status: 403 })
    await assert.rejects(update(), { code: 'download-failed', message: /403$/ })
    await assert.rejects(update({ ecosystems: ['Nowhere'] }), { code: 'download-failed', message: /Nowhere/ })
    await assert.rejects(update({ ecosystems: ['../npm'] }), { code: 'usage' })
    await assert.rejects(update({ source: 'http://127.0.0.1:1' }), { code: 'download-failed' })
  })
})

test('a server may ask to be left alone for a while', async () => {
  await withBench(async ({ server, update, mishap }) => {
    server.publish('npm', records)
    mishap('/npm/all.zip', { status: 429, headers: { 'retry-after': '7' } })
    const pauses: number[] = []
    await update({ sleep: async ms => void pauses.push(ms) })
    assert.deepEqual(pauses, [7000])
  })
})

test('without a list of changes the archive is taken again, but only when it changed', async () => {
  await withBench(async ({ server, update }) => {
    server.publish('npm', records, { list: false })
    await update()
    const unchanged = await update()
    assert.deepEqual([unchanged.after.advisories, unchanged.bytes], [50, 0])
    server.publish('npm', records.slice(0, 10), { list: false })
    assert.equal((await update()).after.advisories, 10)
  })
})

test('what changed after the archive was packed is taken with it', async () => {
  await withBench(async ({ server, update }) => {
    server.publish('npm', records)
    server.publish('npm', [...records, recordOf('GHSA-late', 'late', ALL, { modified: at(58) })], { archive: false })
    assert.equal((await update()).after.newest, at(58))
  })
})

test('credentials in a mirror’s address travel in a header and are stored nowhere', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    const seen = new Set<string | undefined>()
    const result = await update({
      source: server.url.replace('http://', 'http://me:s%40cret@'),
      fetch: (url, init) => {
        seen.add(init.headers['authorization'])
        assert.ok(!url.includes('cret'))
        return fetch(url, init)
      },
    })
    assert.deepEqual([...seen], [`Basic ${Buffer.from('me:s@cret').toString('base64')}`])
    assert.equal(result.after.source, server.url)
    assert.ok(!readFileSync(join(folder, 'current'), 'utf8').includes('cret'))
  })
})

test('an update that is stopped at any write leaves the old database, and the next one completes', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records.slice(0, 40))
    const { after: old } = await update()
    server.publish('npm', records, { archive: false })
    for (let step = 0; ; step++) {
      let acts = 0
      const stop = (): void => {
        if (acts++ === step) throw new Error('killed')
      }
      const disk: Disk = {
        async write(path, content) {
          if (acts === step) writeFileSync(path, Buffer.from(content).subarray(0, 5))
          stop()
          await realDisk.write(path, content)
        },
        async rename(from, to) {
          stop()
          await realDisk.rename(from, to)
        },
      }
      const outcome = await update({ disk }).catch((cause: unknown) => cause)
      if (!(outcome instanceof Error)) {
        assert.ok(step >= 5)
        break
      }
      assert.equal(openStored(folder)?.status.hash, old.hash)
    }
    assert.equal(openStored(folder)?.status.advisories, 50)
    assert.equal(readdirSync(folder).filter(name => name.startsWith('g-')).length, 2)
  })
})

test('updates at the same time wait for each other and all succeed', async () => {
  await withBench(async ({ server, update }) => {
    server.publish('npm', records)
    const results = await Promise.all([update(), update(), update()])
    assert.equal(new Set(results.map(({ after }) => after.hash)).size, 1)
    assert.equal(server.requests.filter(line => line.includes('all.zip')).length, 1)
  })
})

test('a lock whose owner is gone is taken over; one whose owner lives is waited for', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    await update()
    const lock = join(folder, 'update.lock')
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise(resolve => child.on('exit', resolve))
    const { hostname } = await import('node:os')
    writeFileSync(lock, JSON.stringify({ pid: child.pid, host: hostname(), token: 'x' }))
    await update()
    assert.equal(existsSync(lock), false)
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: 'x' }))
    await assert.rejects(update({ patienceMs: 50 }), { code: 'advisories-locked' })
    assert.equal(existsSync(lock), true)
  })
})

test('any changed byte in the database is detected, named, and mended by the next update without a new archive', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    const { after } = await update()
    const flip = (file: string, place: number): void => {
      const bytes = readFileSync(file)
      const i = Math.floor(place * bytes.length)
      bytes[i] = (bytes[i] ?? 0) ^ 4
      writeFileSync(file, bytes)
    }
    for (const place of [0, 0.1, 0.5, 0.999]) {
      for (const name of ['advisories.hot', 'advisories.cold']) {
        const file = join(folder, readCurrent(folder)?.generation ?? '', name)
        flip(file, place)
        if (name.endsWith('hot'))
          assert.throws(
            () => openStored(folder),
            (cause: unknown) => cause instanceof Fault && cause.code === 'advisories-corrupt' && cause.message.includes(file),
          )
        server.requests.length = 0
        const mended = await update()
        assert.equal(mended.notes.length, 1)
        assert.match(mended.notes[0] ?? '', /advisories\.(hot|cold) .*rebuilt/)
        assert.equal(mended.after.hash, after.hash)
        assert.deepEqual(server.requests, ['GET /npm/modified_id.csv'])
      }
    }
    flip(join(folder, readCurrent(folder)?.generation ?? '', 'records', 'npm.ndjson.gz'), 0.5)
    flip(join(folder, 'current'), 0)
    assert.throws(() => openStored(folder), { code: 'advisories-corrupt' })
    assert.equal((await update()).after.hash, after.hash)
  })
})

test('an update stops when it is told to', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    const controller = new AbortController()
    const running = update({ signal: controller.signal, progress: () => controller.abort(new Error('stopped')) })
    await assert.rejects(running, /stopped/)
    assert.equal(openStored(folder), undefined)
    assert.equal(existsSync(join(folder, 'update.lock')), false)
  })
})
