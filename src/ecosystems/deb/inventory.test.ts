import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../model/faults.ts'
import { debPurl, readDebInventory } from './inventory.ts'
import { osvEcosystem, parseOsRelease } from './os-release.ts'
import { readOwnership } from './ownership.ts'
import { readDpkg } from './read-status.ts'
import { supportOf } from './releases.ts'
import { type MemoryEntry, memoryFiles } from './testing/memory-files.ts'

const BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n'
const STATUS = `Package: libssl3
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: openssl
Version: 3.0.11-1~deb12u1
Depends: libc6 (>= 2.34), nothing | debconf (>= 0.5)

Package: libc6
Status: hold ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9)
Version: 2.36-9+b1
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
 /etc/old file d41d8cd98f00b204e9800998ecf8427e obsolete

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install reinstreq half-installed
Architecture: amd64
Version: 1
`
const image = (more: Readonly<Record<string, MemoryEntry>> = {}) =>
  memoryFiles({ 'usr/lib/os-release': BOOKWORM, 'var/lib/dpkg/status': STATUS, ...more })
const rejects = (files: ReturnType<typeof memoryFiles>) =>
  assert.rejects(readDpkg(files), (cause: unknown) => cause instanceof Fault && cause.code === 'dpkg-status-invalid')

test('installed packages are components, with who needs whom; what is half there is told apart', async () => {
  const inventory = await readDebInventory(image(), 'test')
  assert.ok(inventory)
  assert.deepEqual(
    inventory.components.map(({ location, purl }) => [location, purl]),
    [
      ['libc6:amd64', 'pkg:deb/debian/libc6@2.36-9%2Bb1?arch=amd64&distro=debian-12&upstream=glibc%402.36-9'],
      ['libssl3:amd64', 'pkg:deb/debian/libssl3@3.0.11-1~deb12u1?arch=amd64&distro=debian-12&upstream=openssl'],
    ],
  )
  assert.deepEqual(inventory.dependencies, [
    { from: 'libssl3:amd64', name: 'libc6', range: 'libc6 (>= 2.34)', kind: 'runtime', to: 'libc6:amd64', met: true },
    { from: 'libssl3:amd64', name: 'nothing', range: 'nothing | debconf (>= 0.5)', kind: 'runtime', met: false },
  ])
  assert.equal(inventory.advisoryEcosystem, 'Debian:12')
  assert.deepEqual(
    inventory.files.map(({ path }) => path),
    ['var/lib/dpkg/status'],
  )
  const { database } = inventory
  assert.deepEqual(database.unfinished, [{ name: 'half', architecture: 'amd64', state: 'half-installed' }])
  assert.deepEqual([...database.held], ['libc6:amd64'])
  assert.equal(database.native, 'amd64')
  const libc = database.byKey.get('libc6:amd64')
  assert.equal(STATUS.slice(libc?.start, libc?.end), libc?.stanza)
  assert.deepEqual(libc?.conffiles[1], {
    path: '/etc/old file',
    md5: 'd41d8cd98f00b204e9800998ecf8427e',
    obsolete: true,
    removeOnUpgrade: false,
  })
})

test('an image without a package database has no such inventory; one without a release is a fault', async () => {
  assert.equal(await readDebInventory(memoryFiles({ 'etc/os-release': BOOKWORM }), 'test'), undefined)
  await assert.rejects(readDebInventory(memoryFiles({ 'var/lib/dpkg/status': STATUS }), 'test'), /no os-release/)
})

test('a package is laid at the layer that wrote its list, else at that of the status', async () => {
  const database = await readDpkg(
    image({
      'var/lib/dpkg/status': { content: STATUS, layer: 3 },
      'var/lib/dpkg/info/libssl3:amd64.list': { content: '/.\n', layer: 1 },
    }),
  )
  assert.deepEqual(
    database?.packages.map(({ name, layer }) => [name, layer]),
    [
      ['libc6', 3],
      ['libssl3', 1],
    ],
  )
})

test('a database that contradicts itself is refused', async () => {
  const twice = STATUS.replace('Package: libc6', 'Package: libssl3')
  await rejects(image({ 'var/lib/dpkg/status': twice }))
  await rejects(image({ 'var/lib/dpkg/status': STATUS.replace('Version: 3.0', 'Version: 3/0') }))
  await rejects(image({ 'var/lib/dpkg/status': STATUS.replace('Package: libc6', 'Package: ../../etc') }))
  await rejects(image({ 'var/lib/dpkg/status': STATUS.replace('Depends: libc6 (>= 2.34)', 'Depends: libc6 >= 2.34') }))
  await rejects(image({ 'var/lib/dpkg/status': STATUS.replace('install ok installed', 'installed') }))
  await rejects(image({ 'var/lib/dpkg/diversions': '/a\n/b\n' }))
  await rejects(image({ 'var/lib/dpkg/statoverride': 'root root 9 /a\n' }))
})

test('one record a package is read as well, and keeps its file’s own name', async () => {
  const files = memoryFiles({
    'etc/os-release': { link: '../usr/lib/os-release' },
    'usr/lib/os-release': BOOKWORM,
    lib: { link: 'usr/lib' },
    'usr/lib/libz.so.1': 'z',
    'usr/lib/x': '',
    'var/lib/dpkg/status.d/emxpYjFn': 'Package: zlib1g\nVersion: 1:1.2.13\nArchitecture: amd64\nSource: zlib\n',
    'var/lib/dpkg/status.d/emxpYjFn.md5sums': 'fbade9e36a3f36d3d676c1b808451dd7  lib/libz.so.1\n',
    'var/lib/dpkg/status.d/tzdata': { content: 'Package: tzdata\nVersion: 2024a\nArchitecture: all\n', layer: 2 },
  })
  const database = await readDpkg(files)
  assert.ok(database)
  assert.deepEqual(
    database.packages.map(({ name, file, layer, status }) => [name, file, layer, status]),
    [
      ['tzdata', 'var/lib/dpkg/status.d/tzdata', 2, undefined],
      ['zlib1g', 'var/lib/dpkg/status.d/emxpYjFn', 0, undefined],
    ],
  )
  const ownership = await readOwnership(files, database)
  assert.deepEqual(ownership.owners('usr/lib/libz.so.1'), ['zlib1g:amd64'])
  assert.deepEqual(ownership.listed('zlib1g:amd64'), ['lib/libz.so.1'])
})

test('paths belong to packages where they really are: merged folders, diversions, shared files', async () => {
  const files = image({
    bin: { link: 'usr/bin' },
    'usr/bin/sh': 'dash',
    'usr/bin/sh.distrib': 'old',
    'usr/share/doc/x': 'shared',
    'var/lib/dpkg/diversions': '/bin/sh\n/bin/sh.distrib\nlibssl3\n/usr/share/doc/x\n/usr/share/doc/x.real\n:\n',
    'var/lib/dpkg/info/libc6:amd64.list': '/.\n/bin\n/bin/sh\n/usr/share/doc/x\n/usr/share/doc/y\n',
    'var/lib/dpkg/info/libssl3:amd64.list': '/.\n/usr\n/bin/sh\n/usr/share/doc/y\n',
    'usr/share/doc/x.real': '',
    'usr/share/doc/y': '',
  })
  const database = await readDpkg(files)
  assert.ok(database)
  const { owners } = await readOwnership(files, database)
  assert.deepEqual(owners('usr/bin/sh'), ['libssl3:amd64'])
  assert.deepEqual(owners('usr/bin/sh.distrib'), ['libc6:amd64'])
  assert.deepEqual([owners('usr/share/doc/x'), owners('usr/share/doc/x.real')], [[], ['libc6:amd64']])
  assert.deepEqual(owners('usr/share/doc/y'), ['libc6:amd64', 'libssl3:amd64'])
  assert.deepEqual([owners('usr'), owners('bin/sh'), owners('nothing')], [[], [], []])
})

test('releases are known by their os-release, and to OSV by its own names', () => {
  const rows: readonly [string, string | undefined][] = [
    [BOOKWORM, 'Debian:12'],
    ['ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n', 'Ubuntu:22.04:LTS'],
    ["ID='ubuntu'\nVERSION_ID='24.10'\n", 'Ubuntu:24.10'],
    ['ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\n', 'Debian:14'],
    ['ID=debian\nVERSION_CODENAME=sid\n', undefined],
    ['ID=ubuntu\nVERSION_ID="30.04"\n', 'Ubuntu:30.04:LTS'],
    ['ID=alpine\nVERSION_ID=3.20\n', undefined],
    ['', undefined],
  ]
  for (const [text, ecosystem] of rows) assert.equal(osvEcosystem(parseOsRelease(text)), ecosystem, text)
  assert.equal(parseOsRelease('ID=debian\nVERSION="10 (buster)"\nVERSION_ID="10"\n').codename, 'buster')
  assert.equal(parseOsRelease('ID=debian\nVERSION_ID="12"\n').codename, 'bookworm')
})

test('whether a release still gets updates depends on the day', () => {
  const bookworm = parseOsRelease(BOOKWORM).known
  const on = (day: string) => supportOf(bookworm, new Date(`${day}T12:00:00Z`))
  assert.deepEqual(on('2026-07-11'), { state: 'supported', until: '2028-06-30' })
  assert.deepEqual(on('2026-07-12'), { state: 'long-term', until: '2028-06-30' })
  assert.deepEqual(on('2028-07-01'), { state: 'ended', since: '2028-06-30', extended: { name: 'ELTS', until: '2033-06-30' } })
  assert.deepEqual(on('2033-07-01'), { state: 'ended', since: '2028-06-30' })
  const focal = parseOsRelease('ID=ubuntu\nVERSION_ID="20.04"\n').known
  assert.deepEqual(supportOf(focal, new Date('2026-01-01T00:00:00Z')), {
    state: 'ended',
    since: '2025-05-29',
    extended: { name: 'ESM', until: '2030-04-23' },
  })
  assert.deepEqual(supportOf(undefined, new Date('2026-01-01T00:00:00Z')), { state: 'unknown' })
})

test('package URLs escape what they must', () => {
  const item = { name: 'g++', version: '4:12.2.0-3', architecture: 'amd64', source: { name: 'gcc-defaults', version: '1.203' } }
  assert.equal(
    debPurl(item, parseOsRelease(BOOKWORM)),
    'pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=debian-12&upstream=gcc-defaults%401.203',
  )
})
