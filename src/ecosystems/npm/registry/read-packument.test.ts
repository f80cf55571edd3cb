import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PackageFacts } from '../../../model/catalogue.ts'
import { Fault } from '../../../model/faults.ts'
import { packFacts, unpackFacts } from './pack-facts.ts'
import { readPackument } from './read-packument.ts'

const sha512 = `sha512-${Buffer.alloc(64, 7).toString('base64')}`

function read(versions: Record<string, unknown>, more: Record<string, unknown> = {}): PackageFacts {
  return readPackument(JSON.stringify({ name: 'a', versions, ...more }), 'a')
}

/** As plain objects, to compare by value. */
function plain(facts: PackageFacts): unknown {
  return JSON.parse(JSON.stringify(facts))
}

test('versions come in semver’s order with what planning needs, and nothing else', () => {
  const facts = read(
    {
      '1.10.0': {
        dist: { integrity: sha512, tarball: 'https://registry.example/a.tgz' },
        engines: { node: '>=18', npm: '9' },
        readme: 'x',
      },
      '1.9.0': { dist: { shasum: '00'.repeat(20) }, deprecated: 'old', scripts: { postinstall: 'node x' } },
      '2.0.0-rc.1': { bundledDependencies: ['c', 'b'], _hasShrinkwrap: true, deprecated: '' },
      '1.0.0': {
        bundleDependencies: true,
        hasInstallScript: true,
        peerDependencies: { p: '1', q: '2' },
        peerDependenciesMeta: { q: { optional: true }, x: { optional: true } },
      },
    },
    {
      'dist-tags': { latest: '1.10.0', gone: '9.9.9', wrong: 1 },
      time: { '1.10.0': '2024-01-02T03:04:05Z', '1.9.0': 'yesterday', modified: '2024-01-02T03:04:05Z' },
    },
  )
  assert.deepEqual(plain(facts), {
    name: 'a',
    tags: { latest: '1.10.0' },
    versions: [
      { version: '1.0.0', peerDependencies: { p: '1', q: '2' }, optionalPeers: ['q'], bundled: true, hasInstallScript: true },
      { version: '1.9.0', deprecated: true, hasInstallScript: true, integrity: `sha1-${Buffer.alloc(20).toString('base64')}` },
      { version: '1.10.0', node: '>=18', integrity: sha512, published: '2024-01-02T03:04:05.000Z' },
      { version: '2.0.0-rc.1', bundled: ['b', 'c'], hasShrinkwrap: true },
    ],
  })
})

test('a name in several lists counts once: optional before required before peer', () => {
  const facts = read({
    '1.0.0': { dependencies: { x: '1', y: '1' }, optionalDependencies: { x: '2' }, peerDependencies: { x: '3', y: '3', z: '3' } },
  })
  assert.deepEqual(plain(facts), {
    name: 'a',
    tags: {},
    versions: [{ version: '1.0.0', dependencies: { y: '1' }, optionalDependencies: { x: '2' }, peerDependencies: { z: '3' } }],
  })
})

test('a version that cannot be right is left out, and only that one', () => {
  const wrong: [string, unknown][] = [
    ['1.0', {}],
    ['v1.0.0', {}],
    ['1.0.0+build', {}],
    ['../1.0.0', {}],
    ['1.0.1', null],
    ['1.0.2', 'text'],
    ['1.0.3', { name: 'b' }],
    ['1.0.4', { version: '1.0.5' }],
    ['1.0.6', { dependencies: { '../x': '1' } }],
    ['1.0.7', { dependencies: { '/etc/passwd': '1' } }],
    ['1.0.8', { dependencies: { b: 1 } }],
    ['1.0.9', { dependencies: { b: '\u001b[2J' } }],
    ['1.0.10', { dependencies: 'b' }],
    ['1.0.11', { dist: { integrity: 'sha512-AAAA' } }],
    ['1.0.12', { dist: 'x' }],
    ['1.0.13', { peerDependencies: ['b'] }],
    ['1.0.14', { dependencies: { '.hidden': '1' } }],
    ['1.0.15', { dependencies: { '@../x': '1' } }],
  ]
  for (const [version, manifest] of wrong) {
    assert.deepEqual(read({ '1.2.3': {}, [version]: manifest }).versions, [{ version: '1.2.3' }], version)
  }
})

test('keys that name an object’s prototype are keys like any other', () => {
  const text =
    '{"name":"a","__proto__":{"versions":{}},"versions":{"__proto__":{"dependencies":{}},"1.0.0":{"dependencies":{"constructor":"1","toString":"2"}},"constructor":{}}}'
  const facts = readPackument(text, 'a')
  const [version] = unpackFacts(packFacts(facts)).versions
  assert.equal(facts.versions.length, 1)
  assert.deepEqual(Object.entries(version?.dependencies ?? {}), [
    ['constructor', '1'],
    ['toString', '2'],
  ])
  assert.equal(version?.dependencies?.['hasOwnProperty'], undefined)
  assert.equal(facts.tags['constructor'], undefined)
  const polluting = readPackument('{"name":"a","versions":{"1.0.0":{"dependencies":{"__proto__":"1"}},"1.0.1":{}}}', 'a')
  assert.deepEqual(polluting.versions, [{ version: '1.0.1' }])
})

test('a document about something else, or about nothing, is a fault that names the package', () => {
  const texts = [
    '',
    'no',
    '[]',
    'null',
    '{}',
    '{"name":"b","versions":{}}',
    '{"name":"a"}',
    '{"name":"a","versions":[]}',
    '{"name":"a","versions":{"x":{},"y":1}}',
  ]
  for (const text of texts) {
    assert.throws(
      () => readPackument(text, 'a'),
      (error: unknown) => error instanceof Fault && error.code === 'registry-invalid' && /about a /.test(error.message),
      text,
    )
  }
  const many = Object.fromEntries(Array.from({ length: 50_001 }, (_, index) => [`1.0.${index}`, {}]))
  assert.throws(() => read(many), /50001 versions/)
})

test('a package whose every version was unpublished has none', () => {
  assert.deepEqual(readPackument('{"name":"a","time":{"unpublished":{"versions":["1.0.0"]}}}', 'a').versions, [])
})

test('facts come out of their packed form as they went in, and equal facts pack to equal bytes', () => {
  const name = fc.constantFrom('b', 'c', '@s/d', 'constructor')
  const ranges = fc.dictionary(name, fc.constantFrom('^1.0.0', '*', 'npm:x@1', ''), { noNullPrototype: true })
  const manifest = fc.record(
    {
      dependencies: ranges,
      optionalDependencies: ranges,
      peerDependencies: ranges,
      bundleDependencies: fc.oneof(fc.boolean(), fc.array(name)),
      engines: fc.record({ node: fc.string() }),
      deprecated: fc.oneof(fc.boolean(), fc.string()),
      hasInstallScript: fc.boolean(),
      _hasShrinkwrap: fc.boolean(),
      dist: fc.constantFrom({}, { integrity: sha512 }, { shasum: 'ab'.repeat(20) }),
    },
    { requiredKeys: [] },
  )
  const versions = fc.dictionary(
    fc.tuple(fc.nat(3), fc.nat(12), fc.nat(3)).map(parts => parts.join('.')),
    manifest,
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(versions, given => {
      const facts = read(given, { time: { '1.0.0': '2024-01-02T03:04:05.000Z' } })
      const packed = packFacts(facts)
      assert.deepEqual(plain(unpackFacts(packed)), plain(facts))
      assert.ok(packFacts(unpackFacts(packed)).equals(packed))
    }),
  )
})
