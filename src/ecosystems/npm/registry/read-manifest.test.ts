import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../model/faults.ts'
import { integrityOfShasum, isIntegrity, matchesIntegrity } from './integrity.ts'
import { readManifest } from './read-manifest.ts'

const dist = { tarball: 'https://registry.example/a/-/a-1.0.0.tgz' }

function read(more: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(readManifest({ name: '@s/a', version: '1.0.0', dist, ...more }, '@s/a', '1.0.0')))
}

test('fields that a lockfile repeats are kept, others are not', () => {
  const fields = {
    dependencies: { b: '^1.0.0' },
    engines: { node: '>=4' },
    os: ['linux'],
    cpu: ['!arm'],
    libc: 'musl',
    license: 'MIT',
    funding: [{ type: 'x', url: 'https://fund.example' }, 'https://fund.example'],
    bundleDependencies: ['b'],
    peerDependencies: { c: '1' },
    peerDependenciesMeta: { c: { optional: true } },
    deprecated: 'use b',
  }
  assert.deepEqual(read({ ...fields, readme: 'long', _id: 'a', scripts: { install: 'x' } }), {
    name: '@s/a',
    version: '1.0.0',
    dist,
    ...fields,
    hasInstallScript: true,
  })
  assert.deepEqual(read({ license: { type: 'ISC', url: 'x' }, engines: ['node >= 0.8'], os: 7, funding: () => 1 }), {
    name: '@s/a',
    version: '1.0.0',
    dist,
    license: 'ISC',
    engines: ['node >= 0.8'],
  })
})

test('commands have names without folders and paths that stay in the package', () => {
  const bin = (value: unknown) => readManifest({ name: '@s/a', version: '1.0.0', dist, bin: value }, '@s/a', '1.0.0').bin
  assert.deepEqual({ ...bin('./cli.js') }, { a: 'cli.js' })
  assert.deepEqual({ ...bin({ x: './bin/x.js', '../../y': '../../../etc/y', z: 7, '': 'q' }) }, { x: 'bin/x.js', y: 'etc/y' })
  assert.deepEqual({ ...bin(['tools/one.js']) }, { 'one.js': 'tools/one.js' })
  assert.equal(bin({}), undefined)
})

test('a manifest that cannot be right is a fault that names the version', () => {
  const wrong = [
    { name: 'b' },
    { version: '2.0.0' },
    { dist: undefined },
    { dist: { tarball: 'file:///etc/passwd' } },
    { dist: { tarball: 'x' } },
    { dist: { ...dist, integrity: 'md5-xxxx' } },
    { dist: { ...dist, shasum: 'zz' } },
    { dependencies: { '../x': '1' } },
    { optionalDependencies: 7 },
  ]
  for (const fields of wrong) {
    assert.throws(
      () => read(fields),
      (error: unknown) => error instanceof Fault && error.code === 'registry-invalid' && error.message.includes('@s/a@1.0.0'),
      JSON.stringify(fields),
    )
  }
})

test('the strongest digest decides, and a weaker one that fits does not help', () => {
  const bytes = Buffer.from('content')
  const sha1 = integrityOfShasum('040f06fd774092478d450774f5ba30c5da78acc8') ?? ''
  const wrong = `sha512-${Buffer.alloc(64).toString('base64')}`
  assert.ok(isIntegrity(`${sha1} ${wrong}`))
  assert.ok(matchesIntegrity(bytes, sha1))
  assert.ok(!matchesIntegrity(bytes, `${sha1} ${wrong}`))
  assert.ok(!matchesIntegrity(bytes, ''))
  assert.ok(!isIntegrity('sha512-short'))
  assert.ok(!isIntegrity('md5-1B2M2Y8AsgTpgAmY7PhCfg=='))
})
