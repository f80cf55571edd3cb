/** Runs the tests that need the real thing: npm, a packed tarball, container tools. Each says what it needs by test/system/tool.ts. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
// Real roots take half a minute each: what one test made, the others of this run use.
const kept = process.env['SUTURE_TEST_ROOTS']
const roots = kept ?? mkdtempSync(join(tmpdir(), 'suture-roots-'))
const files = globSync('test/system/**/*.test.ts', { cwd: root }).sort()
const run = spawnSync(process.execPath, ['--test', '--test-isolation=none', ...files], {
  cwd: root,
  env: { ...process.env, SUTURE_TEST_ROOTS: roots },
  stdio: ['ignore', 'inherit', 'inherit'],
})
if (kept === undefined) rmSync(roots, { recursive: true, force: true })
process.exitCode = run.status ?? 1
