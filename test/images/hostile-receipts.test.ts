import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mutateJson, mutateText, random } from '../hostile/mutate.ts'
import { outcomeOf } from '../hostile/run-suture.ts'
import { readBack } from './read-back.ts'
import { contentOf, openWorkshop } from './workshop.ts'

const TIMES = Number(process.env['SUTURE_IMAGE_FUZZ'] ?? 40)

test('a receipt damaged in any way is used for what it says or refused with a coded fault, and the image is the old one or the new one', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const old = (await readBack(reference)).digest
  const { receipt = '' } = await shop.fix(reference)
  const fixed = (await readBack(reference)).digest
  const path = join(shop.working, receipt)
  const index = join(shop.root, 'image', 'index.json')
  const [good, patched] = [readFileSync(path, 'utf8'), readFileSync(index)]
  const envelope = JSON.parse(good)
  const payload = Buffer.from(envelope.payload, 'base64').toString('utf8')
  const usual = contentOf(shop.root)
  const seen = { undone: 0, verified: 0, refused: 0 }
  for (let seed = 1; seed <= TIMES; seed++) {
    const next = random(seed * 104_729)
    const mutate = next(3) === 0 ? mutateText : mutateJson
    const text =
      next(4) === 0 ? mutate(good, next) : JSON.stringify({ ...envelope, payload: Buffer.from(mutate(payload, next)).toString('base64') })
    for (const verb of ['verify', 'undo']) {
      writeFileSync(path, text)
      writeFileSync(index, patched)
      try {
        const outcome = outcomeOf(await shop.cli(verb))
        const { digest } = await readBack(reference)
        assert.ok(digest === fixed || (verb === 'undo' && digest === old), digest)
        if (outcome !== undefined) seen.refused++
        else if (verb === 'undo') seen.undone++
        else seen.verified++
      } catch (cause) {
        throw new Error(`${verb}, seed ${seed}`, { cause })
      }
      const strange = [...contentOf(shop.root).keys()].filter(name => !usual.has(name) && !/^(suture|cache)\//.test(name))
      assert.deepEqual(strange, [], `${verb}, seed ${seed}`)
    }
  }
  assert.ok(seen.undone > 0 && seen.verified > 0 && seen.refused > 0, JSON.stringify(seen))
  if (process.env['SUTURE_SLOW']) console.log(seen)
})
