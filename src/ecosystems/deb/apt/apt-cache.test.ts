import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAptCache } from './apt-cache.ts'

const HOUR = 60 * 60 * 1000

test('what a killed run left goes after an hour, what nobody used after three months', async t => {
  const root = mkdtempSync(join(tmpdir(), 'suture-apt-cache-'))
  t.after(() => rmSync(root, { recursive: true }))
  const write = async (content: string) => openAptCache(root).keepContent(Buffer.from(content))
  const first = await write('first')
  const folder = join(root, 'content')
  const ages = { 'a.0123456789ab': 2, 'b.0123456789ab': 0.5, month: 30 * 24, spring: 100 * 24 }
  for (const [name, hours] of Object.entries(ages)) {
    writeFileSync(join(folder, name), name)
    const used = new Date(Date.now() - hours * HOUR)
    utimesSync(join(folder, name), used, used)
  }
  const second = await write('second')
  assert.deepEqual(readdirSync(folder).sort(), [first, second, 'b.0123456789ab', 'month'].sort())
})
