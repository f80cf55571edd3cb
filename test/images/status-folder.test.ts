import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { KEYRING, statusFolderImage } from './image.ts'
import { NEW_SSL, NEW_XML, TRIPLET } from './packages.ts'
import { differences, readBack } from './read-back.ts'
import { faultOf, key, openWorkshop, type Workshop } from './workshop.ts'

const FOLDER = 'var/lib/dpkg/status.d'
/** So that no machine has apt sources for it. */
const NOWHERE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=nowhere\nPRETTY_NAME="Debian of a test"\n'

function setUp(shop: Workshop): { readonly reference: string; readonly sources: readonly string[] } {
  const keyring = join(shop.root, 'archive.asc')
  writeFileSync(keyring, key.publicKey)
  const reference = shop.layout('bare', statusFolderImage({ osRelease: NOWHERE }))
  return {
    reference,
    sources: ['bookworm', 'bookworm-security'].map(suite => `deb [signed-by=${keyring}] ${shop.repository.url} ${suite} main`),
  }
}

test('an image without dpkg keeps its form: records and digests in step, no status file made', async context => {
  const shop = await openWorkshop(context)
  const { reference, sources } = setUp(shop)
  const before = await readBack(reference)
  const result = await shop.fix(reference, { image: { sources } })
  assert.equal(result.written, true)
  const after = await readBack(reference)
  const changed = differences(before.tree, after.tree)
  assert.equal(
    changed.some(path => path.startsWith('var/lib/dpkg/') && !path.startsWith(`${FOLDER}/`)),
    false,
    changed.join('\n'),
  )
  assert.equal(after.tree.has('var/lib/dpkg/status'), false)
  assert.match(after.text(`${FOLDER}/libxml2`), new RegExp(`^Version: ${NEW_XML.replaceAll('+', '\\+')}$`, 'm'))
  for (const name of ['libssl3', 'libxml2', 'openssl']) {
    const listed = after.text(`${FOLDER}/${name}.md5sums`).trimEnd().split('\n')
    for (const line of listed.filter(item => !item.endsWith('.gz'))) {
      const [digest, path = ''] = line.split('  ')
      assert.equal(createHash('md5').update(after.text(path)).digest('hex'), digest, path)
    }
  }
  assert.equal(after.text(`${TRIPLET}/libxml2.so.2`), `libxml2 ${NEW_XML}\n`)
  assert.equal(after.text(`${FOLDER}/openssl`).includes(NEW_SSL), true)
  const again = await shop.fix(reference, { image: { sources } })
  assert.equal(again.written, false)
})

test('its sources may also be a file, or come from suture.yaml, and the notes say so', async context => {
  const shop = await openWorkshop(context)
  const { reference, sources } = setUp(shop)
  writeFileSync(join(shop.working, 'mine.list'), `# mine\n${sources.join('\n')}\n`)
  const [one, two = ''] = sources
  const stanza = `Types: deb\nURIs: ${shop.repository.url}\nSuites: bookworm bookworm-security\nComponents: main\nSigned-By: ${join(shop.root, 'archive.asc')}\n`
  writeFileSync(join(shop.working, 'mine.sources'), stanza)
  const byFile = await shop.plan(reference, { image: { sources: ['mine.list'] } })
  const byStanzas = await shop.plan(reference, { image: { sources: ['mine.sources'] } })
  const byPolicy = await shop.plan(reference, { policy: { aptSources: [one ?? '', two] } })
  for (const { plan } of [byFile, byStanzas, byPolicy]) assert.equal(plan.changes.length, 3)
  assert.match(byPolicy.plan.notes.join('\n'), /those of suture\.yaml are used/)
  await faultOf('file-unreadable', shop.plan(reference, { image: { sources: ['not-there.list'] } }))
})

test('suture.yaml is read from the folder that the command runs in', async context => {
  const shop = await openWorkshop(context)
  const { reference, sources } = setUp(shop)
  writeFileSync(join(shop.working, 'suture.yaml'), `aptSources:\n${sources.map(line => `  - ${JSON.stringify(line)}\n`).join('')}`)
  const ran = await shop.cli('fix', reference, '--advisories', shop.advisories)
  assert.match(ran.out, /Fixed 2 of 3 findings with 3 changes/, ran.err)
  assert.match(ran.out, /those of suture\.yaml are used/)
})

test('with no source anywhere a fix says how to name one, before any work', async context => {
  const shop = await openWorkshop(context)
  const { reference } = setUp(shop)
  const before = await readBack(reference)
  const fault = await faultOf('apt-sources-missing', shop.fix(reference))
  assert.match(fault.hint, /--source "deb \[signed-by=/)
  assert.match(fault.message, /Debian of a test/)
  assert.deepEqual((await readBack(reference)).digest, before.digest)
  const report = await shop.scan(reference)
  assert.equal(report.findings.length, 3)
  assert.match(report.notes.join('\n'), /--source/)
})

test('--source stands in for the sources of an image that has its own', async context => {
  const shop = await openWorkshop(context)
  const { sources } = setUp(shop)
  const dead = shop.image({ repository: 'http://127.0.0.1:9/' })
  const reference = shop.layout('dead', dead)
  assert.equal(dead.image.layers.length, 2)
  await faultOf('apt-mirror-unreachable', shop.plan(reference))
  assert.equal((await shop.plan(reference, { image: { sources } })).plan.changes.length, 3)
  assert.ok((await readBack(reference)).tree.has(KEYRING))
})
