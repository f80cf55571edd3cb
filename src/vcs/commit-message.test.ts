import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Finding } from '../model/finding.ts'
import type { Change } from '../model/plan.ts'
import { type CommitContent, commitMessage } from './commit-message.ts'

function finding(name: string, version: string, severity: Finding['severity'], ids: readonly string[], score?: number): Finding {
  const group = ids[0] ?? 'X'
  const base = { id: `${name}@${version}:${group}`, name, version, purl: `pkg:npm/${name}@${version}`, group, ids, severity, locations: [] }
  return score === undefined ? base : { ...base, score }
}

const qs: Change = {
  name: 'qs',
  from: '6.5.1',
  to: '6.5.3',
  locations: ['node_modules/qs'],
  why: 'fix',
  because: '6.5.3 is the nearest version that every dependent accepts (body-parser asks for ~6.5.0) and that no advisory names.',
  fixes: ['qs@6.5.1:CVE-2022-24999'],
  breaking: false,
  installScript: false,
}

const one: CommitContent = {
  changes: [qs],
  manifestChanges: [],
  fixes: [finding('qs', '6.5.1', 'high', ['CVE-2022-24999', 'GHSA-hrpp-h998-j3pp'], 7.5)],
  verification: [
    { check: 'fresh scan', result: 'passed', detail: '1 finding gone, none new' },
    { check: 'bytes outside the change', result: 'passed', detail: '' },
    { check: 'npm', result: 'skipped', detail: 'npm is not installed' },
  ],
  receipt: '.suture/receipts/2027-01-31-qs.json',
}

const several: CommitContent = {
  changes: [
    { ...qs, name: 'old', from: '1.0.0', locations: [], why: 'orphan', because: 'Nothing needs it any more.', fixes: [], to: '1.0.1' },
    {
      ...qs,
      name: '@scope/left',
      from: '1.0.0',
      to: '2.0.0',
      breaking: true,
      installScript: true,
      coolDownException: { published: '2027-01-30T10:00:00Z', days: 7 },
      because: 'It is the first without the hole.',
    },
    {
      name: 'right',
      to: '0.1.0',
      locations: [],
      why: 'need',
      because: '@scope/left 2.0.0 needs it.',
      fixes: [],
      breaking: false,
      installScript: false,
    },
  ],
  manifestChanges: [
    {
      file: 'package.json',
      kind: 'range',
      key: ['dependencies', '@scope/left'],
      from: '^1.0.0',
      to: '^2.0.0',
      because: 'The old range ends below the fix.',
    },
    { file: 'package.json', kind: 'override', key: ['overrides', 'parent', 'left'], to: '2.0.0', because: 'parent has no release yet.' },
  ],
  fixes: [
    finding('@scope/left', '1.0.0', 'moderate', ['CVE-2026-1']),
    finding('@scope/left', '1.0.0', 'critical', ['GHSA-aaaa-bbbb-cccc'], 9.8),
  ],
  verification: [],
}

function golden(name: string, text: string): void {
  const path = join(import.meta.dirname, 'fixtures', name)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text)
  assert.equal(text, readFileSync(path, 'utf8').replaceAll('\r\n', '\n'))
}

test('a commit of one change says what it fixes, why, what was checked and how to undo it', () => {
  golden('one-change.txt', commitMessage(one))
})

test('a commit of several changes leads with what fixes, and warns of what a reviewer must look at', () => {
  golden('several-changes.txt', commitMessage(several))
})

test('a manifest change alone has a subject', () => {
  const [subject] = commitMessage({ ...several, changes: [], manifestChanges: several.manifestChanges.slice(1), fixes: [] }).split('\n')
  assert.equal(subject, 'chore(deps): override parent › left 2.0.0')
})

test('whatever names say, the subject is one line of at most 72 characters and nothing reaches a terminal', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\u001b', '\u202e', ' ', '界', '@'), maxLength: 100 })
  fc.assert(
    fc.property(text, text, text, fc.array(text, { minLength: 1, maxLength: 3 }), (name, from, because, ids) => {
      const message = commitMessage({
        ...one,
        changes: [{ ...qs, name, from, because }],
        fixes: [finding(name, from, 'low', ids)],
        receipt: name,
      })
      const [subject = '', second] = message.split('\n')
      assert.ok([...subject].length <= 72, subject)
      assert.ok(subject.startsWith('fix(deps): '))
      assert.equal(second, '')
      assert.doesNotMatch(message, /[^\P{Cc}\n]|\p{Cf}/u)
    }),
  )
})
