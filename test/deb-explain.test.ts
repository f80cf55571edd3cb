/** What a plan for an image says about itself: why each package moves, why a finding stays, and what to know about the run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockersOf } from '../src/ecosystems/deb/plan/blockers.ts'
import { changesOf } from '../src/ecosystems/deb/plan/changes.ts'
import type { Finding } from '../src/model/finding.ts'
import { below, type DebCase, planned } from './deb/made-world.ts'

const finding = (name: string, version: string): Finding => ({
  id: `${name}@${version}:CVE-${name}`,
  name,
  version,
  purl: `pkg:deb/debian/${name}@${version}`,
  group: `CVE-${name}`,
  ids: [`CVE-${name}`],
  severity: 'high',
  locations: [],
})

async function changes(of: DebCase, fixed: readonly Finding[]) {
  const { planning, proposal } = await planned(of)
  return changesOf(planning, proposal.realised, fixed)
}

async function remedies(of: DebCase, name: string, version: string) {
  const { planning } = await planned(of)
  const { hasFix, blockers } = blockersOf(planning)(finding(name, version))
  return { hasFix, remedies: blockers.map(({ remedy }) => remedy), owners: blockers.map(({ ownerLocation }) => ownerLocation) }
}

test('a change that fixes names the flaws, one that is needed names the relation, and each says what kind of release it is', async () => {
  const found = await changes(
    {
      installed: {
        'libssl 3.0.11-1~deb12u1': { source: 'openssl' },
        'app 1.2-1': { depends: 'libssl (= 3.0.11-1~deb12u1)' },
        'tool 7-1': {},
      },
      security: {
        'libssl 3.0.11-1~deb12u2': { source: 'openssl', breaks: 'tool (<< 8)', depends: 'extra' },
        'app 1.3-1': { depends: 'libssl (= 3.0.11-1~deb12u2)' },
        'tool 8-1': {},
        'extra 1': {},
      },
      flaws: below({ openssl: '3.0.11-1~deb12u2' }),
    },
    [finding('openssl', '3.0.11-1~deb12u1')],
  )
  assert.deepEqual(
    found.map(({ name, why, because, release, breaking, fixes }) => [name, why, because, release, breaking, fixes.length]),
    [
      ['libssl', 'fix', 'removes CVE-openssl', 'backport', false, 1],
      ['app', 'need', 'at 1.2-1 it needs libssl (= 3.0.11-1~deb12u1)', 'upstream', false, 0],
      ['extra', 'need', 'libssl:amd64 3.0.11-1~deb12u2 needs extra', undefined, false, 0],
      ['tool', 'need', 'libssl:amd64 3.0.11-1~deb12u2 cannot stand beside tool (<< 8)', 'upstream', true, 0],
    ],
  )
})

test('the default budget gains no breaking line, and the price list says what the whole would take', async () => {
  const of: DebCase = {
    installed: { 'browser 115.1-1': {}, 'liba 1-1': {} },
    security: { 'browser 128.0-1': {}, 'liba 1-2': {} },
    flaws: below({ browser: '128.0-1', liba: '1-2' }),
  }
  const { moves, proposal } = await planned(of, 'default', true)
  assert.deepEqual(moves, ['liba 1-1 → 1-2'])
  assert.deepEqual(proposal.prices.get('browser@115.1-1:CVE-browser'), { manifestEdits: 0, breakingLines: 1, newVersions: 1 })
  assert.deepEqual(
    proposal.curve.map(({ newVersions, findingsLeft }) => [newVersions, findingsLeft]),
    [
      [0, 2],
      [1, 1],
      [2, 0],
    ],
  )
})

test('a held package is named with the way to release it, whether the image holds it or the policy', async () => {
  const of: DebCase = {
    installed: { 'liba 1-1': { want: 'hold' }, 'libb 1-1': {}, 'libc 1-1': {} },
    security: { 'liba 1-2': {}, 'libb 1-2': {}, 'libc 1-2': { depends: 'liba (= 1-2)' } },
    flaws: below({ liba: '1-2', libb: '1-2', libc: '1-2' }),
    policy: { hold: ['libb'] },
  }
  const image = 'liba:amd64 is on hold in the image (dpkg). Release it (apt-mark unhold liba) in the image.'
  assert.deepEqual(await remedies(of, 'liba', '1-1'), { hasFix: true, remedies: [image], owners: ['liba:amd64'] })
  assert.deepEqual((await remedies(of, 'libb', '1-1')).remedies, ['libb:amd64 is held by the policy. Take libb off the policy’s hold.'])
  assert.deepEqual((await remedies(of, 'libc', '1-1')).remedies, [image])
})

test('where no version without the flaw is offered there is no fix, and an ended suite is said to be so', async () => {
  const of: DebCase = { installed: { 'liba 1-1': {} }, security: { 'liba 1-2': {} }, flaws: () => ['CVE-liba'] }
  assert.deepEqual(await remedies(of, 'liba', '1-1'), {
    hasFix: false,
    remedies: ['No version of liba:amd64 without it is offered. Wait for one, or ignore the finding with a reason.'],
    owners: ['liba:amd64'],
  })
  const ended = 'Debian 10 has had no security updates since 30 June 2024.'
  assert.deepEqual((await remedies({ ...of, ended }, 'liba', '1-1')).remedies, [
    `No version of liba:amd64 without it is offered. ${ended} Move to a newer release.`,
  ])
  const { planning, proposal } = await planned({ ...of, ended })
  assert.deepEqual(planning.notes(proposal.realised), [ended])
})

test('what the fix needs and nothing meets, what cannot stand beside it, and what needs the old version are each named', async () => {
  const flaws = below({ liba: '1-2' })
  const needs: DebCase = { installed: { 'liba 1-1': {} }, security: { 'liba 1-2': { depends: 'libz (>= 9)' } }, flaws }
  assert.deepEqual((await remedies(needs, 'liba', '1-1')).remedies, [
    'liba:amd64 1-2 would do, but it needs libz (>= 9), which nothing that is offered meets.',
  ])
  const breaks: DebCase = { installed: { 'liba 1-1': {}, 'app 1': {} }, security: { 'liba 1-2': { breaks: 'app (<< 2)' } }, flaws }
  assert.deepEqual((await remedies(breaks, 'liba', '1-1')).remedies, [
    'liba:amd64 1-2 would do, but it cannot stand beside app:amd64 1, of which nothing newer that fits is offered.',
  ])
  const sibling: DebCase = { installed: { 'liba 1-1': {}, 'app 1': { depends: 'liba (= 1-1)' } }, security: { 'liba 1-2': {} }, flaws }
  const found = await remedies(sibling, 'liba', '1-1')
  assert.deepEqual(found.owners, ['app:amd64'])
  assert.deepEqual(found.remedies, ['app:amd64 would have to be offered in a version that accepts liba:amd64 1-2.'])
})

test('a version that may not enter is named with the rule that keeps it out', async () => {
  const of: DebCase = { installed: { 'liba 1-1': {} }, security: { 'liba 1-2': {} }, flaws: below({ liba: '1-2' }) }
  const barred = { 'liba:amd64@1-2': 'one whose postinst would have to run' }
  assert.deepEqual((await remedies({ ...of, barred }, 'liba', '1-1')).remedies, [
    'liba:amd64 1-2 would do, but it is one whose postinst would have to run.',
  ])
  assert.deepEqual((await remedies({ ...of, policy: { pin: { liba: '1-1*' } } }, 'liba', '1-1')).remedies, [
    'liba:amd64 1-2 would do, but it is outside the pin 1-1*.',
  ])
})

test('the cool-down goes by the suite’s date, lets security fixes through where the policy does, and says so', async () => {
  const of: DebCase = { installed: { 'liba 1-1': {} }, security: { 'liba 1-2': {} }, flaws: below({ liba: '1-2' }) }
  const strict = await planned({ ...of, policy: { coolDown: { days: 14, exceptSecurity: false } } })
  assert.deepEqual(strict.moves, [])
  assert.deepEqual((await planned({ ...of, policy: { coolDown: { days: 7, exceptSecurity: false } } })).moves.length, 1)
  const { planning, proposal } = await planned({ ...of, policy: { coolDown: { days: 14, exceptSecurity: true } } })
  assert.deepEqual(planning.notes(proposal.realised), [
    'Debian’s indexes carry no date for a version, so the cool-down of 14 days goes by the date of the suite; 1 of 1 versions come from a younger one, as security fixes may.',
  ])
  const [change] = changesOf(planning, proposal.realised, [finding('liba', '1-1')])
  assert.deepEqual(change?.coolDownException, { published: '2026-01-10T00:00:00Z', days: 14 })
})

test('an update by source package, of something unknown, and of something held', async () => {
  const { planning, proposal, moves } = await planned({
    installed: { 'liba1 1-1': { source: 'a' }, 'a-tools 1-1': { source: 'a' }, 'libb 1-1': { want: 'hold' } },
    security: { 'liba1 1-2': { source: 'a' }, 'a-tools 1-2': { source: 'a' }, 'libb 1-2': {} },
    flaws: () => [],
    update: ['a', 'libb', 'nowhere'],
  })
  assert.deepEqual(moves, ['a-tools 1-1 → 1-2', 'liba1 1-1 → 1-2'])
  assert.deepEqual(planning.notes(proposal.realised), [
    'libb:amd64 was to be updated, but it is on hold in the image (dpkg).',
    'Not installed here, so not updated: nowhere.',
  ])
  const reasons = changesOf(planning, proposal.realised, []).map(({ why, because }) => [why, because])
  assert.deepEqual(reasons, [
    ['fix', 'a security update, as asked'],
    ['fix', 'a security update, as asked'],
  ])
})

test('a need that nothing met before is no reason for a move', async () => {
  const { planning, proposal, moves } = await planned({
    installed: { 'liba 1-1': { depends: 'gone (>= 1)' } },
    security: { 'liba 1-2': { depends: 'gone (>= 1)' } },
    flaws: () => [],
    update: ['liba'],
  })
  assert.deepEqual(moves, ['liba 1-1 → 1-2'])
  assert.equal(changesOf(planning, proposal.realised, [])[0]?.because, 'a security update, as asked')
})
