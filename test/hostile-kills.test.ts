import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { recover, sha256Of } from '../src/apply/write-files.ts'
import { lockWith, manifestWith } from './hostile/locks.ts'
import { type HostileProject, hostileProject, outcomeOf, suture } from './hostile/run-suture.ts'
import { type LoopbackRegistry, startRegistry } from './registry/server.ts'

const KILLS = Number(process.env['SUTURE_KILLS'] ?? 25)
const PROGRAM = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const FILES = ['package-lock.json', 'package.json']

/** The manifest holds the hole in place, so that a fix changes both files. */
const ROOT = { dependencies: { victim: '1.0.0' } }
const OLD = [lockWith([], 3, { name: 'project', version: '1.0.0', ...ROOT }), manifestWith(ROOT)]
const WORDS = ['fix', '--no-native', '--manifest', '--budget', 'all']

interface Lane extends AsyncDisposable {
  readonly project: HostileProject
  readonly registry: LoopbackRegistry
  read(): string[]
  restart(): void
}

async function openLane(): Promise<Lane> {
  const registry = await startRegistry({ packages: { victim: { versions: { '1.0.0': {}, '1.1.0': {} } } } })
  const project = hostileProject({
    'package-lock.json': OLD[0] ?? '',
    'package.json': OLD[1] ?? '',
    '.npmrc': `registry=${registry.url}\n`,
  })
  const states = [join(project.folder, '.suture'), project.environment['SUTURE_HOME'] ?? '']
  return {
    project,
    registry,
    read: () => FILES.map(name => readFileSync(join(project.folder, name), 'utf8')),
    restart() {
      for (const [at, name] of FILES.entries()) writeFileSync(join(project.folder, name), OLD[at] ?? '')
      for (const folder of states) rmSync(folder, { recursive: true, force: true })
    },
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]()
      await registry.close()
    },
  }
}

/** A third anywhere; a third after the registry's last word; a third once something is written. */
async function killSometime({ project, registry }: Lane, kill: number, whole: number) {
  const asked = registry.requests.length
  const watcher = watch(project.folder)
  const written = once(watcher, 'change')
  const child = start(project)
  const ended = once(child, 'exit')
  if (kill % 3 === 0) await Promise.race([sleep(Math.random() * whole), ended])
  if (kill % 3 === 1) {
    while (child.exitCode === null && !registry.requests.slice(asked).some(({ kind }) => kind === 'manifest')) await sleep(1)
    await Promise.race([sleep(Math.random() * whole * 0.1), ended])
  }
  if (kill % 3 === 2) {
    await Promise.race([written, ended])
    const until = performance.now() + Math.random() * 6
    while (performance.now() < until);
  }
  child.kill('SIGKILL')
  await ended
  watcher.close()
}

test(`a fix killed ${KILLS} times at random leaves the old files or the new ones, and the next fix succeeds`, {
  timeout: 3_600_000,
}, async () => {
  await using one = await openLane()
  await using other = await openLane()
  const started = performance.now()
  await once(start(one.project), 'exit')
  const whole = performance.now() - started
  const fixed = one.read()
  assert.ok(fixed.every((text, at) => text !== OLD[at]))
  const seen = { old: 0, fixed: 0, between: 0, unfinished: 0 }

  const run = async (lane: Lane, first: number) => {
    const { project, read } = lane
    for (let kill = first; kill < KILLS; kill += 2) {
      lane.restart()
      await killSometime(lane, kill >> 1, whole)
      const isFixed = read().map((text, at) => {
        assert.ok(text === OLD[at] || text === fixed[at], `${FILES[at]} is half written`)
        return text === fixed[at]
      })
      seen[isFixed.every(Boolean) ? 'fixed' : isFixed.some(Boolean) ? 'between' : 'old']++
      if ((await recover(project.folder)) !== 'nothing') seen.unfinished++
      assert.ok(read().every((text, at) => text === fixed[at]) || read().every((text, at) => text === OLD[at]))

      assert.equal(outcomeOf(await suture(project, WORDS)), undefined)
      assert.deepEqual(read(), fixed)
      assert.match(strangersIn(project.folder), /^\.suture \.suture\/receipts \.suture\/receipts\/[^ /]+\.json$/)
    }
  }
  await Promise.all([run(one, 0), run(other, 1)])
  assert.ok(seen.old > 0)
  if (process.env['SUTURE_SLOW']) console.log(seen)
})

/** What lies in the project that was not put there. */
function strangersIn(folder: string): string {
  const names = readdirSync(folder, { recursive: true }).map(String)
  return names
    .filter(name => !FILES.includes(name) && name !== '.npmrc')
    .sort()
    .join(' ')
}

function start({ folder, environment, advisories }: HostileProject) {
  return spawn(process.execPath, [PROGRAM, ...WORDS, '--advisories', advisories], { cwd: folder, env: environment, stdio: 'ignore' })
}

test('a fix first finishes what a killed one left between two files', async () => {
  await using lane = await openLane()
  const { project, read } = lane
  assert.equal(outcomeOf(await suture(project, WORDS)), undefined)
  const fixed = read()
  lane.restart()
  const [lock = '', manifest = ''] = fixed
  const fresh = '.package.json.suture-0123456789abcdef'
  const journal = {
    phase: 'commit',
    pid: 2 ** 30,
    files: FILES.map((path, at) => ({
      path,
      fresh: at === 0 ? '.package-lock.json.suture-0123456789abcdef' : fresh,
      beforeSha256: sha256Of(OLD[at] ?? ''),
      afterSha256: sha256Of(fixed[at] ?? ''),
    })),
  }
  writeFileSync(join(project.folder, 'package-lock.json'), lock)
  writeFileSync(join(project.folder, fresh), manifest)
  mkdirSync(join(project.folder, '.suture'))
  writeFileSync(join(project.folder, '.suture', 'journal.json'), JSON.stringify(journal))

  assert.equal(outcomeOf(await suture(project, WORDS)), undefined)
  assert.deepEqual(read(), fixed)
  assert.equal(strangersIn(project.folder), '')
})
