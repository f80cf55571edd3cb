import assert from 'node:assert/strict'
import { test } from 'node:test'
import { installedOf, offeredOf, type Packages } from '../../../../test/deb/made-world.ts'
import { Fault } from '../../../model/faults.ts'
import { keptOutBy, readPreferences } from './preferences.ts'

const PATH = 'etc/apt/preferences.d/pins'
const read = (text: string) => readPreferences([{ path: PATH, text }])

/** Per offered `name version`, why it may not enter. */
function reasons(text: string, offered: Packages, { here = {}, security = true }: { here?: Packages; security?: boolean } = {}) {
  const keptOut = keptOutBy(read(text), installedOf(here))
  return offeredOf(offered, security).map(item => keptOut(item))
}

const NGINX = { here: { 'nginx 1.22.1-9': {} } }

test('a version whose priority is below that of what is installed stays out; one that is new here only below zero', () => {
  const pin = (priority: number) => `Package: nginx\nPin: version 1.26*\nPin-Priority: ${priority}\n`
  assert.deepEqual(reasons(pin(50), { 'nginx 1.26.0-1': {}, 'nginx 1.22.1-9+deb12u2': {} }, NGINX), [
    `kept out by ${PATH} (priority 50)`,
    undefined,
  ])
  assert.deepEqual(reasons(pin(100), { 'nginx 1.26.0-1': {} }, NGINX), [undefined])
  assert.deepEqual(reasons(pin(50), { 'nginx 1.26.0-1': {} }), [undefined])
  assert.deepEqual(reasons(pin(-1), { 'nginx 1.26.0-1': {} }), [`kept out by ${PATH} (priority -1)`])
})

test('where a pin prefers the installed version, other versions stay out unless they are preferred as much', () => {
  const pin = 'Package: nginx\nPin: version 1.22.1-*\nPin-Priority: 1001\n'
  assert.deepEqual(reasons(pin, { 'nginx 1.24.0-1': {}, 'nginx 1.22.1-9+deb12u2': {} }, NGINX), [
    `kept at 1.22.1-* by ${PATH} (priority 1001)`,
    undefined,
  ])
})

test('of pins that name a package the highest counts, then the first general one', () => {
  const text = `Explanation: nothing from elsewhere
Package: *
Pin: release l=Debian-Security
Pin-Priority: -10

# a comment
Package: *
Pin: release o=Debian
Pin-Priority: 900

Package: curl lib[bc]?rl*
Pin: release a=stable, c=main, b=amd64
Pin-Priority: 50

Package: curl
Pin: origin "deb.example"
Pin-Priority: 500
`
  const offered = { 'curl 8': {}, 'libcurl4 8': {}, 'wget 1': {} }
  const here = { 'curl 7': {}, 'libcurl4 7': {}, 'wget 0': {} }
  assert.deepEqual(reasons(text, offered, { here }), [undefined, `kept out by ${PATH} (priority 50)`, `kept out by ${PATH} (priority -10)`])
  assert.deepEqual(reasons(text, { 'wget 1': {} }, { here, security: false }), [undefined])
})

test('a release is told by each of its names, alone by suite, codename or version', () => {
  const out = (release: string, security = true) => {
    const text = `Package: *\nPin: release ${release}\nPin-Priority: -1\n`
    return reasons(text, { 'a 1': {} }, { security })[0] !== undefined
  }
  for (const release of [
    'a=stable',
    'n=stable-security',
    'v=1',
    'o=Deb*',
    'l=Debian-Security,c=main',
    'b=amd64',
    'stable',
    'stable-security',
    '1',
  ])
    assert.ok(out(release), release)
  for (const release of ['a=testing', 'l=Debian', 'o=Debian,c=contrib', 'testing', 'x=1']) assert.ok(!out(release), release)
})

test('src: names all that a source makes, and an architecture only its own', () => {
  const offered = { 'libssl3 3': { source: 'openssl' }, 'openssl 3': {} }
  const pin = (name: string) => reasons(`Package: ${name}\nPin: version *\nPin-Priority: -1\n`, offered).map(reason => reason !== undefined)
  assert.deepEqual(pin('src:openssl'), [true, true])
  assert.deepEqual(pin('openssl:amd64'), [false, true])
  assert.deepEqual(pin('openssl:arm64'), [false, false])
})

test('what would need a regular expression is told and not followed; what apt itself cannot read is a fault', () => {
  const { pins, passedOver } = read('Package: /^lib/\nPin: version *\nPin-Priority: -1\n\nPackage: a\nPin: version 1\nPin-Priority: 5\n')
  assert.deepEqual([pins.length, passedOver], [1, [PATH]])
  for (const text of [
    'Pin: version *\nPin-Priority: 1\n',
    'Package: a\nPin-Priority: 1\n',
    'Package: a\nPin: mood good\nPin-Priority: 1\n',
    'Package: a\nPin: version 1\n',
    'Package: a\nPin: version 1\nPin-Priority: high\n',
  ]) {
    assert.throws(
      () => read(text),
      (cause: unknown) => cause instanceof Fault && cause.code === 'apt-sources-invalid' && cause.message.includes(PATH),
      text,
    )
  }
})

test('a pattern that was made to take long takes no long', () => {
  const text = `Package: a\nPin: version ${'*a'.repeat(120)}b\nPin-Priority: -1\n`
  assert.deepEqual(reasons(text, { [`a ${'1a'.repeat(200)}`]: {} }), [undefined])
})
