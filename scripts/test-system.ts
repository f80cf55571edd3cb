/** Runs the tests that need the real thing: npm, a packed tarball, container tools. Each says what it needs by test/system/tool.ts. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const files = globSync('test/system/**/*.test.ts', { cwd: root }).sort()
const run = spawnSync(process.execPath, ['--test', '--test-isolation=none', ...files], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
})
process.exitCode = run.status ?? 1
