import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBack } from './read-back.ts'
import { contentOf, openWorkshop } from './workshop.ts'

const TAGS = ['one', 'two', 'three', 'four', 'five', 'six']

test('fixes that run at once with one empty cache and in one folder all succeed with the same image, and each keeps the tags of the others', async context => {
  const shop = await openWorkshop(context)
  shop.layout('image')
  const index = join(shop.root, 'image', 'index.json')
  const value = JSON.parse(readFileSync(index, 'utf8'))
  const [only] = value.manifests
  const named = (tag: string) => ({ ...only, annotations: { 'org.opencontainers.image.ref.name': tag } })
  writeFileSync(index, JSON.stringify({ ...value, manifests: TAGS.map(named) }))
  const references = TAGS.map(tag => `oci:${join(shop.root, 'image')}:${tag}`)
  const results = await Promise.all(references.map(reference => shop.fix(reference)))
  const digests = new Set<string | undefined>(results.map(({ image }) => image?.digest))
  for (const reference of references) digests.add((await readBack(reference)).digest)
  assert.equal(digests.size, 1)
  assert.deepEqual(
    JSON.parse(readFileSync(index, 'utf8')).manifests.map(
      (item: ReturnType<typeof named>) => item.annotations['org.opencontainers.image.ref.name'],
    ),
    TAGS,
  )
  const temporary = [...contentOf(shop.root).keys()].filter(name => /(?:^|\/)\.suture-|\.[0-9a-f]{12}$|\.part$|\.layer\.\d+$/.test(name))
  assert.deepEqual(temporary, [])
})
