import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { MemoryEntry } from '../../testing/memory-files.ts'
import { image, installed, patchWith, shown, textOf } from '../../testing/patch-setting.ts'
import { renewConfig } from './ca-certificates.ts'
import { certificatesOf, subjectHash } from './subject-hash.ts'

/** Subject with double and leading spaces, capitals and an umlaut; OpenSSL says 0c75661b. */
const FIRST = `-----BEGIN CERTIFICATE-----
MIIB8TCCAZegAwIBAgIUERDW4XfqdrOpZUYZKcJ6V1gYjaIwCgYIKoZIzj0EAwIw
TTELMAkGA1UEBhMCREUxFjAUBgNVBAoMDVNvbWUgIENvbXBhbnkxDjAMBgNVBAsM
BcOcbml0MRYwFAYDVQQDDA0gVGVzdCBST09UICB4MCAXDTI2MTEyNjAwMzQxOFoY
DzIxMjYxMTAyMDAzNDE4WjBNMQswCQYDVQQGEwJERTEWMBQGA1UECgwNU29tZSAg
Q29tcGFueTEOMAwGA1UECwwFw5xuaXQxFjAUBgNVBAMMDSBUZXN0IFJPT1QgIHgw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARRH1FQEBRk37WE74pqbN31Tfgq9njV
ylMetkPezsMIFGPuWIGgXX+bnO+z+tU36G9GQGj4FnPwCZATkJIvh2N9o1MwUTAd
BgNVHQ4EFgQUsucFJpe85hbDQ5iVhoJ82DqmsyIwHwYDVR0jBBgwFoAUsucFJpe8
5hbDQ5iVhoJ82DqmsyIwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF
AiBWtJT/QrUOFJVSsH4W0hMgUpIpjZPjxxMzcd2x6Qdi2QIhALdYqz34EgaNgESv
HVSaIv0NVRo3e7pUwd3WJktyuyl1
-----END CERTIFICATE-----
`
/** OpenSSL says 685c1afd. */
const SECOND = `-----BEGIN CERTIFICATE-----
MIIBejCCASGgAwIBAgIUGyEisdkP0jihEPdpeM6FPuqfZjgwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHYW5vdGhlcjAgFw0yNjExMjYwMDM0MThaGA8yMTI2MTEwMjAw
MzQxOFowEjEQMA4GA1UEAwwHYW5vdGhlcjBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABJWKEbSYr/Xsg14WwU4X1XFxkAWeks65PHSbei0HzT3cBSB4wfYZILUxarvd
id+jKaWVdth3FVEOOvCBF6P0vFajUzBRMB0GA1UdDgQWBBTGpKtv1mUmAHNP2SyF
Oiwn4fhzCjAfBgNVHSMEGDAWgBTGpKtv1mUmAHNP2SyFOiwn4fhzCjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICiW14Fel2ZORBT9lspG1VWPFznM
8wTEmCoUrJQPJ0UlAiAUkdxyjCFs0s0S4f+/pVNTxoSQFho7yDGNFX8wC4Psow==
-----END CERTIFICATE-----
`

test('a certificate is found by the hash that OpenSSL has for its subject', () => {
  assert.deepEqual([...certificatesOf(FIRST), ...certificatesOf(SECOND)].map(subjectHash), ['0c75661b', '685c1afd'])
  assert.equal(certificatesOf(`${FIRST}${SECOND}`).length, 2)
  assert.equal(subjectHash(Buffer.from('no certificate')), undefined)
})

test('the list of authorities loses what is gone and gains what is new, and a choice against one stays', () => {
  const before = '# comment\n\nm/a.crt\n!m/b.crt\nm/gone.crt\nlocal.crt\n'
  assert.equal(
    renewConfig(before, ['m/a.crt', 'm/b.crt', 'm/new.crt'], ['local.crt'], true),
    '# comment\n\nm/a.crt\n!m/b.crt\n!m/gone.crt\nlocal.crt\nm/new.crt\n',
  )
  assert.equal(renewConfig('m/a.crt\n', ['m/a.crt', 'm/new.crt'], [], false), 'm/a.crt\n!m/new.crt\n')
})

const UPDATE = '#!/bin/sh\nset -e\nif [ "$1" = configure ]; then update-ca-certificates --hooksdir ""; fi\n'

function authorities(more: Readonly<Record<string, MemoryEntry>> = {}) {
  return image({
    'usr/share/ca-certificates/m/First.crt': FIRST,
    'etc/ca-certificates.conf': 'm/First.crt\n',
    'etc/ssl/certs/First.pem': { link: '/usr/share/ca-certificates/m/First.crt' },
    'etc/ssl/certs/0c75661b.0': { link: 'First.pem' },
    'etc/ssl/certs/ca-certificates.crt': FIRST,
    'var/lib/dpkg/info/ca-certificates.list': '/.\n/usr/share/ca-certificates/m/First.crt\n',
    'var/lib/dpkg/status': 'Package: ca-certificates\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n',
    ...more,
  })
}

test('authorities of a new version are linked, hashed and put into the one file with all', async () => {
  const files = [{ path: './usr/share/ca-certificates/m/Second (x).crt', content: SECOND.trimEnd() }]
  const patch = await patchWith(authorities(), [
    { name: 'ca-certificates', version: '2', architecture: 'all', files, control: { postinst: UPDATE } },
  ])
  assert.deepEqual(patch.refusals, [])
  assert.deepEqual(
    shown(patch.layer.entries).filter(line => !line.includes('dpkg')),
    [
      '+etc/ca-certificates.conf',
      'etc/ssl/certs/685c1afd.0 -> Second_=x=.pem',
      '-etc/ssl/certs/0c75661b.0',
      '-etc/ssl/certs/First.pem',
      'etc/ssl/certs/Second_=x=.pem -> /usr/share/ca-certificates/m/Second (x).crt',
      '+etc/ssl/certs/ca-certificates.crt',
      '-usr/share/ca-certificates/m/First.crt',
      '+usr/share/ca-certificates/m/Second (x).crt',
    ].sort((a, b) => (a.replace(/^[-+]/, '') < b.replace(/^[-+]/, '') ? -1 : 1)),
  )
  assert.equal(textOf(patch, 'etc/ssl/certs/ca-certificates.crt'), SECOND)
  assert.equal(textOf(patch, 'etc/ca-certificates.conf'), '!m/First.crt\nm/Second (x).crt\n')
})

test('nothing changes where the authorities are the same', async () => {
  const files = [{ path: './usr/share/ca-certificates/m/First.crt', content: FIRST }]
  const patch = await patchWith(authorities(), [
    { name: 'ca-certificates', version: '2', architecture: 'all', files, control: { postinst: UPDATE } },
  ])
  assert.deepEqual(
    shown(patch.layer.entries).filter(line => !line.includes('dpkg')),
    [],
  )
})

test('programs that want to be told of changed authorities would have to run', async () => {
  const files = authorities({ 'etc/ca-certificates/update.d/jks': '#!/bin/sh\n' })
  const patch = await patchWith(files, [{ name: 'ca-certificates', version: '2', architecture: 'all', control: { postinst: UPDATE } }])
  assert.deepEqual(
    patch.refusals.map(({ reason }) => reason),
    ['/etc/ca-certificates/update.d/jks would be run for changed authorities'],
  )
})

test('Java’s program does nothing where Debian’s own scripts call it, and stands in the way in any other case', async () => {
  const hook = 'etc/ca-certificates/update.d/jks-keystore'
  const recorded = (text: string) => ({
    'var/lib/dpkg/status': [
      'Package: ca-certificates\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n',
      'Package: ca-certificates-java\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n' +
        `Conffiles:\n /${hook} ${createHash('md5').update(text).digest('hex')}\n`,
    ].join('\n'),
  })
  const java = { ...recorded('#!/bin/sh\n'), [hook]: '#!/bin/sh\n', 'etc/ssl/certs/java/cacerts': 'keys' }
  const idle = { ...java, 'var/lib/ca-certificates-java': { folder: true } } as const
  const outcome = async (image: Readonly<Record<string, MemoryEntry>>, postinst = UPDATE, name = 'ca-certificates') => {
    const patch = await patchWith(authorities(image), [{ name, version: '2', architecture: 'all', control: { postinst } }])
    return patch.refusals.length > 0 ? 'refused' : patch.notes.map(({ text }) => text.slice(0, 17)).join()
  }
  assert.equal(await outcome(idle), 'Java’s key store ')
  assert.equal(await outcome({ ...java, 'var/lib/ca-certificates-java/pending': '+x' }), 'refused', 'something is left to be done')
  assert.equal(await outcome({ ...idle, ...recorded('#!/bin/dash\n') }), 'refused', 'another program than the package brought')
  assert.equal(await outcome({ ...idle, 'etc/ca-certificates/update.d/other': '' }), 'refused', 'another program beside it')
  assert.equal(await outcome(idle, UPDATE.replace(' --hooksdir ""', '')), 'refused', 'it is told what changed')
  assert.equal(await outcome(idle, UPDATE, 'own-authorities'), 'refused', 'another package')
})

test('an image without authorities gets none', async () => {
  const patch = await patchWith(installed([]), [{ name: 'thing', version: '2', control: { postinst: UPDATE } }])
  assert.deepEqual([patch.refusals, shown(patch.layer.entries).filter(line => !line.includes('dpkg'))], [[], []])
})
