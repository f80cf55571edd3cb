import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { layeredImage } from '../../src/images/testing/layered-image.ts'
import { file } from './image.ts'
import { indexLayout, openForTwo } from './platforms.ts'
import { manifestsOf, readBack, sourceOf } from './read-back.ts'
import { contentOf, faultOf, openWorkshop } from './workshop.ts'

test('of an index only the platforms that can be patched change, and attestations of the old images go with a word', async context => {
  const shop = await openForTwo(context)
  const reference = indexLayout(shop, 'index')
  const before = await manifestsOf(reference)
  const result = await shop.fix(reference)
  assert.equal(result.written, true)
  assert.deepEqual(result.image?.layers.map(({ platform }) => platform).sort(), ['linux/amd64', 'linux/arm64'])
  assert.equal(result.others.length, 1)
  const after = await manifestsOf(reference)
  const byPlatform = (of: typeof before) =>
    new Map(of.filter(({ platform }) => !platform.startsWith('unknown')).map(item => [item.platform, item.digest]))
  const [old, now] = [byPlatform(before), byPlatform(after)]
  assert.deepEqual([...now.keys()], [...old.keys()])
  assert.notEqual(now.get('linux/amd64'), old.get('linux/amd64'))
  assert.notEqual(now.get('linux/arm64'), old.get('linux/arm64'))
  assert.equal(now.get('linux/riscv64'), old.get('linux/riscv64'))
  assert.equal(before.length - after.length, 2)
  const notes = result.plan.notes.join('\n')
  assert.match(notes, /linux\/riscv64 holds no Debian packages/)
  assert.match(notes, /attestation-manifest\) was about the image before the patch/)
  for (const platform of ['linux/amd64', 'linux/arm64']) {
    const back = await readBack(reference, platform)
    assert.equal(`linux/${JSON.parse(Buffer.from(back.image.config.bytes).toString()).architecture}`, platform)
    assert.match(back.text('usr/bin/openssl'), /3\.0\.11/)
  }
})

test('--platform narrows what is changed, and a platform that is not there is a fault', async context => {
  const shop = await openForTwo(context)
  const reference = indexLayout(shop, 'index')
  const before = await manifestsOf(reference)
  const result = await shop.fix(reference, { image: { platforms: ['linux/arm64'] } })
  const after = await manifestsOf(reference)
  const changed = after.filter(({ digest }) => !before.some(other => other.digest === digest))
  assert.deepEqual(
    changed.map(({ platform }) => platform),
    ['linux/arm64'],
  )
  assert.equal(result.others.length, 0)
  await faultOf('image-platform-missing', shop.scan(reference, { image: { platforms: ['linux/s390x'] } }))
  await faultOf('usage', shop.scan(reference, { image: { platforms: ['linux'] } }))
})

test('a platform that is listed and not there stays listed, the others are patched, verified and taken back', async context => {
  const shop = await openForTwo(context)
  const reference = indexLayout(shop, 'index')
  const before = await manifestsOf(reference)
  const arm = before.find(({ platform }) => platform === 'linux/arm64')?.digest ?? ''
  rmSync(join(shop.root, 'index/blobs/sha256', arm.slice('sha256:'.length)))
  const index = readFileSync(join(shop.root, 'index/index.json'))
  await faultOf('image-incomplete', shop.fix(reference, { image: { platforms: ['linux/arm64'] } }))
  assert.deepEqual(readFileSync(join(shop.root, 'index/index.json')), index)
  const result = await shop.fix(reference)
  assert.deepEqual(
    result.image?.layers.map(({ platform }) => platform),
    ['linux/amd64'],
  )
  assert.match(result.plan.notes.join('\n'), /linux\/arm64 is listed in \S+ and not there, so it stays as it is/)
  assert.match((await readBack(reference, 'linux/amd64')).text('usr/bin/openssl'), /3\.0\.11/)
  assert.ok(result.receipt !== undefined)
  const verified = await shop.cli('verify', result.receipt)
  assert.equal(verified.code, 0, verified.out + verified.err)
  const undone = await shop.cli('undo', result.receipt)
  assert.equal(undone.code, 0, undone.err)
  assert.deepEqual(readFileSync(join(shop.root, 'index/index.json')), index)
  const narrowed = await shop.fix(reference, { image: { platforms: ['linux/amd64'] } })
  assert.equal(narrowed.image?.digest, result.image?.digest)
})

test('what an index says of other platforms stays byte for byte, numbers and members that nobody knows too, and so does all they lead to', async context => {
  const shop = await openForTwo(context)
  const reference = indexLayout(shop, 'index', text =>
    text
      .replace('"schemaVersion": 2', '"x-built": 12345678901234567890,\n  "schemaVersion": 2')
      .replaceAll('"os": "linux"', '"os":   "linux", "x-ratio": 1.0'),
  )
  const before = await indexText(reference)
  const blobs = contentOf(join(shop.root, 'index', 'blobs'))
  const { image } = await shop.fix(reference, { image: { platforms: ['linux/arm64'] } })
  const after = await indexText(reference)
  const [old, now] = [itemsOf(before), itemsOf(after)]
  const patched = now.filter(item => !old.includes(item))
  assert.equal(patched.length, 1)
  assert.match(patched[0] ?? '', /"os": {3}"linux", "x-ratio": 1\.0,\s+"architecture": "arm64"/)
  // The image before and what was attested of it are gone from the list; the rest is in its old order.
  const gone = old.filter(item => !now.includes(item))
  assert.equal(gone.length, 2)
  assert.deepEqual(
    now.filter(item => old.includes(item)),
    old.filter(item => !gone.includes(item)),
  )
  assert.ok(after.startsWith('{\n  "x-built": 12345678901234567890,\n  "schemaVersion": 2'))
  const stored = contentOf(join(shop.root, 'index', 'blobs'))
  for (const [path, bytes] of blobs) assert.ok(stored.get(path) === bytes, path)
  // A layer, a config, a manifest and the index.
  assert.equal(stored.size - blobs.size, 4)
  assert.ok(stored.has(`sha256/${image?.digest.slice('sha256:'.length)}`))
})

async function indexText(reference: string): Promise<string> {
  const source = sourceOf(reference)
  const { bytes } = await source.root()
  await source.close()
  return Buffer.from(bytes).toString('utf8')
}

/** The items of the list as they are written. */
function itemsOf(index: string): string[] {
  return index.match(/ {4}\{\n[\s\S]*?\n {4}\}/g) ?? []
}

test('platforms that are asked for in another order than the index has are verified all the same', async context => {
  const shop = await openForTwo(context)
  await shop.fix(indexLayout(shop, 'index'), { image: { platforms: ['linux/arm64', 'linux/amd64'] } })
  const ran = await shop.cli('verify')
  assert.equal(ran.code, 0, ran.out)
})

test('an image without Debian packages on any platform is a fault', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('other', layeredImage([[file('etc/os-release', 'ID=alpine\n')]]))
  await faultOf('distribution-unsupported', shop.scan(reference))
})

test('a config with numbers and members that nobody here knows keeps each byte of them', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout(
    'image',
    shop.image({ options: { config: { 'x-vendor': { ratio: 1.5, deep: [null, true] }, created: '1970-01-01T00:00:00Z' } } }),
  )
  const before = Buffer.from((await readBack(reference)).image.config.bytes).toString()
  await shop.fix(reference)
  const after = Buffer.from((await readBack(reference)).image.config.bytes).toString()
  assert.ok(before.includes('"x-vendor":{"ratio":1.5,"deep":[null,true]}'))
  assert.ok(after.includes('"x-vendor":{"ratio":1.5,"deep":[null,true]}'))
  assert.equal(JSON.parse(after).history.length, JSON.parse(before).history.length + 1)
  assert.equal(JSON.parse(after).created, '1970-01-01T00:00:00Z')
})
