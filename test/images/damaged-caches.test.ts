import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '../../src/model/faults.ts'
import { readBack } from './read-back.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

const DAMAGES: readonly (readonly [what: string, damage: (bytes: Buffer) => Uint8Array])[] = [
  ['emptied', () => Buffer.alloc(0)],
  ['cut in half', bytes => bytes.subarray(0, bytes.length >> 1)],
  ['one bit off in the middle', bytes => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte))],
  ['one bit off near the start', bytes => bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte))],
  ['one bit off at the end', bytes => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))],
  ['longer', bytes => Buffer.concat([bytes, Buffer.from('more')])],
  ['noise', bytes => Buffer.alloc(bytes.length, 0xa5)],
  ['JSON of something else', () => Buffer.from('{"__proto__":{"inRelease":"x"},"date":1,"asked":[]}')],
]

/** What Suture keeps for itself, as paths from the workshop's root. */
function keptFiles({ root }: Workshop): string[] {
  return ['suture', 'cache'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true })
      .map(name => join(folder, String(name)))
      .filter(name => statSync(join(root, name)).isFile()),
  )
}

test('whatever is damaged in what Suture keeps for itself, a fix gives the same image, or says that it must be asked again', async context => {
  const shop = await openWorkshop(context)
  const made = shop.image()
  const first = shop.layout('first', made)
  await shop.fix(first)
  const expected = (await readBack(first)).digest
  const sound = new Map(keptFiles(shop).map(name => [name, readFileSync(join(shop.root, name))]))
  assert.ok(sound.size >= 10, [...sound.keys()].join('\n'))
  for (const [what, damage] of DAMAGES) {
    for (const folder of ['suture', 'cache']) rmSync(join(shop.root, folder), { recursive: true })
    const again = shop.layout('again', made)
    await shop.fix(again)
    for (const name of keptFiles(shop)) {
      const path = join(shop.root, name)
      writeFileSync(path, damage(readFileSync(path)))
    }
    const reference = shop.layout(what, made)
    const before = (await readBack(reference)).digest
    // A package index is only read where it is asked: that it is damaged shows then, and it is fetched by the next run.
    const fault = await shop.fix(reference).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    if (fault !== undefined) {
      assert.ok(
        fault instanceof Fault && fault.code === 'apt-index-invalid' && /Run the command again/.test(fault.hint),
        `${what}: ${fault}`,
      )
      assert.equal((await readBack(reference)).digest, before)
      await shop.fix(reference)
    }
    assert.equal((await readBack(reference)).digest, expected, what)
    rmSync(join(shop.root, 'again'), { recursive: true })
  }
})
