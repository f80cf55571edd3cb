/**
 * Tools that system tests need, installed with apt-get where they are missing and that can be done. Nothing is skipped: where a tool cannot be had
 * the tests fail and say which.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** `tools`: name of the program → the Debian package that brings it. */
export function needTools(tools: Readonly<Record<string, string>>): void {
  const missing = Object.keys(tools).filter(tool => !isThere(tool))
  if (missing.length === 0) return
  const packages = [...new Set(missing.flatMap(tool => tools[tool] ?? []))]
  if (!isThere('apt-get') || process.getuid?.() !== 0)
    throw new Error(`${missing.join(', ')}: not installed. Install ${packages.join(', ')}, or run as root where apt-get is.`)
  const aptGet = (...words: readonly string[]) =>
    spawnSync('apt-get', words, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  aptGet('update', '-q')
  const run = aptGet('install', '-y', '-q', '--no-install-recommends', ...packages)
  const still = missing.filter(tool => !isThere(tool))
  if (still.length > 0) throw new Error(`${still.join(', ')}: apt-get could not install them.\n${run.stdout}\n${run.stderr}`)
}

function isThere(tool: string): boolean {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].some(folder => {
    try {
      accessSync(join(folder, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
