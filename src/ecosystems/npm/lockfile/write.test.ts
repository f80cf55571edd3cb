import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { applyEdits } from '../../../text/edits.ts'
import type { JsonObject } from '../../../text/json-source.ts'
import type { EntryFlags, EntrySpec, LockChanges, ManifestRange, RawManifest } from './lock-changes.ts'
import { FLAGS } from './lock-changes.ts'
import { nameOfPath, textOf } from './lock-entries.ts'
import { readLockSource } from './lock-source.ts'
import { lockEdits } from './write.ts'

/**
 * The locks under fixtures/ were written by npm 11 itself, before and after its manifest moved, against a registry of made-up
 * packages (fixtures/registry.json) that take every odd form a registry may answer with.
 */
const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const registry: RawManifest[] = JSON.parse(fixture('registry.json'))

function manifestOf(name: string, version: string): RawManifest {
  const found = registry.find(manifest => manifest['name'] === name && manifest['version'] === version)
  assert.ok(found, `${name}@${version}`)
  return found
}

interface Place {
  readonly name: string
  readonly version: string
  readonly flags: EntryFlags
}

function placesOf(text: string): Map<string, Place> {
  const lock = readLockSource('package-lock.json', text)
  const places = new Map<string, Place>()
  const put = (path: string, entry: JsonObject, name: string, version: string) => {
    const flags = Object.fromEntries(FLAGS.filter(flag => entry.member(flag) !== undefined).map(flag => [flag, true]))
    places.set(path, { name, version, flags })
  }
  const walk = (parent: JsonObject, base: string) => {
    const dependencies = parent.get('dependencies')
    if (dependencies?.kind !== 'object') return
    for (const { key, value } of dependencies.members) {
      assert.ok(value.kind === 'object')
      const path = `${base}node_modules/${key}`
      const written = textOf(value.get('version')) ?? ''
      const alias = /^npm:(.+)@(.+)$/.exec(written)
      put(path, value, alias?.[1] ?? key, alias?.[2] ?? written)
      walk(value, `${path}/`)
    }
  }
  const packages = lock.root.get('packages')
  if (packages?.kind !== 'object') walk(lock.root, '')
  else {
    for (const { key, value } of packages.members) {
      if (key === '' || value.kind !== 'object') continue
      put(key, value, textOf(value.get('name')) ?? nameOfPath(key), textOf(value.get('version')) ?? '')
    }
  }
  return places
}

/** The changes that lead from one lock to another, as a planner would ask for them. */
function changesBetween(before: string, after: string): LockChanges {
  const old = placesOf(before)
  const now = placesOf(after)
  const set = new Map<string, EntrySpec>()
  const flags = new Map<string, EntryFlags>()
  for (const [path, place] of now) {
    const was = old.get(path)
    if (was?.version === place.version && was.name === place.name) flags.set(path, place.flags)
    else set.set(path, { ...place, manifest: manifestOf(place.name, place.version) })
  }
  const remove = new Set([...old.keys()].filter(path => !now.has(path)))
  return { set, remove, flags, manifests: rangesOf(after) }
}

function rangesOf(text: string): ManifestRange[] {
  const root: unknown = JSON.parse(text).packages?.['']
  if (typeof root !== 'object' || root === null) return []
  return (['dependencies', 'devDependencies'] as const).flatMap(section => {
    const ranges: Record<string, string> = Reflect.get(root, section) ?? {}
    return Object.entries(ranges).map(([name, range]) => ({ path: '', section, name, range }))
  })
}

function changed(text: string, changes: LockChanges): string {
  return applyEdits(text, lockEdits(readLockSource('package-lock.json', text), changes))
}

const NOTHING: LockChanges = { set: new Map(), remove: new Set(), flags: new Map() }
const STYLES: readonly (readonly [string, (text: string) => string])[] = [
  ['two spaces', text => text],
  ['four spaces', text => `${JSON.stringify(JSON.parse(text), null, 4)}\n`],
  ['tabs', text => `${JSON.stringify(JSON.parse(text), null, '\t')}\n`],
  ['CRLF', text => text.replaceAll('\n', '\r\n')],
  ['no final newline', text => text.trimEnd()],
  ['one line', text => JSON.stringify(JSON.parse(text))],
  ['a byte order mark', text => `\ufeff${text}`],
]

for (const version of [1, 2, 3]) {
  const before = fixture(`v${version}.before.json`)
  const after = fixture(`v${version}.after.json`)

  for (const [style, styled] of STYLES) {
    test(`version ${version}, ${style}: the edited lock is byte for byte the one that npm writes, forth and back`, () => {
      assert.equal(changed(styled(before), changesBetween(before, after)), styled(after))
      assert.equal(changed(styled(after), changesBetween(after, before)), styled(before))
    })
  }

  test(`version ${version}: a lock without resolved or integrity gets none`, () => {
    const bare = (text: string) => text.replaceAll(/\n *"(resolved|integrity)": "(https|sha512)[^\n]*/g, '').replaceAll(/,(\s*\})/g, '$1')
    assert.equal(changed(bare(before), changesBetween(before, after)), bare(after))
  })

  test(`version ${version}: asking for what is there already edits nothing`, () => {
    const asked = changesBetween(before, before)
    const lock = readLockSource('package-lock.json', before)
    const same = new Map(
      [...placesOf(before)].map(([path, place]) => [path, { ...place, manifest: manifestOf(place.name, place.version) }]),
    )
    assert.deepEqual(lockEdits(lock, asked), [])
    assert.deepEqual(lockEdits(lock, { ...NOTHING, set: same }), [])
    assert.deepEqual(lockEdits(lock, NOTHING), [])
  })

  test(`version ${version}: an unknown key of a changed entry stays`, () => {
    const odd = before.replace(/"resolved": "[^"]*app-tool[^"]*",/g, '$& "x-note" :  [ 1,2],')
    const result = changed(odd, changesBetween(before, after))
    assert.ok(odd !== before && result.includes('"x-note" :  [ 1,2]'))
    const known: unknown = JSON.parse(result, (key, value) => (key === 'x-note' ? undefined : value))
    assert.deepEqual(known, JSON.parse(after))
  })
}

test('a new address takes base and form from the lock, never from the registry that answered', () => {
  const before = fixture('v3.before.json').replace('https://registry.example/npm/@deep/thread', 'http://scoped.example/x/@deep%2fthread')
  const result = changed(before, changesBetween(fixture('v3.before.json'), fixture('v3.after.json')))
  assert.ok(result.includes('"http://scoped.example/x/@deep%2fthread/-/thread-1.1.0.tgz"'))
  assert.ok(result.includes('"https://registry.example/npm/app-tool/-/app-tool-1.0.1.tgz"'))
  assert.ok(!result.includes('mirror.example'))
})

test('a lock from npm 7–10 prints no licence and no libc for new entries', () => {
  const older = (text: string) => text.replaceAll(/\n *"license": [^\n]*/g, '').replaceAll(/\n *"libc": \[[^\]]*\],/g, '')
  const fixed = (text: string) => older(text).replaceAll(/,(\s*\})/g, '$1')
  const before = fixed(fixture('v3.before.json'))
  const result = changed(before, changesBetween(fixture('v3.before.json'), fixture('v3.after.json')))
  assert.ok(!result.includes('"license"'))
  assert.ok(result.includes('"deprecated"'))
})

test('an integrity that only SHA-1 is known for is written as such', () => {
  const before = fixture('v3.before.json')
  const manifest = { dist: { shasum: '00'.repeat(20) } }
  const set = new Map([['node_modules/going', { version: '1.0.9', manifest, flags: {} }]])
  assert.ok(changed(before, { ...NOTHING, set }).includes('"integrity": "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="'))
})

test('npm 6 knew no peer and devOptional flags, so its locks get none', () => {
  const before = fixture('v1.before.json')
    .replaceAll(/\n *"peer": true,?/g, '')
    .replaceAll(/\n *"requires": \{\},?/g, '')
    .replaceAll(/,(\s*\})/g, '$1')
  const flags = new Map([['node_modules/steady', { peer: true, devOptional: true, optional: true }]])
  const result = changed(before, { ...NOTHING, flags })
  assert.deepEqual(JSON.parse(result).dependencies.steady.optional, true)
  assert.ok(!/"(peer|devOptional)"/.test(result))
})

test('a lock of npm 5, whose requires name versions, goes on naming them', () => {
  const lock = (needle: string, extra: Record<string, string>) => {
    const entry = (version: string, requires?: Record<string, string>, dependencies?: object) => ({
      version,
      ...(requires ? { requires } : {}),
      ...(dependencies ? { dependencies } : {}),
    })
    const dependencies = {
      a: entry('1.0.0', { b: '2.0.0', needle }),
      b: entry('2.0.0', { c: '1.0.0', needle: '0.9.0', ...extra }, { needle: entry('0.9.0') }),
      c: entry('1.0.0', { d: '1.0.0', needle }),
      d: entry('1.0.0'),
      needle: entry(needle, needle === '1.0.5' ? { d: '1.0.0' } : undefined),
    }
    return `${JSON.stringify({ name: 'made-up', lockfileVersion: 1, requires: true, dependencies }, null, 2)}\n`
  }
  const manifest = { dependencies: { d: '^1.0.0' } }
  const set = new Map([['node_modules/needle', { version: '1.0.5', manifest, flags: {} }]])
  assert.equal(changed(lock('1.0.0', {}), { ...NOTHING, set }), lock('1.0.5', {}))
})

test('what is installed in a workspace is found under its link in the nested tree', () => {
  const entry = (version: string) => ({ version, resolved: `https://registry.example/needle/-/needle-${version}.tgz` })
  const lock = (version: string) => ({
    name: 'made-up',
    lockfileVersion: 2,
    requires: true,
    packages: {
      '': { name: 'made-up', workspaces: ['packages/*'] },
      'node_modules/@w/x': { resolved: 'packages/x', link: true },
      'packages/x': { name: '@w/x', version: '1.0.0', dependencies: { needle: version } },
      'packages/x/node_modules/needle': entry(version),
    },
    dependencies: { '@w/x': { version: 'file:packages/x', requires: { needle: version }, dependencies: { needle: entry(version) } } },
  })
  const text = (version: string) => `${JSON.stringify(lock(version), null, 2)}\n`
  const result = changed(text('1.0.0'), {
    ...NOTHING,
    set: new Map([['packages/x/node_modules/needle', { version: '1.0.5', manifest: {}, flags: {} }]]),
    manifests: [{ path: 'packages/x', section: 'dependencies', name: 'needle', range: '1.0.5' }],
  })
  assert.equal(result, text('1.0.5'))
})

test('paths and values that cannot be right end in a fault or are left out', () => {
  const lock = readLockSource('package-lock.json', fixture('v3.before.json'))
  for (const path of ['../x', 'node_modules/../x', 'node_modules/__proto__', 'node_modules//x', 'node_modules/@s', 'x', '']) {
    const set = new Map([[path, { version: '1.0.0', manifest: {}, flags: {} }]])
    assert.throws(() => lockEdits(lock, { ...NOTHING, set }), { code: 'lockfile-invalid' }, path)
  }
  const manifest: RawManifest = JSON.parse(
    '{"dependencies":{"__proto__":"1","a":{"b":1},"c":"1"},"bin":{"x":"../../../etc/passwd","..":"y","z":7},"os":[1e999],"funding":7,"dist":{"integrity":"lies"}}',
  )
  const result = changed(lock.text, { ...NOTHING, set: new Map([['node_modules/odd', { version: '1.0.0', manifest, flags: {} }]]) })
  const odd = JSON.parse(result).packages['node_modules/odd']
  assert.deepEqual(odd.dependencies, { c: '1' })
  assert.deepEqual(odd.bin, { x: 'etc/passwd' })
  assert.equal(odd.integrity, undefined)
})

test('a lockfile of an unknown version is refused', () => {
  assert.throws(() => readLockSource('package-lock.json', '{"lockfileVersion":4}'), { code: 'lockfile-unsupported' })
  assert.throws(() => readLockSource('package-lock.json', '[]'), { code: 'lockfile-invalid' })
  assert.throws(() => readLockSource('package-lock.json', '{"lockfileVersion":3,"packages":[]}'), { code: 'lockfile-invalid' })
})
