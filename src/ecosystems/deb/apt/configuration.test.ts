import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault, type FaultCode } from '../../../model/faults.ts'
import { parseOsRelease } from '../os-release.ts'
import { memoryFiles } from '../testing/memory-files.ts'
import { isOff, readAptConf } from './apt-conf.ts'
import { readAptConfiguration } from './configuration.ts'
import { loginFor, readLogins } from './credentials.ts'
import { isSecuritySuite, readAskedSource, readSourceFile } from './source.ts'

const list = (text: string) => readSourceFile({ path: 'etc/apt/sources.list', text, origin: 'image' })
const stanzas = (text: string) => readSourceFile({ path: 'etc/apt/sources.list.d/x.sources', text, origin: 'image' })
const isFault = (code: FaultCode) => (cause: unknown) => cause instanceof Fault && cause.code === code

test('one-line sources are read with their options', () => {
  const sources = list(`# comment
deb http://deb.example/debian bookworm main contrib # more
deb-src http://deb.example/debian bookworm main
deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg check-valid-until=no ] https://me:s%20t@deb.example/debian/ bookworm-security main
deb [trusted=yes] https://deb.example/flat ./
deb file:/srv/mirror bookworm main
`)
  assert.deepEqual(
    sources.map(({ uri, suite, components }) => `${uri} ${suite} ${components.join(',')}`),
    [
      'http://deb.example/debian/ bookworm main,contrib',
      'https://deb.example/debian/ bookworm-security main',
      'https://deb.example/flat/ ./ ',
    ],
  )
  assert.deepEqual(sources[1]?.architectures, ['amd64', 'arm64'])
  assert.deepEqual(sources[1]?.signedBy, { keyrings: ['/usr/share/keyrings/a.gpg'], fingerprints: [] })
  assert.deepEqual([sources[1]?.checkValidUntil, sources[0]?.checkValidUntil, sources[2]?.trusted], [false, true, true])
  assert.equal(sources[1]?.credentials, 'me:s t')
  assert.deepEqual(sources.map(isSecuritySuite), [false, true, false])
})

test('deb822 sources are read: several suites, disabled ones, keys inside, comments', () => {
  const sources = stanzas(`# Debian
Types: deb deb-src
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
# a comment inside
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcd
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://deb.example/no
Suites: x
Components: main

Types: deb-src
URIs: http://deb.example/src
Suites: x
Components: main

Types: deb
URIs: https://deb.example/security
Suites: bookworm/updates
Components: main
Architectures: amd64
Trusted: no
Signed-By: 0123456789abcdef0123456789abcdef01234567!
`)
  assert.deepEqual(
    sources.map(({ suite }) => suite),
    ['bookworm', 'bookworm-updates', 'bookworm/updates'],
  )
  assert.equal(sources[0]?.signedBy?.inline, '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n-----END PGP PUBLIC KEY BLOCK-----')
  assert.deepEqual(sources[2]?.signedBy?.fingerprints, ['0123456789ABCDEF0123456789ABCDEF01234567!'])
  assert.deepEqual([sources[2]?.architectures, sources[2]?.trusted], [['amd64'], false])
})

test('a source may be given in both forms, the word deb left out', () => {
  for (const text of [
    'deb [signed-by=/k.gpg] https://deb.example/debian bookworm main',
    '[signed-by=/k.gpg] https://deb.example/debian bookworm main',
    'Types: deb\nURIs: https://deb.example/debian\nSuites: bookworm\nComponents: main\nSigned-By: /k.gpg',
  ]) {
    const [source, more] = readAskedSource(text)
    assert.deepEqual(
      [source?.uri, source?.suite, source?.origin, source?.signedBy?.keyrings, more],
      ['https://deb.example/debian/', 'bookworm', 'asked', ['/k.gpg'], undefined],
    )
  }
  for (const text of ['', 'deb nothing', 'Types: deb-src\nURIs: https://deb.example/\nSuites: x\nComponents: main'])
    assert.throws(() => readAskedSource(text), isFault('apt-sources-invalid'), text)
})

test('sources that lead out of their repository or cannot be read are refused', () => {
  for (const line of [
    'deb https://deb.example/debian ../../x main',
    'deb https://deb.example/debian bookworm ../x',
    'deb https://deb.example/debian bookworm',
    'deb https://deb.example/debian bookworm main?x',
    'deb [arch] https://deb.example/debian bookworm main',
    'deb no-address bookworm main',
    'debx https://deb.example/debian bookworm main',
  ])
    assert.throws(() => list(line), isFault('apt-sources-invalid'), line)
  assert.throws(() => stanzas('Types: deb\nURIs: https://deb.example/\nComponents: main\n'), isFault('apt-sources-invalid'))
})

test('apt’s settings are read in both forms, the last one counts, comments do not', () => {
  const settings = readAptConf([
    'Acquire::http::Proxy "http://proxy.example:3128/"; // one\nAcquire { Check-Valid-Until "true"; https { Proxy "DIRECT"; }; };\n',
    '/* Acquire::http::Proxy "x"; */ # y\n#clear X;\nacquire::check-valid-until false;\nDPkg::Post-Invoke { "rm -f // \\"x\\" || true"; };',
    '} } { ; "x',
  ])
  assert.equal(settings.get('acquire::http::proxy'), 'http://proxy.example:3128/')
  assert.equal(settings.get('acquire::https::proxy'), 'DIRECT')
  assert.deepEqual([isOff(settings.get('acquire::check-valid-until')), isOff(undefined), isOff('true')], [true, false, false])
})

test('passwords go to their own host, path and protocol only', () => {
  const logins = readLogins(`# mine
machine deb.example/private login me password secret
machine http://plain.example:8080 login you password open
machine broken.example password x
`)
  const rows: readonly [string, string | undefined][] = [
    ['https://deb.example/private/dists', 'me:secret'],
    ['https://deb.example/private', 'me:secret'],
    ['https://deb.example/privateer', undefined],
    ['https://deb.example/', undefined],
    ['http://deb.example/private/', undefined],
    ['https://deb.example.evil.example/private/', undefined],
    ['http://plain.example:8080/x', 'you:open'],
    ['https://plain.example:8080/x', undefined],
    ['http://plain.example/x', undefined],
    ['https://broken.example/', undefined],
  ]
  for (const [url, login] of rows) assert.equal(loginFor(url, logins), login, url)
})

test('where the image names no source, the machine’s for the same release are used, and said; with none, a fault', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'suture-sources-'))
  try {
    await mkdir(join(folder, 'sources.list.d'))
    await writeFile(
      join(folder, 'sources.list.d', 'debian.sources'),
      'Types: deb\nURIs: https://deb.example/debian\nSuites: bookworm bookworm-security trixie stable\nComponents: main\n',
    )
    const ask = (version: string, files = memoryFiles({}), more = {}) =>
      readAptConfiguration({
        files,
        release: parseOsRelease(`ID=debian\nVERSION_ID="${version}"\nPRETTY_NAME="Debian ${version}"\n`),
        asked: [],
        machineFolder: folder,
        ...more,
      })
    const { sources, notes } = await ask('12')
    assert.deepEqual(
      sources.map(({ suite, origin }) => `${origin} ${suite}`),
      ['machine bookworm', 'machine bookworm-security'],
    )
    assert.match(notes.join(), /image names no apt source/)
    await assert.rejects(ask('11'), isFault('apt-sources-missing'))
    const own = memoryFiles({
      'etc/apt/sources.list.d/a.list': 'deb https://own.example/debian bookworm main\n',
      'etc/apt/sources.list': '',
    })
    assert.deepEqual(
      (await ask('12', own)).sources.map(({ uri }) => uri),
      ['https://own.example/debian/'],
    )
    const asked = await ask('12', own, { asked: ['https://asked.example/debian bookworm main'] })
    assert.deepEqual(
      asked.sources.map(({ uri }) => uri),
      ['https://asked.example/debian/'],
    )
    const unsigned = memoryFiles({ 'etc/apt/sources.list': 'deb [trusted=yes] https://own.example/debian bookworm main\n' })
    await assert.rejects(ask('12', unsigned), isFault('apt-signature-invalid'))
    assert.equal((await ask('12', unsigned, { acceptUnsigned: true })).sources.length, 1)
  } finally {
    await rm(folder, { recursive: true })
  }
})
