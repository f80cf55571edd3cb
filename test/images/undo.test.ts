import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { file } from './image.ts'
import { SSL, XML } from './packages.ts'
import { placesOf, registryWith } from './places.ts'
import { differences, readBack } from './read-back.ts'
import { contentOf, faultOf, openWorkshop, type Workshop } from './workshop.ts'

const undo = async (shop: Workshop, receipt: string, more = {}) =>
  (await shop.engine()).undo({ folder: shop.working, receipt: join(shop.working, receipt), dryRun: false, insecure: false, ...more })

test('undo gives every kind of place its former image back, digest for digest', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const registry = await registryWith(image)
  context.after(() => registry.close())
  for (const place of await placesOf(shop, registry, image)) {
    const { reference } = place
    const before = await place.digest()
    const file = place.kind.endsWith('archive') ? reference.split(':')[1] : undefined
    const bytes = file === undefined ? undefined : readFileSync(file)
    const fixed = await shop.fix(reference, place.local ? {} : { output: reference })
    assert.equal(await place.digest(), fixed.image?.digest, place.kind)
    assert.notEqual(await place.digest(), before, place.kind)

    const dry = await undo(shop, fixed.receipt ?? '', { dryRun: true })
    assert.equal(dry.written, false)
    assert.equal(await place.digest(), fixed.image?.digest, place.kind)

    const back = await undo(shop, fixed.receipt ?? '')
    assert.equal(back.written, true)
    assert.equal(await place.digest(), before, place.kind)
    if (file !== undefined) assert.ok(readFileSync(file).equals(bytes ?? Buffer.of()), `${place.kind} has other bytes than before`)
    await faultOf('undo-conflict', undo(shop, fixed.receipt ?? ''))
  }
})

test('what undo gives back is whole: every blob and every path', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const before = await readBack(reference)
  const { receipt = '' } = await shop.fix(reference)
  await undo(shop, receipt)
  const after = await readBack(reference)
  assert.deepEqual(after.layers, before.layers)
  assert.deepEqual(differences(before.tree, after.tree), [])
})

test('undo refuses where the tag points elsewhere by now, and takes two fixes back one after the other', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const original = (await readBack(reference)).digest
  const first = await shop.fix(reference, { only: [SSL] })
  const second = await shop.fix(reference, { only: [XML], world: { now: () => new Date('2026-01-12T01:00:00Z') } })
  const layout = contentOf(join(shop.root, 'image'))
  await faultOf('undo-conflict', undo(shop, first.receipt ?? ''))
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
  await undo(shop, second.receipt ?? '')
  assert.equal((await readBack(reference)).digest, first.image?.digest)
  await undo(shop, first.receipt ?? '')
  assert.equal((await readBack(reference)).digest, original)
})

test('the newest receipt is the one that undo takes unless another is named', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const original = (await readBack(reference)).digest
  await shop.fix(reference)
  const ran = await shop.cli('undo')
  assert.equal(ran.code, 0, ran.err)
  assert.match(ran.out, /Took back 3 changes in oci:/)
  assert.equal((await readBack(reference)).digest, original)
})

test('after an image went to another place, undo leaves the original where it was', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const layout = contentOf(join(shop.root, 'image'))
  const output = `oci:${join(shop.root, 'other')}:patched`
  const { receipt = '' } = await shop.fix(reference, { output })
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
  await undo(shop, receipt)
  assert.equal((await readBack(output)).digest, (await readBack(reference)).digest)
})

test('what stood under the output before comes back while it is there, else the image that was patched', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const [original, other] = [shop.image(), shop.image({ above: [[file('srv/other', 'another image')]] })]
  const registry = await registryWith(other)
  context.after(() => registry.close())
  for (const { kind, reference: output, digest } of await placesOf(shop, registry, other)) {
    const before = await digest()
    assert.notEqual(before, original.image.manifest.descriptor.digest)
    const { receipt = '' } = await shop.fix(reference, { output })
    await undo(shop, receipt)
    // A file holds one image: what was replaced is gone.
    assert.equal(await digest(), kind.endsWith('archive') ? original.image.manifest.descriptor.digest : before, kind)
  }
})
