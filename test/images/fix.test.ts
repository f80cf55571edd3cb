import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDebInventory } from '../../src/ecosystems/deb/inventory.ts'
import { openImage } from '../../src/images/open.ts'
import { file } from './image.ts'
import { CONFFILE, DIVERTED, NEW_SSL, NEW_XML, SECURE, TRIPLET } from './packages.ts'
import { differences, readBack, sourceOf } from './read-back.ts'
import { both, contentOf, openWorkshop, securitySuite } from './workshop.ts'

const INFO = 'var/lib/dpkg/info'

async function versionsIn(reference: string): Promise<Record<string, string>> {
  const image = await openImage(sourceOf(reference))
  const inventory = await readDebInventory(image.files, reference)
  return Object.fromEntries((inventory?.components ?? []).map(({ location, version }) => [location, version]))
}

test('a fixed image holds the new versions, read back from its bytes alone', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const result = await shop.fix(reference)
  assert.equal(result.written, true)
  assert.deepEqual(await versionsIn(reference), {
    'libc6:amd64': '2.36-9',
    'libssl3:amd64': NEW_SSL,
    'libxml2:amd64': NEW_XML,
    'openssl:amd64': NEW_SSL,
    'tzdata:all': '2024a-0',
  })
  const back = await readBack(reference)
  assert.equal(back.digest, result.image?.digest)
  assert.match(back.text(`${TRIPLET}/libssl.so.3`), new RegExp(`^libssl ${NEW_SSL}\n`))
  assert.equal(back.text('usr/bin/openssl'), `#! openssl ${NEW_SSL}\n`)
  const report = await shop.scan(reference)
  assert.deepEqual(
    report.findings.map(({ name }) => name),
    ['glibc'],
  )
})

test('the layer holds what changes and nothing else, and everything else is as it was', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const before = await readBack(reference)
  const blobs = contentOf(join(shop.root, 'image', 'blobs'))
  const result = await shop.fix(reference)
  const after = await readBack(reference)

  const expected = [
    CONFFILE,
    'usr/bin/openssl',
    `${DIVERTED}.distrib`,
    `${TRIPLET}/libssl.so.3`,
    `${TRIPLET}/libxml2.so.2`,
    'usr/share/doc/libssl3/changelog.Debian.gz',
    'usr/share/ssl/gone',
    `${INFO}/libssl3:amd64.md5sums`,
    `${INFO}/libxml2.md5sums`,
    `${INFO}/openssl.list`,
    `${INFO}/openssl.md5sums`,
    'var/lib/dpkg/status',
  ].sort()
  assert.deepEqual(differences(before.tree, after.tree), expected)
  assert.equal(result.image?.layers[0]?.files, expected.length)
  assert.equal(after.tree.has('usr/share/ssl/gone'), false)
  assert.equal(after.text(DIVERTED), 'the logo of another package\n')
  assert.equal(after.text(`${DIVERTED}.distrib`), `logo ${NEW_SSL}\n`)

  assert.deepEqual(after.layers.slice(0, -1), before.layers)
  assert.deepEqual(after.diffIds.slice(0, -1), before.diffIds)
  const now = contentOf(join(shop.root, 'image', 'blobs'))
  for (const [name, content] of blobs) assert.equal(now.get(name), content)
  assert.equal(now.size, blobs.size + 3)
})

test('the status file changes in the stanzas that move, field by field as dpkg writes them', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const status = async () => (await readBack(reference)).text('var/lib/dpkg/status').split('\n\n')
  const before = await status()
  await shop.fix(reference, { only: ['libxml2'] })
  const after = await status()
  assert.equal(after.length, before.length)
  const changed = after.filter((stanza, at) => stanza !== before[at])
  assert.equal(changed.length, 1)
  assert.match(changed[0] ?? '', /^Package: libxml2\nStatus: install ok installed\n/)
  assert.match(changed[0] ?? '', new RegExp(`^Version: ${NEW_XML.replaceAll('+', '\\+')}$`, 'm'))
})

test('a configuration file that was changed here stays, and the new one lies beside it', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image', shop.image({ conffile: 'mine\n' }))
  const result = await shop.fix(reference)
  const back = await readBack(reference)
  assert.equal(back.text(CONFFILE), 'mine\n')
  assert.equal(back.text(`${CONFFILE}.dpkg-dist`), `# openssl ${NEW_SSL}\n`)
  assert.match(result.plan.notes.join('\n'), /openssl\.cnf/)
})

test('a configuration file that was deleted stays deleted', async context => {
  const shop = await openWorkshop(context)
  const hidden = [file('etc/ssl/.wh.openssl.cnf', '')]
  const reference = shop.layout('image', shop.image({ above: [hidden] }))
  await shop.fix(reference)
  const back = await readBack(reference)
  assert.equal(back.tree.has(CONFFILE), false)
  // As dpkg does where the maintainer changed it meanwhile.
  assert.equal(back.text(`${CONFFILE}.dpkg-dist`), `# openssl ${NEW_SSL}\n`)
  assert.equal((await versionsIn(reference))['openssl:amd64'], NEW_SSL)
})

test('files said below /lib go where the link leads, and the link stays one', async context => {
  const libc = {
    control: { Package: 'libc6', Source: 'glibc', Version: '2.36-9+deb12u1', 'Multi-Arch': 'same' },
    files: [{ path: 'lib/x86_64-linux-gnu/libc.so.6', content: 'libc, newer' }],
  }
  const shop = await openWorkshop(context, both(await securitySuite({ packages: [...SECURE, libc] })))
  const reference = shop.layout('image')
  await shop.fix(reference, { only: ['libxml2'], image: { update: ['libc6'] } })
  const back = await readBack(reference)
  assert.equal(back.image.files.get('lib')?.type, 'symlink')
  assert.equal(back.text('usr/lib/x86_64-linux-gnu/libc.so.6'), 'libc, newer')
})

test('fixing a fixed image changes nothing and writes nothing', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  await shop.fix(reference)
  const layout = contentOf(join(shop.root, 'image'))
  const receipts = contentOf(shop.working)
  const again = await shop.fix(reference)
  assert.equal(again.written, false)
  assert.equal(again.image, undefined)
  assert.equal(again.receipt, undefined)
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
  assert.deepEqual(contentOf(shop.working), receipts)
})

test('an image without findings is left as it is', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('clean', shop.image({ packages: SECURE }))
  const layout = contentOf(join(shop.root, 'clean'))
  const result = await shop.fix(reference)
  assert.deepEqual(result.plan.findings, [])
  assert.equal(result.written, false)
  assert.deepEqual(result.plan.changes, [])
  assert.deepEqual(contentOf(join(shop.root, 'clean')), layout)
  assert.deepEqual(contentOf(shop.working), new Map())
})

test('a dry run proves the result and writes neither image nor receipt', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const layout = contentOf(join(shop.root, 'image'))
  const dry = await shop.fix(reference, { dryRun: true })
  assert.equal(dry.written, false)
  assert.equal(
    dry.verification.every(({ result }) => result === 'passed'),
    true,
  )
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
  assert.deepEqual(contentOf(shop.working), new Map())
  assert.equal((await shop.fix(reference)).image?.digest, dry.image?.digest)
})

test('a fix says on the command line what moved, what was proved and how to take it back', async context => {
  const shop = await openWorkshop(context)
  const ran = await shop.cli('fix', shop.layout('image'), '--advisories', shop.advisories)
  assert.equal(ran.code, 1)
  assert.match(ran.out, /Fixed 2 of 3 findings with 3 changes/)
  assert.match(ran.out, /files outside the change/)
  assert.match(ran.out, /suture undo \.suture\/receipts\//)
  assert.match(ran.out, /Layer +linux\/amd64: 12 paths/)
})
