import assert from 'node:assert/strict'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDeb } from '../archive-file/read-deb.ts'
import { both, faultsWith, inRelease, inSetting, key, other } from '../testing/apt-setting.ts'

test('packages come from the security suite first, and from the others only when asked for', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    const apt = await open()
    await apt.load(['libssl3', 'libc6', 'nothing'], 'security')
    assert.deepEqual(
      apt.offered('libssl3').map(({ version }) => version),
      ['3.0.11-1~deb12u2'],
    )
    assert.deepEqual([apt.offered('libc6'), apt.offered('nothing')], [[], []])
    assert.equal(
      server.requests.some(request => request.includes('dists/bookworm/')),
      false,
    )
    await apt.load(['libssl3', 'libc6', 'ssl-tool'], 'all')
    assert.deepEqual(
      apt.offered('libssl3').map(({ version }) => version),
      ['3.0.11-1~deb12u2', '3.0.9-1'],
    )
    assert.deepEqual(
      apt.offered('libc6').map(({ source }) => source.name),
      ['glibc'],
    )
    assert.deepEqual(
      apt.providers('ssl-tool').map(({ name }) => name),
      ['openssl'],
    )
    assert.deepEqual((await apt.fromSource('openssl', 'security')).map(({ name }) => name).sort(), ['libssl3', 'openssl'])
    const [newest, older] = apt.offered('libssl3')
    assert.deepEqual(
      [newest?.suite.security, older?.suite.security, newest?.multiArch, newest?.suite.codename],
      [true, false, 'same', 'bookworm-security'],
    )
    assert.equal(apt.suites()[0]?.signer?.fingerprint, key.fingerprint)
    assert.deepEqual(apt.notes(), [])
  })
})

test('indexes are asked for by their digest, in the smallest form, once', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    await (await open()).load(['libssl3'], 'security')
    assert.deepEqual(
      server.requests.map(request => request.replace(/[0-9a-f]{64}/, '<digest>')),
      [`200 ${inRelease}`, '200 dists/bookworm-security/main/binary-amd64/by-hash/SHA256/<digest>'],
    )
    const next = await open()
    await next.load(['libssl3'], 'security')
    assert.deepEqual(server.requests.slice(2), [`304 ${inRelease}`])
    assert.equal(next.offered('libssl3').length, 1)
    await (await open({ freshMs: 60_000 })).load(['libssl3'], 'security')
    const offline = await open({ offline: true })
    await offline.load(['libssl3'], 'security')
    assert.equal(offline.offered('libssl3').length, 1)
    assert.equal(server.requests.length, 3)
    await faultsWith('apt-offline', () => offline.load(['libssl3'], 'all'))
  })
})

test('gzip and plain indexes do where there is nothing smaller, also without by-hash', async () => {
  for (const forms of [['.gz'], ['']] as const) {
    await inSetting(await both({ forms, byHash: false }), async ({ open, server }) => {
      const apt = await open()
      await apt.load(['libssl3'], 'security')
      assert.equal(apt.offered('libssl3').length, 1)
      assert.ok(server.requests.some(request => request.endsWith(`binary-amd64/Packages${forms[0]}`)))
    })
  }
})

test('an archive is downloaded with its digest checked, goes on where it broke off, and is kept', async () => {
  await inSetting(await both(), async ({ open, server, folder }) => {
    const apt = await open()
    await apt.load(['libssl3'], 'security')
    const [item] = apt.offered('libssl3')
    assert.ok(item)
    const good = server.files.get(item.filename) ?? new Uint8Array()
    await mkdir(join(folder, 'cache/debs'), { recursive: true })
    await writeFile(join(folder, `cache/debs/${item.sha256}.part`), good.subarray(0, 100))
    const bytes = await apt.download(item)
    assert.deepEqual(bytes, Buffer.from(good))
    assert.deepEqual(server.requests.slice(-1), [`206 ${item.filename}`])
    const before = server.requests.length
    assert.deepEqual(await (await open({ offline: true })).download(item), bytes)
    assert.equal(server.requests.length, before)
  })
})

test('an archive whose download breaks off, or whose beginning was left by another file, is still had whole', async () => {
  await inSetting(await both(), async ({ open, server, folder }) => {
    const apt = await open()
    await apt.load(['libssl3'], 'security')
    const [item] = apt.offered('libssl3')
    assert.ok(item)
    const good = server.files.get(item.filename) ?? new Uint8Array()
    let broken = 0
    server.before = (_, response, path) => {
      if (!path.startsWith('pool/') || broken++ > 0) return false
      response.writeHead(200, { 'content-length': good.length }).write(good.subarray(0, 100), () => response.destroy())
      return true
    }
    assert.deepEqual(await apt.download(item), Buffer.from(good))
    await rm(join(folder, 'cache/debs'), { recursive: true })
    await mkdir(join(folder, 'cache/debs'))
    await writeFile(join(folder, `cache/debs/${item.sha256}.part`), 'something else')
    assert.deepEqual(await apt.download(item), Buffer.from(good))
  })
})

test('one trusted signature of several is enough', async () => {
  await inSetting(await both({ otherKeys: [other] }), async ({ open }) => {
    const apt = await open()
    await apt.load(['libssl3'], 'security')
    assert.equal(apt.offered('libssl3').length, 1)
  })
})

test('a server that falters is asked again', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    let failures = 0
    server.before = (_, response) => {
      if (failures++ > 1) return false
      response.writeHead(503, { 'retry-after': '1' }).end()
      return true
    }
    const apt = await open()
    await apt.load(['libssl3'], 'security')
    assert.deepEqual(
      server.requests.slice(0, 3).map(request => request.slice(0, 3)),
      ['503', '503', '200'],
    )
  })
})

test('an archive packed with xz is unpacked once: its quick form is kept in its place, and made anew where it is damaged', async () => {
  const packages = [{ control: { Package: 'libssl3', Version: '3.0.11-1~deb12u2' }, compression: '.xz' as const }]
  await inSetting(await both({ packages }), async ({ open, server, folder }) => {
    const apt = await open()
    await apt.load(['libssl3'], 'security')
    const [item] = apt.offered('libssl3')
    assert.ok(item)
    const quick = await apt.download(item)
    const said = async (deb: Uint8Array) => (await readDeb(deb, 'a.deb')).control
    assert.equal(await said(quick), await said(server.files.get(item.filename) ?? new Uint8Array()))
    assert.deepEqual(await readdir(join(folder, 'cache/debs')), [])
    assert.deepEqual(await (await open({ offline: true })).download(item), quick)
    await writeFile(join(folder, `cache/quick/${item.sha256}`), 'damage')
    await faultsWith('apt-offline', async () => (await open({ offline: true })).download(item))
    assert.deepEqual(await apt.download(item), quick)
  })
})
