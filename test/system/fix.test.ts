/** The whole loop on the bundled real project, with npm as the judge. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'examples/firebase-tools-11')

function suture(folder: string, home: string, ...words: readonly string[]) {
  const run = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, SUTURE_HOME: home, NO_COLOR: '1' },
  })
  return { code: run.status, out: run.stdout, err: run.stderr }
}

test('a real project is fixed as npm accepts it, and taken back byte for byte', t => {
  const temporary = mkdtempSync(join(tmpdir(), 'suture-system-'))
  t.after(() => rmSync(temporary, { recursive: true, force: true }))
  const folder = join(temporary, 'project')
  const home = join(temporary, 'home')
  cpSync(example, folder, { recursive: true })
  const before = readFileSync(join(folder, 'package-lock.json'), 'utf8')

  const found = JSON.parse(suture(folder, home, 'scan', '--json').out).findings.length
  const fix = suture(folder, home, 'fix', '--budget', 'all', '--json')
  assert.equal(fix.code, 1, fix.err)
  const { verification, plan } = JSON.parse(fix.out)
  for (const check of ['npm ci accepts it', 'npm leaves the file as it is']) {
    assert.equal(verification.find((step: { check: string }) => step.check === check)?.result, 'passed', check)
  }

  const npm = (...words: readonly string[]) => execFileSync('npm', words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  npm('ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund')
  const after = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  npm('install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund')
  assert.equal(readFileSync(join(folder, 'package-lock.json'), 'utf8'), after, 'npm rewrote the file')

  const fixed = plan.findings.filter((item: { outcome: string }) => item.outcome === 'fixed').length
  const left = JSON.parse(suture(folder, home, 'scan', '--json').out).findings.length
  assert.ok(fixed > 0)
  assert.equal(left, found - fixed, 'a fresh scan finds what the plan says stays')

  const [receipt = ''] = readdirSync(join(folder, '.suture/receipts'))
  const undo = suture(folder, home, 'undo', `.suture/receipts/${receipt}`)
  assert.equal(undo.code, 0, undo.err)
  assert.equal(readFileSync(join(folder, 'package-lock.json'), 'utf8'), before)
})
