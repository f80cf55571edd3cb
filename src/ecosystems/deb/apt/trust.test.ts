import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { both, faultsWith, inSetting, KEYRING, key, MAIN, OPENSSL, other, security } from '../testing/apt-setting.ts'
import { makeKey, makeRepository } from '../testing/make-repository.ts'

const NAMED = KEYRING.split('/').at(-1) ?? ''

test('a key that the image lacks or has only expired comes from the machine’s keyring of the same name, which is said', async () => {
  const expired = await makeKey({ secondsValid: 86_400 })
  for (const image of [{ [KEYRING]: '' }, { [KEYRING]: other.publicKey }, { [KEYRING]: expired.publicKey }]) {
    await inSetting(await both(), async ({ open, folder }) => {
      const keyrings = join(folder, 'keyrings')
      await mkdir(keyrings)
      await writeFile(join(keyrings, NAMED), key.publicKey)
      const apt = await open({ machineKeyrings: [keyrings] }, image)
      await apt.load(['libssl3'], 'security')
      assert.equal(apt.suites()[0]?.signer?.from, 'machine')
      assert.match(apt.notes().join(), /no usable key .* this machine’s .*debian-archive-keyring\.asc was used/)
      const again = await open({ machineKeyrings: [keyrings] }, image)
      await again.load(['libssl3'], 'security')
      assert.equal(again.notes().length, 1)
    })
  }
})

test('a key once checked is not trusted longer than it lives', async () => {
  const short = await makeKey({ secondsValid: 12 * 86_400 })
  await inSetting(await both({ key: short }), async ({ open }) => {
    const image = { [KEYRING]: short.publicKey }
    await (await open({}, image)).load(['libssl3'], 'security')
    const later = await open({ now: () => new Date('2026-01-14T00:00:00Z') }, image)
    await faultsWith('apt-key-expired', () => later.load(['libssl3'], 'security'))
  })
})

test('a source without Signed-By trusts what apt trusts, and no keyring of another vendor', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    const sources = `deb ${server.url} bookworm-security main\n`
    const trusting = ['etc/apt/trusted.gpg.d/a.asc', 'usr/share/keyrings/debian-archive-keyring.asc']
    for (const place of trusting) {
      const apt = await open({}, { 'etc/apt/sources.list': sources, [KEYRING]: '', [place]: key.publicKey })
      await apt.load(['libssl3'], 'security')
      assert.equal(apt.suites()[0]?.signer?.keyring, `/${place}`)
    }
    for (const place of [
      'usr/share/keyrings/vendor.asc',
      'etc/apt/keyrings/vendor.asc',
      'usr/share/keyrings/debian-archive-removed-keys.asc',
    ]) {
      const apt = await open({}, { 'etc/apt/sources.list': sources, [KEYRING]: '', [place]: key.publicKey })
      await faultsWith('apt-key-missing', () => apt.load(['libssl3'], 'security'))
    }
  })
})

test('Signed-By may be a fingerprint among the trusted keys, or a key itself', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    const source = (signedBy: string) =>
      `Types: deb\nURIs: ${server.url}\nSuites: bookworm-security\nComponents: main\nSigned-By: ${signedBy}\n`
    const inline = (armoured: string) =>
      `\n${armoured
        .trim()
        .split('\n')
        .map(line => ` ${line.trim() || '.'}`)
        .join('\n')}`
    const rows: readonly [string, boolean][] = [
      [key.fingerprint, true],
      [`${key.fingerprint}!`, true],
      [other.fingerprint, false],
      [inline(key.publicKey), true],
      [inline(other.publicKey), false],
    ]
    for (const [signedBy, good] of rows) {
      const apt = await open({}, { 'etc/apt/sources.list': '', 'etc/apt/sources.list.d/a.sources': source(signedBy) })
      if (good) await apt.load(['libssl3'], 'security')
      else await faultsWith('apt-key-missing', () => apt.load(['libssl3'], 'security'))
    }
  })
})

test('a source that wants no signature is used only where that was asked for', async () => {
  const files = await both()
  files.set(
    'dists/bookworm-security/InRelease',
    Buffer.from(
      Buffer.from(files.get('dists/bookworm-security/InRelease') ?? [])
        .toString()
        .replace('Label: Debian', 'Label: Changed'),
    ),
  )
  await inSetting(files, async ({ open, server }) => {
    const image = { 'etc/apt/sources.list': `deb [trusted=yes] ${server.url} bookworm-security main\n` }
    await faultsWith('apt-signature-invalid', () => open({}, image))
    const apt = await open({ acceptUnsigned: true }, image)
    await apt.load(['libssl3'], 'security')
    assert.deepEqual([apt.offered('libssl3').length, apt.suites()[0]?.signer], [1, undefined])
  })
})

test('requests go through the proxy that the environment or apt names', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    const seen: string[] = []
    const proxy = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '')
      seen.push(pathname)
      response.end(server.files.get(pathname.slice(1)))
    })
    // undici opens tunnels for plain HTTP too.
    proxy.on('connect', (request, socket) => {
      seen.push(request.url ?? '')
      socket.end('HTTP/1.1 503 no\r\n\r\n')
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`
    try {
      for (const [environment, conf] of [
        [{ HTTP_PROXY: address }, ''],
        [{}, `Acquire::http::Proxy "${address}";`],
      ] as const) {
        seen.length = 0
        const apt = await open({ environment }, { 'etc/apt/apt.conf': conf })
        await apt.load(['libssl3'], 'security').catch(() => {})
        assert.notEqual(seen.length, 0)
      }
    } finally {
      proxy.closeAllConnections()
      await new Promise(resolve => proxy.close(resolve))
    }
  })
})

test('suites that are not automatic offer only what came from them', async () => {
  const backports = await makeRepository({
    suite: 'bookworm-backports',
    packages: [{ control: { Package: 'libssl3', Source: 'openssl', Version: '3.5.0-1~bpo12+2' } }],
    fields: { NotAutomatic: 'yes', ButAutomaticUpgrades: 'yes' },
    key,
  })
  const files = new Map([...(await security()), ...backports, ...(await makeRepository({ suite: 'bookworm', packages: MAIN, key }))])
  await inSetting(files, async ({ open, server }) => {
    const lines = ['bookworm', 'bookworm-security', 'bookworm-backports'].map(
      suite => `deb [signed-by=/${KEYRING}] ${server.url} ${suite} main`,
    )
    const offered = async (version: string): Promise<string[]> => {
      const status = `Package: libssl3\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\nSource: openssl\n`
      const apt = await open({}, { 'etc/apt/sources.list': lines.join('\n'), 'var/lib/dpkg/status': status })
      await apt.load(['libssl3'], 'all')
      return apt.offered('libssl3').map(item => item.version)
    }
    assert.deepEqual(await offered('3.0.9-1'), ['3.0.11-1~deb12u2', '3.0.9-1'])
    assert.deepEqual(await offered('3.5.0-1~bpo12+1'), ['3.0.11-1~deb12u2', '3.0.9-1', '3.5.0-1~bpo12+2'])
  })
})

test('packages of other architectures than the image’s are not offered, and a missing index is said', async () => {
  const files = await makeRepository({ suite: 'bookworm-security', architectures: ['amd64', 'arm64'], packages: OPENSSL, key })
  await inSetting(files, async ({ open }) => {
    const apt = await open(
      {},
      { 'var/lib/dpkg/arch': 'arm64\nriscv64\n', 'var/lib/dpkg/status': 'Package: a\nVersion: 1\nArchitecture: arm64\n' },
    )
    await apt.load(['libssl3'], 'security')
    assert.deepEqual(apt.offered('libssl3'), [])
    assert.match(apt.notes().join(), /no index of main for riscv64/)
  })
})
