import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDeb } from '../testing/make-deb.ts'
import { openQuick, quickDeb, sealQuick } from './quick-deb.ts'
import { readDeb } from './read-deb.ts'

const spec = {
  control: { Package: 'libz', Version: '1.2-3' },
  files: [
    { path: 'usr/lib/libz.so.1', content: 'z'.repeat(70_001), mode: 0o755 },
    { path: 'usr/lib/libz.so', link: 'libz.so.1' },
  ],
  controlFiles: { postinst: '#!/bin/sh\n' },
}

test('the quick form says the same as the archive that it was made from, and is the same again', async () => {
  const deb = makeDeb({ ...spec, compression: '.xz' })
  const quick = await quickDeb(deb)
  assert.ok(quick)
  assert.deepEqual(await readDeb(quick, 'quick'), await readDeb(deb, 'original'))
  assert.deepEqual(await quickDeb(deb), quick)
})

test('what is quick already, or no archive, has no quick form', async () => {
  const cut = makeDeb({ ...spec, compression: '.xz' }).subarray(0, -100)
  for (const deb of [makeDeb({ ...spec, compression: '.gz' }), makeDeb({ ...spec, compression: '.zst' }), Buffer.from('no archive'), cut]) {
    assert.equal(await quickDeb(deb), undefined)
  }
})

test('a kept form that is damaged or cut is none', () => {
  const sealed = sealQuick(Buffer.from('content'))
  assert.deepEqual(openQuick(sealed), Buffer.from('content'))
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(openQuick(changed), undefined)
    assert.equal(openQuick(sealed.subarray(0, at)), undefined)
  }
})
