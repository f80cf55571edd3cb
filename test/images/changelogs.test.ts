import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordsFor } from './packages.ts'
import { openWorkshop } from './workshop.ts'

test('where no advisory is about the distribution, findings come from the changelogs of offered packages, and the notes say so', async context => {
  const shop = await openWorkshop(context)
  writeFileSync(join(shop.root, 'advisories.ndjson'), recordsFor('npm'))
  const reference = shop.layout('image')
  const report = await shop.scan(reference)
  assert.deepEqual(
    report.findings.map(({ name, group, severity, locations }) => [name, group, severity, locations]),
    [
      ['openssl', 'CVE-2023-1111', 'unscored', ['libssl3:amd64', 'openssl:amd64']],
      ['openssl', 'CVE-2023-2222', 'unscored', ['libssl3:amd64', 'openssl:amd64']],
    ],
  )
  const notes = report.notes.join('\n')
  assert.match(notes, /findings come from the changelogs of offered packages and name what an update fixes, not what stays open/)
  assert.match(notes, /No changelog that can be read was found for libxml2, tzdata/)

  const result = await shop.fix(reference)
  assert.deepEqual(
    result.plan.changes.map(({ name }) => name),
    ['libssl3', 'openssl'],
  )
  assert.match(result.plan.notes.join('\n'), /changelogs of offered packages/)
  assert.deepEqual((await shop.scan(reference)).findings, [])
})

test('a flaw whose fix is in the installed version already is no finding', async context => {
  const shop = await openWorkshop(context)
  writeFileSync(join(shop.root, 'advisories.ndjson'), recordsFor('npm'))
  const report = await shop.scan(shop.layout('image'))
  assert.equal(
    report.findings.some(({ ids }) => ids.includes('CVE-2022-0001')),
    false,
  )
})
