import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { PathLike } from 'node:fs'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { recover, sha256Of, writeFiles } from './write-files.ts'

function inFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'suture-write-'))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

const read = (folder: string, path: string) => readFileSync(join(folder, path), 'utf8')
const change = (path: string, before: string, after: string) => ({ path, after, beforeSha256: sha256Of(before) })

test('files are exchanged, others appear, and nothing else is left', async () => {
  const folder = inFolder({ 'package-lock.json': 'old', 'a/package.json': 'old' })
  await writeFiles(folder, [
    change('package-lock.json', 'old', 'new\r\nü'),
    change('a/package.json', 'old', ''),
    { path: '.suture/receipts/one.json', after: '{}' },
  ])
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), [
    '.suture',
    '.suture/receipts',
    '.suture/receipts/one.json',
    'a',
    'a/package.json',
    'package-lock.json',
  ])
  assert.equal(read(folder, 'package-lock.json'), 'new\r\nü')
  assert.equal(read(folder, 'a/package.json'), '')
})

test('a state folder that was only needed for the write goes again', async () => {
  const folder = inFolder({ lock: 'old' })
  await writeFiles(folder, [change('lock', 'old', 'new')])
  assert.deepEqual(readdirSync(folder), ['lock'])
})

test('nothing is written when one of the files changed, is gone, or exists already', async () => {
  const folder = inFolder({ a: 'old', b: 'somebody else’s' })
  await assert.rejects(writeFiles(folder, [change('a', 'old', 'new'), change('b', 'old', 'new')]), { code: 'file-changed' })
  await assert.rejects(writeFiles(folder, [change('a', 'old', 'new'), change('c', 'old', 'new')]), { code: 'file-changed' })
  await assert.rejects(writeFiles(folder, [change('a', 'old', 'new'), { path: 'b', after: 'new' }]), { code: 'file-changed' })
  assert.deepEqual([read(folder, 'a'), read(folder, 'b'), readdirSync(folder)], ['old', 'somebody else’s', ['a', 'b']])
})

test('mode stays, and a link stays a link while its target changes', { skip: process.platform === 'win32' }, async () => {
  const folder = inFolder({ 'real/lock': 'old' })
  chmodSync(join(folder, 'real/lock'), 0o640)
  symlinkSync('real/lock', join(folder, 'lock'))
  await writeFiles(folder, [change('lock', 'old', 'new')])
  assert.ok(lstatSync(join(folder, 'lock')).isSymbolicLink())
  assert.equal(read(folder, 'real/lock'), 'new')
  assert.equal(statSync(join(folder, 'real/lock')).mode & 0o777, 0o640)
  assert.deepEqual(readdirSync(join(folder, 'real')), ['lock'])
})

test('when one file cannot be exchanged, the others are taken back', async () => {
  const folder = inFolder({ a: 'old', b: 'old' })
  const exchange = async (from: PathLike, to: PathLike) => {
    if (String(to).endsWith('c')) throw Object.assign(new Error('no'), { code: 'EIO' })
    await rename(from, to)
  }
  const files = [change('a', 'old', 'new'), { path: 'fresh', after: 'new' }, change('b', 'old', 'new'), { path: 'c', after: 'new' }]
  await assert.rejects(writeFiles(folder, files, exchange), { code: 'write-failed', message: /^c could not be written \(EIO\)/ })
  assert.deepEqual([read(folder, 'a'), read(folder, 'b'), readdirSync(folder).sort()], ['old', 'old', ['a', 'b']])
})

test('when one file cannot even be read, none is written', async () => {
  const folder = inFolder({ a: 'old', 'b/c': 'x' })
  await assert.rejects(writeFiles(folder, [change('a', 'old', 'new'), change('b', 'x', 'new')]), { code: 'file-unreadable' })
  assert.deepEqual([read(folder, 'a'), readdirSync(folder).sort()], ['old', ['a', 'b']])
})

test('a path that leaves the target is refused', async () => {
  for (const path of ['../x', '/etc/x', 'a/../../x', 'C:\\x', '']) {
    await assert.rejects(writeFiles(inFolder({}), [{ path, after: '' }]), { code: 'internal' })
  }
})

const FRESH = '.lock.suture-0123456789abcdef'
const journal = (phase: string, files: object[], pid = 2 ** 30) => JSON.stringify({ phase, pid, files })

test('recovery clears what was only prepared, and finishes what was committed', async () => {
  const entry = { path: 'lock', fresh: FRESH, beforeSha256: sha256Of('old'), afterSha256: sha256Of('new') }
  const prepared = inFolder({ lock: 'old', [FRESH]: 'ne', '.suture/journal.json': journal('prepare', [entry]) })
  assert.equal(await recover(prepared), 'cleared')
  assert.deepEqual([read(prepared, 'lock'), readdirSync(prepared)], ['old', ['lock']])
  const committed = inFolder({ lock: 'old', [FRESH]: 'new', '.suture/journal.json': journal('commit', [entry]) })
  assert.equal(await recover(committed), 'finished')
  assert.deepEqual([read(committed, 'lock'), readdirSync(committed)], ['new', ['lock']])
  assert.equal(await recover(committed), 'nothing')
  const torn = inFolder({ lock: 'old', '.suture/journal.json': '{"phase":"prep' })
  assert.equal(await recover(torn), 'cleared')
  assert.deepEqual(readdirSync(torn), ['lock'])
})

test('recovery leaves a file alone that somebody changed since', async () => {
  const entry = { path: 'lock', fresh: FRESH, beforeSha256: sha256Of('old'), afterSha256: sha256Of('new') }
  const folder = inFolder({ lock: 'mine', [FRESH]: 'new', '.suture/journal.json': journal('commit', [entry]) })
  await assert.rejects(recover(folder), { code: 'file-changed' })
  assert.deepEqual([read(folder, 'lock'), readdirSync(folder)], ['mine', ['lock']])
})

test('a write of a living process is not disturbed', async () => {
  const folder = inFolder({ lock: 'old', '.suture/journal.json': journal('prepare', [], process.ppid) })
  await assert.rejects(writeFiles(folder, [change('lock', 'old', 'new')]), { code: 'write-failed' })
  assert.equal(read(folder, 'lock'), 'old')
})

test('a journal that names places outside is not followed', async () => {
  const folder = inFolder({ x: 'x' })
  const inner = join(folder, 'inner')
  mkdirSync(join(inner, '.suture'), { recursive: true })
  const entry = { path: '../x', fresh: FRESH, beforeSha256: sha256Of('x'), afterSha256: sha256Of('y') }
  writeFileSync(join(folder, FRESH), 'y')
  writeFileSync(join(inner, '.suture/journal.json'), journal('commit', [entry]))
  assert.equal(await recover(inner), 'cleared')
  assert.equal(read(folder, 'x'), 'x')
})

const KILLS = Number(process.env['SUTURE_KILLS'] ?? 50)

test(`${KILLS} kills at random moments leave all files old or all files new`, { timeout: 600_000 }, async () => {
  const writer = fileURLToPath(new URL('fixtures/write-forever.ts', import.meta.url))
  const { contentOf } = await import('./fixtures/write-forever.ts')
  const paths = ['package-lock.json', 'package.json', 'packages/a/package.json']
  const folder = inFolder(Object.fromEntries(paths.map(path => [path, contentOf(0, path)])))
  const outcomes = new Map<string, number>()
  let last = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [writer, folder, ...paths], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await new Promise(resolve => setTimeout(resolve, Math.random() * 30))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const outcome = await recover(folder)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    const generation = Number(/ (\d+)\n/.exec(read(folder, 'package-lock.json'))?.[1])
    assert.ok(generation >= last)
    last = generation
    for (const path of paths) assert.equal(read(folder, path), contentOf(generation, path))
    const left = readdirSync(folder, { recursive: true }).filter(name => String(name).includes('suture'))
    assert.deepEqual(left, [])
  }
  assert.ok(last > 0)
  if (KILLS >= 50) assert.ok((outcomes.get('finished') ?? 0) + (outcomes.get('cleared') ?? 0) > 0)
  rmSync(folder, { recursive: true })
})
