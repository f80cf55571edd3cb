import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type RecordJson, recordOf } from './testing/records.ts'
import { withBench } from './testing/update-bench.ts'

const ALL = [{ introduced: '0' }]
const at = (minute: number): string => `2024-01-01T00:${String(minute).padStart(2, '0')}:00Z`
const records: RecordJson[] = Array.from({ length: 50 }, (_, i) => recordOf(`GHSA-${i}`, `p${i}`, ALL, { modified: at(i) }))

test('ecosystems that are not named stay as they are', async () => {
  await withBench(async ({ server, update }) => {
    const go = [{ ...recordOf('GO-1', '', []), affected: [{ package: { ecosystem: 'Go', name: 'g' }, versions: ['1.0.0'] }] }]
    server.publish('npm', records)
    server.publish('Go', go)
    await update()
    const both = await update({ ecosystems: ['Go'] })
    assert.deepEqual([both.after.advisories, both.after.ecosystems], [51, ['Go', 'npm']])
    const again = await update({ ecosystems: ['npm', 'Go'] })
    assert.equal(again.after.hash, both.after.hash)
  })
})

test('a folder serves as a source: the export’s layout, or any OSV files', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    const mirror = join(folder, 'mirror')
    mkdirSync(join(mirror, 'npm'), { recursive: true })
    writeFileSync(join(mirror, 'npm', 'all.zip'), Buffer.from(await (await fetch(`${server.url}/npm/all.zip`)).arrayBuffer()))
    assert.equal((await update({ source: mirror })).after.advisories, 50)
    const plain = join(folder, 'plain')
    mkdirSync(plain)
    const go = { ...recordOf('GO-1', '', []), affected: [{ package: { ecosystem: 'Go', name: 'g' }, versions: ['1.0.0'] }] }
    writeFileSync(join(plain, 'some.ndjson.gz'), gzipSync([...records.slice(0, 3), go].map(record => JSON.stringify(record)).join('\n')))
    const result = await update({ source: plain })
    assert.deepEqual([result.after.advisories, result.after.source, result.after.ecosystems], [3, plain, ['npm']])
    await assert.rejects(update({ source: join(folder, 'none') }), { code: 'file-unreadable' })
  })
})

test('a source without records of what was asked for is a fault that names what it has, and the old database stays', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    const before = await update()
    const file = join(folder, 'debian.ndjson')
    const affected = [{ package: { ecosystem: 'Debian:12', name: 'p' }, versions: ['1'] }]
    writeFileSync(file, JSON.stringify({ ...recordOf('DEBIAN-CVE-2024-1111', '', []), affected }))
    await assert.rejects(update({ source: file }), { code: 'advisories-invalid', hint: /--ecosystem Debian/ })
    assert.equal((await update()).after.hash, before.after.hash)
  })
})

test('what one source gave stays when another ecosystem comes from elsewhere, and is taken anew from a source that did not give it', async () => {
  await withBench(async ({ folder, server, update }) => {
    server.publish('npm', records)
    await update()
    const file = join(folder, 'go.ndjson')
    const affected = [{ package: { ecosystem: 'Go', name: 'g' }, versions: ['1.0.0'] }]
    const lines = [{ ...recordOf('GO-1', '', []), affected }, ...records.slice(0, 2)]
    writeFileSync(file, lines.map(line => JSON.stringify(line)).join('\n'))
    const both = await update({ source: file, ecosystems: ['Go'] })
    assert.deepEqual([both.after.advisories, both.after.ecosystems], [51, ['Go', 'npm']])
    const back = await update()
    assert.deepEqual([back.after.advisories, back.after.hash], [51, both.after.hash])
    assert.deepEqual((await update({ source: file })).after.advisories, 3)
  })
})

test('without names an update brings what the database holds from there, and npm where it holds nothing', async () => {
  await withBench(async ({ server, update }) => {
    const go = [{ ...recordOf('GO-1', '', []), affected: [{ package: { ecosystem: 'Go', name: 'g' }, versions: ['1.0.0'] }] }]
    server.publish('npm', records)
    server.publish('Go', go)
    assert.deepEqual((await update({ ecosystems: ['Go'] })).after.ecosystems, ['Go'])
    server.publish('Go', [...go, { ...recordOf('GO-2', '', [], { modified: at(59) }), affected: go[0]?.affected ?? [] }])
    const again = await update({ ecosystems: [] })
    assert.deepEqual([again.after.ecosystems, again.after.advisories], [['Go'], 2])
  })
  await withBench(async ({ server, update }) => {
    server.publish('npm', records)
    assert.deepEqual((await update({ ecosystems: [] })).after.ecosystems, ['npm'])
  })
})
