import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../src/model/faults.ts'
import { XML } from './packages.ts'
import { placesOf, registryWith, statementOf } from './places.ts'
import { both, faultOf, openWorkshop, securitySuite, type Workshop } from './workshop.ts'

const verify = async (shop: Workshop, receipt: string, more = {}) =>
  (await shop.engine()).verify({ folder: shop.working, receipt: join(shop.working, receipt), offline: false, insecure: false, ...more })

/** Whether a second party would be satisfied; a coded fault is a no. */
async function isAccepted(shop: Workshop, receipt: string): Promise<boolean> {
  try {
    return (await verify(shop, receipt)).checks.every(({ result }) => result !== 'failed')
  } catch (fault) {
    assert.ok(fault instanceof Fault, String(fault))
    assert.notEqual(fault.code, 'internal')
    return false
  }
}

test('verify derives the image again, wherever it lies, on a machine that never saw it', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const registry = await registryWith(image)
  context.after(() => registry.close())
  for (const { kind, reference } of await placesOf(shop, registry, image)) {
    const { receipt = '' } = await shop.fix(reference, { output: reference })
    const environment = { ...shop.environment, SUTURE_HOME: join(shop.root, kind, 'home'), XDG_CACHE_HOME: join(shop.root, kind, 'cache') }
    const engine = await shop.engine({ environment })
    const result = await engine.verify({ folder: shop.working, receipt: join(shop.working, receipt), offline: false, insecure: false })
    assert.deepEqual(
      result.checks.map(check => check.result),
      result.checks.map(() => 'passed'),
      `${kind} ${JSON.stringify(result.checks)}`,
    )
    assert.ok(result.checks.length >= 4)
    assert.equal(result.signature, 'unsigned')
  }
})

test('verify passes for a second fix that replaced the layer of the first', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  await shop.fix(reference, { only: [XML] })
  const { receipt = '' } = await shop.fix(reference, { world: { now: () => new Date('2026-01-12T01:00:00Z') } })
  assert.equal(statementOf(shop, receipt).statement.predicate.image.platforms[0].replaced, 1)
  assert.equal(await isAccepted(shop, receipt), true)
})

test('verify does not pass when any blob of the image has another byte, at either end or within', async context => {
  const shop = await openWorkshop(context)
  const { receipt = '' } = await shop.fix(shop.layout('image'))
  const folder = join(shop.root, 'image', 'blobs', 'sha256')
  const { documents } = statementOf(shop, receipt).statement.predicate.image
  const former = new Set(Object.keys(documents))
  assert.equal(await isAccepted(shop, receipt), true)
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      writeFileSync(path, flipped)
      // Documents of the former image are in the receipt; those in the folder are nobody's any more.
      assert.equal(await isAccepted(shop, receipt), former.has(`sha256:${name}`), `${name} at ${at} of ${bytes.length}`)
    }
    writeFileSync(path, bytes)
  }
  assert.equal(await isAccepted(shop, receipt), true)
})

test('verify does not pass for another image under the reference', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const { receipt = '' } = await shop.fix(reference, { only: [XML] })
  await shop.fix(reference, { world: { now: () => new Date('2026-01-12T01:00:00Z') } })
  assert.equal(await isAccepted(shop, receipt), false)
  shop.layout('image')
  assert.equal(await isAccepted(shop, receipt), false)
  const ran = await shop.cli('verify', join(shop.working, receipt))
  assert.equal(ran.code, 1)
  assert.match(ran.out, /is not what the receipt says/)
})

test('verify says so when no signed index states an archive any more', async context => {
  const shop = await openWorkshop(context)
  const { receipt = '' } = await shop.fix(shop.layout('image'))
  shop.repository.files = both(await securitySuite({ packages: [], date: new Date('2026-01-11T00:00:00Z') }))
  const engine = await shop.engine({ now: () => new Date('2026-01-13T00:00:00Z') })
  const { checks } = await engine.verify({ folder: shop.working, receipt: join(shop.working, receipt), offline: false, insecure: false })
  assert.match(checks.find(({ result }) => result === 'failed')?.detail ?? '', /no signed index states them any more: libssl3:amd64/)
})

test('a receipt is signed when there is a key, and only that key verifies it', async context => {
  const shop = await openWorkshop(context)
  const pem = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    writeFileSync(join(shop.root, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(join(shop.root, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }))
    return { secret: join(shop.root, `${name}.pem`), open: join(shop.root, `${name}.pub`) }
  }
  const [mine, other] = [pem('mine'), pem('other')]
  const { receipt = '', signed } = await shop.fix(shop.layout('image'), { key: mine.secret })
  assert.equal(signed, true)
  assert.equal((await verify(shop, receipt, { key: mine.open })).signature, 'verified')
  assert.equal((await verify(shop, receipt)).signature, 'not checked')
  await faultOf('receipt-signature', verify(shop, receipt, { key: other.open }))

  const { envelope } = statementOf(shop, receipt)
  envelope.payload = Buffer.from(Buffer.from(envelope.payload, 'base64').toString().replace('removes', 'Removes')).toString('base64')
  writeFileSync(join(shop.working, receipt), JSON.stringify(envelope))
  await faultOf('receipt-signature', verify(shop, receipt, { key: mine.open }))
})

/** Of what a second party can know: what the archive's indexes were on the day, and which advisories were read, it cannot. */
const UNKNOWABLE = /"(?:hash|inReleaseSha256)":"$|"architecture":"[a-z0-9]+","sha256":"$|"before":{"digest":"sha256:$/

async function flips(shop: Workshop, receipt: string, path: string, isChecked: (before: string) => boolean): Promise<void> {
  const { envelope, statement } = statementOf(shop, receipt)
  const text = JSON.stringify(statement)
  const places = [...text.matchAll(/[0-9a-f]{64}/g)].map(({ index }) => index).filter(at => isChecked(text.slice(at - 60, at)))
  assert.ok(places.length > 20)
  const told = await fc.check(
    fc.asyncProperty(fc.constantFrom(...places), fc.nat(63), fc.integer({ min: 1, max: 15 }), async (place, offset, by) => {
      const at = place + offset
      const other = ((Number.parseInt(text[at] ?? '0', 16) + by) % 16).toString(16)
      const payload = Buffer.from(text.slice(0, at) + other + text.slice(at + 1)).toString('base64')
      writeFileSync(join(shop.working, path), JSON.stringify({ ...envelope, payload }))
      assert.equal(await isAccepted(shop, path), false, text.slice(place - 60, place + 64))
    }),
    { numRuns: 40, seed: 7 },
  )
  assert.ok(!told.failed, told.errorInstance instanceof Error ? told.errorInstance.message : '')
}

test('with any digit of any digest in its receipt changed, an image does not pass', async context => {
  const shop = await openWorkshop(context)
  const { receipt = '' } = await shop.fix(shop.layout('image'))
  await flips(shop, receipt, receipt, () => true)
})

test('a receipt under another name passes, and not with a digit changed of a digest that can be derived', async context => {
  const shop = await openWorkshop(context)
  const { receipt = '' } = await shop.fix(shop.layout('image'))
  copyFileSync(join(shop.working, receipt), join(shop.working, 'renamed.json'))
  assert.equal(await isAccepted(shop, 'renamed.json'), true)
  await flips(shop, receipt, 'renamed.json', before => !UNKNOWABLE.test(before))
})
