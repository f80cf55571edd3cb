import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { addLayer } from './add-layer.ts'
import { NEW_SSL, NEW_XML, SECURE, SSL, TRIPLET, XML } from './packages.ts'
import { indexLayout, openForTwo } from './platforms.ts'
import { differences, readBack } from './read-back.ts'
import { both, contentOf, openWorkshop, securitySuite } from './workshop.ts'

test('a second fix replaces the layer of the first, and the image is exactly the one that a single fix makes', async context => {
  const shop = await openWorkshop(context)
  const steps = shop.layout('steps')
  const once = shop.layout('once')
  const original = await readBack(steps)
  await shop.fix(steps, { only: [SSL] })
  const first = await readBack(steps)
  assert.equal(first.layers.length, original.layers.length + 1)

  const second = await shop.fix(steps, { only: [XML] })
  assert.deepEqual(
    second.plan.changes.map(({ name }) => name),
    ['libxml2'],
  )
  const after = await readBack(steps)
  assert.equal(after.layers.length, original.layers.length + 1)
  assert.deepEqual(after.layers.slice(0, -1), original.layers)
  assert.equal(after.text('usr/bin/openssl'), `#! openssl ${NEW_SSL}\n`)
  assert.equal(after.text(`${TRIPLET}/libxml2.so.2`), `libxml2 ${NEW_XML}\n`)
  assert.deepEqual(
    (await shop.scan(steps)).findings.map(({ name }) => name),
    ['glibc'],
  )

  await shop.fix(once)
  const single = await readBack(once)
  assert.equal(after.diffIds.at(-1), single.diffIds.at(-1))
  assert.equal(after.digest, single.digest)
})

test('of an index too, platform by platform, and a fix with nothing left to do writes nothing', async context => {
  const shop = await openForTwo(context)
  const steps = indexLayout(shop, 'steps')
  const once = indexLayout(shop, 'once')
  await shop.fix(steps, { only: [SSL] })
  await shop.fix(steps, { only: [XML], image: { platforms: ['linux/arm64'] } })
  await shop.fix(steps)
  await shop.fix(once)
  const digest = (await readBack(once)).digest
  assert.equal((await readBack(steps)).digest, digest)
  const before = contentOf(join(shop.root, 'steps'))
  assert.equal((await shop.fix(steps)).written, false)
  assert.deepEqual(contentOf(join(shop.root, 'steps')), before)
})

test('where a version of the first fix is offered no longer, the second one goes on top and keeps it', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const original = await readBack(reference)
  await shop.fix(reference, { only: [XML] })
  const first = await readBack(reference)

  const later = SECURE.map(item =>
    typeof item.control === 'object' && item.control['Package'] === 'libxml2'
      ? { ...item, control: { ...item.control, Version: `${NEW_XML}.1` } }
      : item,
  )
  shop.repository.files = both(await securitySuite({ packages: later, date: new Date('2026-01-11T00:00:00Z') }))
  const nextDay = { now: () => new Date('2026-01-13T00:00:00Z') }
  const result = await shop.fix(reference, { only: [SSL], world: nextDay })
  assert.equal(result.written, true)
  const after = await readBack(reference)
  assert.deepEqual(after.layers.slice(0, -1), first.layers)
  assert.equal(after.layers.length, original.layers.length + 2)
  assert.equal(after.text(`${TRIPLET}/libxml2.so.2`), `libxml2 ${NEW_XML}\n`)
  assert.equal(after.text('usr/bin/openssl'), `#! openssl ${NEW_SSL}\n`)
  assert.match(after.text('var/lib/dpkg/status'), new RegExp(`Version: ${NEW_XML.replaceAll('+', '\\+')}\n`))
  assert.equal(differences(first.tree, after.tree).includes(`${TRIPLET}/libxml2.so.2`), false)
})

test('a layer that somebody else put on top of the patch stays, and the next patch goes above it', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const { plan } = await shop.fix(reference, { only: [SSL] })
  assert.equal(plan.changes.length, 2)
  const built = await addLayer(reference, [{ path: 'srv/app', content: 'mine' }])
  const above = shop.layout('built', built)
  const before = await readBack(above)
  await shop.fix(above, { only: [XML] })
  const after = await readBack(above)
  assert.deepEqual(after.layers.slice(0, -1), before.layers)
  assert.equal(after.text('srv/app'), 'mine')
})
