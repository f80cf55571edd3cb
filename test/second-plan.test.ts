import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockWith, manifestWith } from './hostile/locks.ts'
import { hostileProject, suture } from './hostile/run-suture.ts'
import { startRegistry, type TestPackages } from './registry/server.ts'

/** The way out needs three packages that only the registry knows, one after the other, and an archive that bundles a fourth. */
const packages: TestPackages = {
  victim: { versions: { '1.0.0': {}, '1.1.0': { dependencies: { a: '^1.0.0' } } } },
  a: { versions: { '1.0.0': { dependencies: { b: '^1.0.0' } } } },
  b: { versions: { '1.0.0': { dependencies: { bundler: '^1.0.0' } } } },
  bundler: {
    versions: { '1.0.0': { dependencies: { inner: '^1.0.0' }, bundleDependencies: ['inner'] } },
    files: { '1.0.0': { 'node_modules/inner/package.json': '{"name":"inner","version":"1.0.0"}' } },
  },
}

const PLAN = ['plan', '--json', '--budget', 'all'] as const

async function withProject(work: (given: { plan: () => Promise<string>; asked: () => number; home: string }) => Promise<void>) {
  await using registry = await startRegistry({ packages })
  const files = { 'package.json': manifestWith(), 'package-lock.json': lockWith([]), '.npmrc': `registry=${registry.url}\n` }
  using project = hostileProject(files)
  await work({
    async plan() {
      const { out, err, code } = await suture(project, PLAN)
      assert.equal(code, 0, err)
      return out
    },
    asked: () => registry.requests.splice(0).length,
    home: project.environment['SUTURE_HOME'] ?? '',
  })
}

test('a second plan says the same and asks the registry nothing, archives included', () =>
  withProject(async ({ plan, asked }) => {
    const first = await plan()
    assert.match(first, /"name": "bundler"/)
    assert.ok(asked() > 0)
    assert.equal(await plan(), first)
    assert.equal(asked(), 0)
  }))

test('a cache that was damaged in any byte costs a reading and changes no plan', () =>
  withProject(async ({ plan, home }) => {
    const first = await plan()
    const files = readdirSync(home, { recursive: true }).map(name => join(home, String(name)))
    const packs = files.filter(path => path.endsWith('.pack') && statSync(path).isFile())
    assert.ok(packs.some(path => path.includes('readings')) && packs.some(path => path.includes('metadata')))
    for (const path of packs) {
      const whole = readFileSync(path)
      for (const at of [9, 30, whole.length >> 1, whole.length - 3]) {
        const broken = Buffer.from(whole)
        broken[at] = (broken[at] ?? 0) ^ 0x20
        writeFileSync(path, broken)
        assert.equal(await plan(), first)
      }
      writeFileSync(path, whole)
    }
  }))
