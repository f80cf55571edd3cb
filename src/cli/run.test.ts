import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Engine, FixRequest, PlanRequest } from './engine.ts'
import { engineMadeByHand, fixed, NOW, plan, report } from './made-by-hand.ts'
import { run } from './run.ts'

interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number
}

async function suture(
  words: readonly string[],
  options: { engine?: Engine; environment?: Record<string, string>; folder?: string; tty?: boolean } = {},
): Promise<Ran> {
  let out = ''
  let err = ''
  const { engine = engineMadeByHand(), environment = {}, folder = '/example', tty = false } = options
  const code = await run(
    {
      stdout: {
        write: text => {
          out += text
        },
        isTTY: tty,
        columns: 100,
      },
      stderr: {
        write: text => {
          err += text
        },
      },
      environment,
      workingFolder: folder,
      now: () => NOW,
      toolVersion: '0.1.0',
      openEngine: async () => engine,
    },
    words,
  )
  return { out, err, code }
}

const GOLDEN: readonly [name: string, words: readonly string[], code: number][] = [
  ['overview', [], 1],
  ['scan', ['scan'], 1],
  ['plan', ['plan', '--budget', '5', '--only', 'lodash'], 1],
  ['explain', ['explain', 'GHSA-jf85-cpcp-j695'], 0],
  ['fix', ['fix'], 1],
  ['undo', ['undo'], 0],
  ['db-status', ['db', 'status'], 0],
  ['db-update', ['db', 'update'], 0],
  ['help', ['--help'], 0],
  ['help-fix', ['fix', '--help'], 0],
]

// SUTURE_GOLDEN=write rewrites the expected transcripts; read the difference before you commit it.
for (const [name, words, code] of GOLDEN) {
  test(`suture ${words.join(' ')} prints what it printed before`, async () => {
    const ran = await suture(words)
    const path = join(import.meta.dirname, 'fixtures', `${name}.txt`)
    if (process.env['SUTURE_GOLDEN'] === 'write') await writeFile(path, ran.out)
    assert.equal(ran.out, await readFile(path, 'utf8'))
    assert.equal(ran.err, '')
    assert.equal(ran.code, code)
  })
}

test('--json prints the noun as it is', async () => {
  assert.deepEqual(JSON.parse((await suture(['scan', '--json'])).out), JSON.parse(JSON.stringify(report)))
  assert.deepEqual(JSON.parse((await suture(['plan', '--json'])).out), JSON.parse(JSON.stringify(plan)))
  assert.deepEqual(JSON.parse((await suture(['fix', '--json'])).out), JSON.parse(JSON.stringify(fixed)))
})

test('the exit code follows the threshold', async () => {
  const open = plan.findings.filter(item => item.finding.severity === 'moderate')
  const engine = engineMadeByHand({ plan: async () => ({ plan: { ...plan, findings: open }, others: [], certificate: async () => '' }) })
  assert.equal((await suture(['plan'], { engine })).code, 1)
  assert.equal((await suture(['plan', '--threshold', 'high'], { engine })).code, 0)
})

test('flags reach the engine', async () => {
  let asked: FixRequest | undefined
  const engine = engineMadeByHand({
    fix: async request => {
      asked = request
      return fixed
    },
  })
  await suture(
    [
      'fix',
      'app',
      '--budget',
      'knee',
      '--only',
      'a',
      '--only',
      'b',
      '--manifest',
      '--no-native',
      '--commit',
      '--test',
      'npm test',
      '--key',
      'k.pem',
      '--offline',
      '--advisories',
      'osv',
      '-n',
    ],
    { engine },
  )
  const { policy, ...rest } = asked ?? assert.fail('never asked')
  assert.equal(policy.threshold, 'low')
  assert.deepEqual(rest, {
    folder: '/example/app',
    offline: true,
    advisories: '/example/osv',
    only: ['a', 'b'],
    budget: 'knee',
    manifest: true,
    dryRun: true,
    native: false,
    commit: true,
    attach: false,
    test: 'npm test',
    key: '/example/k.pem',
  })
})

test('an image is asked for as one, with the flags that are for images; the folder is where the command runs', async () => {
  let asked: FixRequest | undefined
  const engine = engineMadeByHand({
    fix: async request => {
      asked = request
      return fixed
    },
  })
  const words = ['fix', 'oci:image:1', '--platform', 'linux/arm64', '--source', 'deb x y z', '--update', 'all', '--allow-script', 'a']
  await suture([...words, '--output', 'oci:image:2', '--attach', '--insecure'], { engine })
  assert.deepEqual(asked?.image, {
    reference: 'oci:image:1',
    platforms: ['linux/arm64'],
    sources: ['deb x y z'],
    update: ['all'],
    allowScripts: ['a'],
    insecure: true,
  })
  assert.deepEqual([asked.folder, asked.output, asked.attach], ['/example', 'oci:image:2', true])
})

test('a flag for images is refused where the target is a folder, and --manifest where it is an image', async () => {
  for (const words of [
    ['fix', 'app', '--output', 'oci:x'],
    ['plan', '--update', 'all'],
    ['plan', 'oci:image', '--manifest'],
  ]) {
    const ran = await suture(words)
    assert.equal(ran.code, 2)
    assert.match(ran.err, /error\[usage\]/)
  }
})

test('suture.yaml is read from the target, and a flag goes over it', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'suture-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'suture.yaml'), 'threshold: critical\nhold: [react]\n')
  const asked: PlanRequest[] = []
  const engine = engineMadeByHand({
    plan: async request => {
      asked.push(request)
      return { plan, others: [], certificate: async () => 'proof\n' }
    },
  })
  await suture(['plan'], { engine, folder })
  await suture(['plan', '--threshold', 'moderate', '--certificate', 'proof.txt'], { engine, folder })
  assert.deepEqual(
    asked.map(request => [request.policy.threshold, request.policy.hold]),
    [
      ['critical', ['react']],
      ['moderate', ['react']],
    ],
  )
  assert.equal(await readFile(join(folder, 'proof.txt'), 'utf8'), 'proof\n')
  await writeFile(join(folder, 'suture.yaml'), 'treshold: critical\n')
  const ran = await suture(['plan'], { engine, folder })
  assert.match(ran.err, /^error\[policy-invalid\]: suture\.yaml, line 1: unknown key "treshold"\nhint: Did you mean "threshold"\?\n$/)
  assert.equal(ran.code, 2)
})

test('a line that is wrong is answered with what was meant', async () => {
  const rows: [words: string[], err: RegExp][] = [
    [['scna'], /error\[usage\]: there is no command "scna"\nhint: Did you mean "scan"\?/],
    [['fix', '--budgt', '3'], /error\[usage\]: .*--budgt\nhint: Did you mean --budget\?/],
    [['fix', '--budget', 'lots'], /a budget is all, knee or a number/],
    [['explain'], /error\[usage\]: .*\nhint: Run suture explain --help\./],
    [['completion', '__proto__'], /there is no completion for "__proto__"\nhint: Name one of bash, zsh and fish\./],
  ]
  for (const [words, err] of rows) {
    const ran = await suture(words)
    assert.match(ran.err, err)
    assert.deepEqual([ran.out, ran.code], ['', 2])
  }
})

test('what is an image but not written as one is refused with the way to write it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'suture-targets-'))
  try {
    const [layout, archive, lock] = [join(folder, 'layout'), join(folder, 'app.tar'), join(folder, 'package-lock.json')]
    mkdirSync(layout)
    for (const file of [join(layout, 'oci-layout'), archive, lock]) writeFileSync(file, '{}')
    for (const [target, hint] of [
      [layout, `Write oci:${layout}`],
      [archive, `Write docker-archive:${archive}`],
      [lock, 'Name the folder that holds package-lock.json'],
    ] as const) {
      const { fault } = JSON.parse((await suture(['scan', target, '--json'])).out)
      assert.equal(fault.code, 'target-not-found')
      assert.ok(fault.hint.startsWith(hint), fault.hint)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('with --json a fault is JSON on stdout', async () => {
  const nothing = await suture(['scan', 'nothing', '--json'])
  assert.deepEqual(JSON.parse(nothing.out).fault.code, 'target-not-found')
  assert.deepEqual([nothing.err, nothing.code], ['', 2])
  const usage = await suture(['scan', '--json', '--fixx'])
  assert.deepEqual(JSON.parse(usage.out).fault.code, 'usage')
})

test('what is no fault is told as an internal one, with its trace only when asked', async () => {
  const engine = engineMadeByHand({
    scan: async () => {
      throw new TypeError('x is not a function')
    },
  })
  const ran = await suture(['scan'], { engine })
  assert.match(ran.err, /^error\[internal\]: x is not a function\nhint: Please report this/)
  assert.equal(ran.code, 3)
  assert.doesNotMatch(ran.err, /\n {4}at /)
  assert.match((await suture(['scan'], { engine, environment: { SUTURE_TRACE: '1' } })).err, /run\.test\.ts/)
})

test('where there is no lockfile, suture alone says what it is for', async () => {
  const ran = await suture([], { folder: '/nothing' })
  assert.match(ran.out, /There is no package-lock\.json or npm-shrinkwrap\.json in \/nothing\./)
  assert.equal(ran.code, 0)
})

test('terminal escapes in names never reach the terminal', async () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\u202e\u200blodash\r\n\u009b31m'
  const findings = report.findings.map(finding => ({ ...finding, name: evil, ids: [evil], group: evil }))
  const twisted = {
    ...report,
    target: { ...report.target, id: evil },
    findings,
    planned: plan.findings.map((item, index) => ({ ...item, finding: findings[index] ?? item.finding })),
    notes: [evil],
  }
  const engine = engineMadeByHand({
    scan: async () => twisted,
    explain: async () => {
      throw new Error(evil)
    },
  })
  for (const words of [['scan'], [], ['scan', '--json'], ['explain', 'x']]) {
    for (const tty of [true, false]) {
      const { out, err } = await suture(words, { engine, tty, environment: { FORCE_COLOR: tty ? '1' : '0' } })
      const bare = (out + err).replace(/\u001b\[[0-9;]*m/g, '')
      assert.doesNotMatch(bare, /[\p{Cf}\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u, words.join(' '))
    }
  }
})

test('completion proposes verbs, flags and values', async () => {
  const words = async (...typed: string[]) => (await suture(['__complete', ...typed])).out.split('\n').map(row => row.split('\t')[0])
  assert.ok((await words('')).includes('explain'))
  assert.deepEqual(await words('fi'), ['fix', ''])
  assert.ok((await words('plan', '--')).includes('--budget'))
  assert.deepEqual(await words('plan', '--threshold', 'h'), ['high', ''])
})
