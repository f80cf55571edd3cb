import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { openPackagesIndex, TABLE_SUFFIX, writeTable } from './packages-index.ts'
import { nameHash, PackagesScanner } from './packages-scan.ts'

const scan = (text: string, size: number) => {
  const scanner = new PackagesScanner('test')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) scanner.add(bytes.subarray(at, at + size))
  return scanner.finish()
}

const TEXT = 'Package: a\nSource: s (1)\nProvides: v, w (= 1)\n\nPackage: é\n\n\n\nSource: s\nPackage: b\nDescription: x\n Package: c\n'

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'suture-index-'))
  await use(join(folder, 'packages')).finally(() => rm(folder, { recursive: true }))
}

test('stanzas are found by name, source and what they provide', async () => {
  await inFolder(async path => {
    await writeFile(path, TEXT)
    await writeFile(path + TABLE_SUFFIX, writeTable(scan(TEXT, 7)))
    const index = await openPackagesIndex(path)
    assert.ok(index)
    assert.equal(index.size, 3)
    assert.deepEqual(await index.find('names', 'a'), ['Package: a\nSource: s (1)\nProvides: v, w (= 1)'])
    assert.deepEqual((await index.find('sources', 's')).length, 2)
    assert.deepEqual((await index.find('provided', 'w')).length, 1)
    assert.deepEqual(await index.find('names', 'c'), [])
    await index.close()
  })
})

test('an index that was cut off, or whose table is none, is as if it were not there', async () => {
  await inFolder(async path => {
    assert.equal(await openPackagesIndex(path), undefined)
    await writeFile(path, TEXT)
    assert.equal(await openPackagesIndex(path), undefined)
    const table = writeTable(scan(TEXT, 1000))
    for (const bytes of [table.subarray(0, 40), Buffer.alloc(200), Buffer.from('x')]) {
      await writeFile(path + TABLE_SUFFIX, bytes)
      assert.equal(await openPackagesIndex(path), undefined)
    }
    await writeFile(path + TABLE_SUFFIX, table)
    await truncate(path, 20)
    assert.equal(await openPackagesIndex(path), undefined)
  })
})

test('a bit that a disk turned over is noticed, in the table at once and in a stanza when it is asked for, and the next run starts anew', async () => {
  await inFolder(async path => {
    const table = writeTable(scan(TEXT, 1000))
    await writeFile(path, TEXT)
    for (let at = 0; at < table.length; at++) {
      const turned = Uint8Array.from(table, (byte, index) => (index === at ? byte ^ 4 : byte))
      await writeFile(path + TABLE_SUFFIX, turned)
      const index = await openPackagesIndex(path)
      await index?.close()
      assert.equal(index, undefined, `byte ${at}`)
    }
    await writeFile(path + TABLE_SUFFIX, table)
    await writeFile(path, TEXT.replace('s (1)', 's (3)'))
    const index = await openPackagesIndex(path)
    assert.ok(index)
    assert.equal((await index.find('names', 'b')).length, 1)
    await assert.rejects(index.find('names', 'a'), { code: 'apt-index-invalid' })
    await index.close()
    assert.equal(await openPackagesIndex(path), undefined)
  })
})

test('however the text is cut into chunks, the table is the same', () => {
  const whole = scan(TEXT, 10_000)
  fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), size => assert.deepEqual(scan(TEXT, size), whole)))
  assert.deepEqual(
    [...whole.names].filter((_, i) => i % 2 === 0),
    ['a', Buffer.from('é').toString('latin1'), 'b'].map(nameHash).sort((a, b) => a - b),
  )
})

test('a text that is no package index is refused', () => {
  assert.throws(() => scan('no field at all', 100), /without Package/)
  assert.throws(() => scan(`Package: a\nX: ${'x'.repeat(5 * 1024 * 1024)}`, 100_000), /stanza of more than/)
})
