/** Nouns made by hand, for the tests of the command line: one project with every kind of outcome, and an engine that answers with it. */
import type { AdvisoryDatabaseStatus } from '../model/advisory.ts'
import { sha256FromHex } from '../model/digest.ts'
import { Fault } from '../model/faults.ts'
import type { Finding } from '../model/finding.ts'
import type { Change, Plan, PlannedFinding } from '../model/plan.ts'
import type { Severity } from '../model/severity.ts'
import type { Engine, FixResult, ScanReport, Story } from './engine.ts'

export const NOW = new Date('2027-01-31T12:00:00Z')

export const status: AdvisoryDatabaseStatus = {
  source: 'bundled',
  hash: 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90',
  newest: '2026-11-02T08:00:00Z',
  advisories: 18_607,
  packages: 6_120,
  ecosystems: ['npm', 'PyPI'],
}

export function finding(name: string, version: string, severity: Severity, ids: readonly string[], ignored?: Finding['ignored']): Finding {
  const group = ids[0] ?? 'X'
  const id = `${name}@${version}:${group}`
  const base = { id, name, version, purl: `pkg:npm/${name}@${version}`, group, ids, severity, locations: [`node_modules/${name}`] }
  return ignored ? { ...base, ignored } : base
}

const lodash = finding('lodash', '4.17.15', 'critical', ['CVE-2019-10744', 'GHSA-jf85-cpcp-j695'])
const lodashToo = finding('lodash', '4.17.15', 'high', ['CVE-2020-8203', 'GHSA-p6mc-m468-83gw'])
const qs = finding('qs', '6.5.1', 'high', ['CVE-2022-24999', 'GHSA-hrpp-h998-j3pp'])
const tar = finding('tar', '2.2.1', 'high', ['CVE-2021-37701', 'GHSA-9r2w-394v-53qc'])
const request = finding('request', '2.88.2', 'moderate', ['CVE-2023-28155', 'GHSA-p8p7-x288-28g6'])
const ignored = finding('debug', '2.6.8', 'low', ['CVE-2017-20165'], { reason: 'only in a build script', expires: '2027-06-30' })

export const planned: readonly PlannedFinding[] = [
  { finding: lodash, outcome: 'fixed', price: { newVersions: 1, breakingLines: 0, manifestEdits: 0 }, blockers: [] },
  { finding: lodashToo, outcome: 'fixed', price: { newVersions: 1, breakingLines: 0, manifestEdits: 0 }, blockers: [] },
  { finding: qs, outcome: 'available', price: { newVersions: 3, breakingLines: 1, manifestEdits: 0, flag: '--budget all' }, blockers: [] },
  {
    finding: tar,
    outcome: 'blocked',
    blockers: [
      {
        owner: 'node-gyp@3.8.0',
        ownerLocation: 'node_modules/node-gyp',
        declares: 'tar',
        range: '^2.0.0',
        path: ['example-app@1.0.0', 'node-sass@4.14.1', 'node-gyp@3.8.0', 'tar@2.2.1'],
        remedy: 'node-gyp would have to release a 3.x that accepts tar 4.4.18 or newer.',
      },
    ],
  },
  { finding: request, outcome: 'no-fix', blockers: [] },
  { finding: ignored, outcome: 'ignored', blockers: [] },
]

const target = { kind: 'repository', ecosystem: 'npm', id: 'example-app' } as const

export const report: ScanReport = {
  target,
  files: ['package-lock.json', 'package.json'],
  components: 1534,
  findings: planned.map(item => item.finding),
  planned,
  paths: {
    [lodash.id]: ['lodash@4.17.15'],
    [lodashToo.id]: ['lodash@4.17.15'],
    [tar.id]: ['node-sass@4.14.1', 'node-gyp@3.8.0', 'tar@2.2.1'],
  },
  advisories: status,
  notes: [],
}

export const changes: readonly Change[] = [
  {
    name: 'lodash',
    from: '4.17.15',
    to: '4.17.21',
    locations: ['node_modules/lodash'],
    why: 'fix',
    because: 'removes GHSA-jf85-cpcp-j695 and GHSA-p6mc-m468-83gw; the lowest version that does',
    fixes: [lodash.id, lodashToo.id],
    breaking: false,
    installScript: false,
  },
  {
    name: 'side-channel',
    to: '1.0.4',
    locations: ['node_modules/side-channel'],
    why: 'need',
    because: 'needed by qs 6.11.0',
    fixes: [],
    breaking: true,
    installScript: true,
    coolDownException: { published: '2027-01-29T00:00:00Z', days: 7 },
  },
  {
    name: 'old-leaf',
    from: '1.0.0',
    locations: ['node_modules/old-leaf'],
    why: 'orphan',
    because: 'nothing needs it any more',
    fixes: [],
    breaking: false,
    installScript: false,
  },
]

export const plan: Plan = {
  target,
  changes,
  manifestChanges: [
    { file: 'package.json', kind: 'override', key: ['overrides', 'node-gyp', 'tar'], to: '4.4.18', because: 'until node-gyp accepts it' },
  ],
  objective: { riskLeft: 70, manifestEdits: 1, breakingLines: 1, newVersions: 2, entries: 3, distance: 6, installScripts: 1 },
  riskBefore: 200,
  findings: planned,
  curve: [
    { newVersions: 0, riskLeft: 200, findingsLeft: 5 },
    { newVersions: 1, riskLeft: 90, findingsLeft: 3 },
    { newVersions: 2, riskLeft: 70, findingsLeft: 3 },
    { newVersions: 5, riskLeft: 40, findingsLeft: 2 },
  ],
  knee: 1,
  advisories: { hash: status.hash, newest: status.newest },
  notes: ['node-sass has no release since 2020.'],
}

export const story: Story = {
  subject: 'GHSA-jf85-cpcp-j695',
  kind: 'advisory',
  target,
  advisory: {
    ids: lodash.ids,
    severity: 'critical',
    score: 9.1,
    detail: {
      id: 'GHSA-jf85-cpcp-j695',
      summary: 'Prototype pollution in lodash',
      published: '2019-07-10T19:45:23Z',
      modified: '2025-01-14T00:00:00Z',
      cvss: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H',
      references: ['https://nvd.example/CVE-2019-10744'],
    },
  },
  components: [
    {
      component: {
        location: 'node_modules/lodash',
        name: 'lodash',
        version: '4.17.15',
        purl: lodash.purl,
        scope: 'runtime',
        origin: 'registry',
      },
      paths: [
        ['example-app@1.0.0', 'lodash@4.17.15'],
        ['example-app@1.0.0', 'async@2.6.0', 'lodash@4.17.15'],
      ],
    },
  ],
  findings: planned.slice(0, 1),
  changes: changes.slice(0, 1),
}

const digest = sha256FromHex('0'.repeat(64))

export const fixed: FixResult = {
  plan,
  others: [],
  written: true,
  receipt: '.suture/receipts/2027-01-31T12-00-00Z-3f9a.json',
  signed: false,
  verification: [
    { check: 'fresh scan', result: 'passed', detail: '2 findings gone, none new' },
    { check: 'bytes outside the change', result: 'passed', detail: '612,301 bytes unchanged' },
    { check: 'npm ci', result: 'skipped', detail: 'npm is not installed' },
  ],
  commits: [{ id: '3f9ac0ffee3f9ac0ffee', subject: 'Update lodash 4.17.15 → 4.17.21' }],
  rejected: [{ changes: changes.slice(1, 2), output: 'line one\nnot ok 3 - side channel\n' }],
}

/** Answers every question with the nouns above; `folder` ending in `nothing` holds no lockfile. */
export function engineMadeByHand(overrides: Partial<Engine> = {}): Engine {
  return {
    async scan({ folder }) {
      if (folder.endsWith('nothing')) throw new Fault('target-not-found', `there is no lockfile in ${folder}`)
      return report
    },
    plan: async () => ({ plan, others: [], certificate: async () => 'certificate\n' }),
    scanImageFile: async () => [],
    planImageFile: async () => [],
    fixImageFile: async () => ({ images: [], written: false, signed: false, verification: [] }),
    explain: async () => story,
    fix: async ({ dryRun }) =>
      dryRun ? { plan, others: [], written: false, signed: false, verification: fixed.verification, commits: [], rejected: [] } : fixed,
    undo: async ({ dryRun }) => ({
      receipt: '.suture/receipts/2027-01-31T12-00-00Z-3f9a.json',
      written: !dryRun,
      signature: 'unsigned',
      content: {
        tool: { name: 'suture', version: '0.1.0' },
        created: '2027-01-31T12:00:00Z',
        target: 'example-app',
        files: [{ path: 'package-lock.json', beforeSha256: digest, afterSha256: digest, edits: [] }],
        changes: [{ name: 'lodash', from: '4.17.15', to: '4.17.21', because: '', fixes: [lodash.id] }],
        origins: [],
        advisories: { hash: status.hash, newest: status.newest },
        verification: [],
      },
    }),
    verify: async () => ({
      receipt: '.suture/receipts/2027-01-31T12-00-00Z-3f9a.json',
      reference: 'oci:image:latest',
      checks: [{ check: 'manifest', result: 'passed', detail: 'derived again, byte for byte' }],
      signature: 'unsigned',
    }),
    receipts: async () => [
      { path: '.suture/receipts/2027-01-20T09-00-00Z-77aa.json', created: '2027-01-20T09:00:00Z', changes: 3, fixes: 4 },
    ],
    databaseStatus: async () => status,
    databaseUpdate: async () => ({
      before: status,
      after: { ...status, hash: `f${status.hash.slice(1)}`, advisories: 18_650, updated: '2027-01-31T11:59:00Z' },
      bytes: 1_250_000,
    }),
    ...overrides,
  }
}
