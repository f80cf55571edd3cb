/**
 * Tools that system tests need. On a developer's machine a missing one skips the test with a reason; where CI is set it is installed,
 * and if that fails the test fails: nothing is skipped there.
 */
import { execFile, spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** True when the tool can be used; false after the test was told to skip. `apt` is the package that brings it on Debian. */
export async function hasTool(t: TestContext, tool: string, apt?: string): Promise<boolean> {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined) return true
  if (!process.env['CI']) {
    t.skip(`${tool} is not installed`)
    return false
  }
  if (apt === undefined) throw new Error(`${tool} is missing`)
  await run('apt-get', ['install', '-y', '--no-install-recommends', apt], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  return true
}
