import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault, type FaultCode } from '../../../model/faults.ts'
import { both, faultsWith, inRelease, inSetting, KEYRING, key, main, other, refuses, security } from '../testing/apt-setting.ts'
import { clearSign, MADE, makeKey, type RepositoryFiles, type RepositoryKey } from '../testing/make-repository.ts'
import type { MemoryEntry } from '../testing/memory-files.ts'
import { serveRepository } from '../testing/serve-repository.ts'
import { storeXz } from '../testing/store-xz.ts'

test('an archive that is another than the signed index names is refused', async () => {
  await inSetting(await both(), async ({ open, server }) => {
    const apt = await open()
    await apt.load(['libssl3'], 'security')
    const [item] = apt.offered('libssl3')
    assert.ok(item)
    const good = server.files.get(item.filename) ?? new Uint8Array()
    const forged = Buffer.from(good)
    forged[200] = (forged[200] ?? 0) ^ 1
    for (const bytes of [forged, good.subarray(0, 150), Buffer.concat([good, Buffer.from('more')])]) {
      server.files.set(item.filename, bytes)
      await faultsWith('deb-digest-mismatch', () => apt.download(item))
    }
    server.files.delete(item.filename)
    await faultsWith('apt-index-stale', () => apt.download(item))
    server.files.set(item.filename, good)
    assert.deepEqual(await apt.download(item), Buffer.from(good))
  })
})

test('a key that the image does not have, or that expired, or is not the named one, signs nothing', async () => {
  const expired = await makeKey({ secondsValid: 86_400 })
  const files = await security({ date: new Date('2026-01-01T12:00:00Z'), key: expired })
  const image = (one: RepositoryKey) => ({ [KEYRING]: one.publicKey })
  const fault = await refuses('apt-key-expired', files, {}, image(expired))
  assert.match(fault.message, /expired on 2026-01-02/)
  await refuses('apt-key-missing', await both(), {}, image(other))
  await refuses('apt-key-missing', await both(), {}, { [KEYRING]: 'no keyring at all' })
  await refuses('apt-key-missing', await both(), {}, { [KEYRING]: '' })
})

test('a changed text, a signature for another text and no signature are refused', async () => {
  const good = await both()
  const text = Buffer.from(good.get(inRelease) ?? []).toString()
  const forge = (content: string): RepositoryFiles => new Map([...good, [inRelease, Buffer.from(content)]])
  await refuses('apt-signature-invalid', forge(text.replace('Label: Debian-Security', 'Label: Debian-Nonsense')))
  await refuses('apt-signature-invalid', forge(text.replace(/^-----BEGIN PGP SIGNED[\s\S]*?\n\n|-----BEGIN PGP SIGNATURE[\s\S]*/gm, '')))
  await refuses('apt-signature-invalid', forge(text.replace(/-----BEGIN PGP SIGNATURE[\s\S]*/, '')))
  await refuses('apt-signature-invalid', forge(''))
  const elsewhere = await clearSign('something else', [key], MADE)
  const signature = elsewhere.slice(elsewhere.indexOf('-----BEGIN PGP SIGNATURE'))
  await refuses('apt-signature-invalid', forge(text.replace(/-----BEGIN PGP SIGNATURE[\s\S]*/, signature)))
})

test('text around the signed part is not part of the release', async () => {
  const good = await both()
  const text = Buffer.from(good.get(inRelease) ?? []).toString()
  const evil = `${text}\nSuite: evil\nDate: Mon, 12 Jan 2026 00:00:00 UTC\n`
  await inSetting(new Map([...good, [inRelease, Buffer.from(evil)]]), async ({ open }) => {
    const apt = await open()
    const outcome = await apt.load(['libssl3'], 'security').then(
      () => apt.suites()[0]?.release.suite,
      (cause: unknown) => (cause instanceof Fault ? cause.code : cause),
    )
    assert.ok(outcome === 'bookworm-security' || outcome === 'apt-signature-invalid', String(outcome))
  })
  await refuses('apt-signature-invalid', new Map([...good, [inRelease, Buffer.from(`Suite: evil\n${text}`)]]))
})

test('an index past its Valid-Until is refused, unless apt is told not to mind, which is said', async () => {
  const late = { now: () => new Date('2026-02-01T00:00:00Z') }
  await refuses('apt-release-expired', await both(), late)
  const settings: readonly Readonly<Record<string, MemoryEntry>>[] = [
    { 'etc/apt/apt.conf.d/99x': 'Acquire::Check-Valid-Until "false";' },
    { 'etc/apt/apt.conf': 'Acquire { Check-Valid-Until false; };' },
  ]
  for (const setting of settings) {
    await inSetting(await both(), async ({ open }) => {
      const apt = await open(late, setting)
      await apt.load(['libssl3'], 'security')
      assert.match(apt.notes().join(), /valid until 2026-01-17.*turns that check off/)
    })
  }
})

test('what this machine does without is checked for the sources of an image all the same', async () => {
  await inSetting(await both(), async ({ open, folder }) => {
    const machineFolder = join(folder, 'machine')
    await mkdir(machineFolder)
    await writeFile(join(machineFolder, 'apt.conf'), 'Acquire::Check-Valid-Until "false";')
    const apt = await open({ now: () => new Date('2026-02-01T00:00:00Z'), machineFolder })
    await faultsWith('apt-release-expired', () => apt.load(['libssl3'], 'security'))
  })
})

test('an index of another suite, without a date, from the future, or twice the same field is refused', async () => {
  await refuses('apt-release-invalid', await security({ fields: { Suite: 'trixie-security', Codename: 'trixie-security' } }))
  await refuses('apt-release-invalid', await security({ fields: { Date: 'yesterday' } }))
  await refuses('apt-release-invalid', await security({ release: text => text.replace(/^Date:.*\n/m, '') }))
  await refuses('apt-release-invalid', await security({ release: text => `Date: Sat, 10 Jan 2026 00:00:00 UTC\n${text}` }))
  await refuses('apt-release-invalid', await security({ fields: { Date: 'Fri, 10 Jan 2031 00:00:00 UTC' } }))
})

test('an index older than the one before is refused, whatever its signature', async () => {
  const older = await both({ date: new Date('2026-01-09T00:00:00Z') })
  await inSetting(await both(), async ({ open, server }) => {
    await (await open()).load(['libssl3'], 'security')
    server.files = older
    const apt = await open()
    await faultsWith('apt-release-replayed', () => apt.load(['libssl3'], 'security'))
    const again = await open({ offline: true })
    await again.load(['libssl3'], 'security')
    assert.equal(again.offered('libssl3').length, 1)
  })
})

test('package indexes that differ from the signed one are stale; damaged ones are invalid', async () => {
  const change = async (form: '.xz' | '.gz' | '', byHash: boolean, to: (bytes: Uint8Array) => Uint8Array): Promise<RepositoryFiles> =>
    new Map(
      [...(await security({ forms: [form], byHash }))].map(([path, bytes]) => [path, path.includes('/binary-amd64/') ? to(bytes) : bytes]),
    )
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
  await refuses('apt-index-stale', await change('.xz', false, flip))
  await refuses('apt-index-stale', await change('.xz', true, flip))
  await refuses('apt-index-stale', await change('.gz', true, bytes => bytes.subarray(0, 60)))
  await refuses('apt-index-stale', await change('', true, bytes => Buffer.concat([bytes, Buffer.from('\nPackage: evil\n')])))
  const gone = await security()
  for (const path of [...gone.keys()]) if (path.includes('/binary-amd64/')) gone.delete(path)
  await refuses('apt-index-stale', gone)
})

test('an index that is signed and yet cannot be unpacked, or unpacks to something else, is refused', async () => {
  const files = await security()
  const path = 'dists/bookworm-security/main/binary-amd64/Packages'
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
  const good = files.get(`${path}.xz`) ?? new Uint8Array()
  const rows: readonly (readonly [FaultCode, Uint8Array])[] = [
    ['apt-index-invalid', good.subarray(0, good.length - 40)],
    ['apt-index-stale', storeXz(Buffer.from('Package: other\n'))],
    ['apt-index-invalid', storeXz(Buffer.alloc(500_000, 'Package: bomb\n'))],
    ['apt-index-stale', storeXz(Buffer.from('no stanza at all'))],
  ]
  for (const [code, bytes] of rows) {
    const release = (text: string): string => text.replace(/ [0-9a-f]{64} \d+ (.*\/Packages\.xz)/, ` ${sha256(bytes)} ${bytes.length} $1`)
    const changed = await security({ release, byHash: false })
    changed.set(`${path}.xz`, bytes)
    await refuses(code, changed)
  }
})

test('a dead mirror, one without the suite and one that wants a password each have their own fault', async () => {
  const dead = await serveRepository(new Map())
  await dead.close()
  const source = `deb [signed-by=/${KEYRING}] ${dead.url} bookworm-security main\n`
  const fault = await refuses('apt-mirror-unreachable', new Map(), {}, { 'etc/apt/sources.list': source })
  assert.match(fault.message, /ECONNREFUSED/)
  await refuses('apt-release-invalid', await main())
  await inSetting(await both(), async ({ open, server }) => {
    server.before = (request, response) => {
      const known = request.headers.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`
      if (!known) response.writeHead(401).end()
      return !known
    }
    const plain = await open()
    await faultsWith('apt-refused', () => plain.load(['libssl3'], 'security'))
    const login = `machine ${server.url} login me password secret`
    await (await open({}, { 'etc/apt/auth.conf.d/mirror.conf': login })).load(['libssl3'], 'security')
    server.before = undefined
  })
})

test('a release that has ended says so, and who goes on', async () => {
  const fault = await refuses('suite-end-of-life', await main(), { now: () => new Date('2028-08-01T00:00:00Z') })
  assert.match(fault.message, /2028-06-30/)
  assert.match(fault.hint, /ELTS goes on until 2033-06-30/)
})
