import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openEngine } from '../../src/cli/open-engine.ts'
import { run } from '../../src/cli/run.ts'
import { FAULTS } from '../../src/model/faults.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

export interface HostileProject extends Disposable {
  readonly folder: string
  /** Suture's own data, apart from this machine's. */
  readonly environment: Readonly<Record<string, string>>
  readonly advisories: string
}

export interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number
}

/** A project on disk with these files, and advisories that find every `victim` below 1.1.0. */
export function hostileProject(
  files: Files,
  more: { readonly vulnerable?: readonly string[]; readonly environment?: HostileProject['environment'] } = {},
): HostileProject {
  const root = mkdtempSync(join(tmpdir(), 'suture-hostile-'))
  const folder = join(root, 'project')
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const advisories = join(root, 'advisories.ndjson')
  writeFileSync(advisories, (more.vulnerable ?? ['victim']).map(recordAbout).join('\n'))
  const environment = { HOME: root, PATH: '', SUTURE_HOME: join(root, 'home'), NO_PROXY: '127.0.0.1', ...more.environment }
  return { folder, environment, advisories, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

function recordAbout(name: string, index: number): string {
  const severity = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }]
  const ranges = [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.1.0' }] }]
  const affected = [{ package: { ecosystem: 'npm', name }, ranges }]
  return JSON.stringify({ id: `HOLE-${index}`, modified: '2024-01-01T00:00:00Z', severity, affected })
}

/** The whole command line in this process, with only its own words left out of the world. */
export async function suture(
  project: HostileProject,
  words: readonly string[],
  options: { tty?: boolean; now?: () => Date } = {},
): Promise<Ran> {
  const written = { out: '', err: '' }
  const stdout = {
    write: (text: string) => {
      written.out += text
    },
    isTTY: options.tty === true,
    columns: 100,
  }
  const stderr = {
    write: (text: string) => {
      written.err += text
    },
  }
  const { environment, folder, advisories } = project
  const now = options.now ?? (() => new Date('2026-01-01'))
  const world = { stdout, stderr, environment, workingFolder: folder, now, toolVersion: '0.1.0', openEngine }
  const asked = words[0] === 'undo' ? words : [...words, '--advisories', advisories]
  const code = await run(world, asked)
  return { ...written, code }
}

// Controls and what reorders or hides text; the newline and Suture's own colours apart.
const RAW = /(?!\n)[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

/** Nothing that came from outside steers the terminal. */
export function assertHarmless(text: string) {
  const plain = text.replace(/\u001b\[[\d;]*m/g, '')
  const found = RAW.exec(plain)
  assert.equal(
    found,
    null,
    `raw U+${found?.[0].charCodeAt(0).toString(16)} in ${JSON.stringify(plain.slice(Math.max(0, (found?.index ?? 0) - 60), (found?.index ?? 0) + 20))}`,
  )
}

/** An answer, or a fault whose code is one that says what is wrong: `internal` is neither. The code, or `undefined` for an answer. */
export function outcomeOf(ran: Ran): string | undefined {
  assertHarmless(ran.out)
  assertHarmless(ran.err)
  assert.ok([0, 1, 2, 3].includes(ran.code), `exit code ${ran.code}`)
  if (ran.code < 2) return undefined
  const code = /^error\[([a-z-]+)\]:\s/.exec(ran.err)?.[1] ?? codeIn(ran.out)
  assert.ok(code !== undefined && Object.hasOwn(FAULTS, code), `no coded fault: ${ran.err}${ran.out}`.slice(0, 500))
  assert.notEqual(code, 'internal', `${ran.err}${ran.out}`.slice(0, 500))
  assert.ok(ran.err.length + ran.out.length < 4_000, 'a fault is a few lines')
  return code
}

function codeIn(out: string): string | undefined {
  return /"code": "([a-z-]+)"/.exec(out)?.[1]
}

/** Everything below a folder, to compare before with after. */
export function contentOf(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    if (statSync(join(folder, name)).isFile()) found.set(name, readFileSync(join(folder, name)).toString('latin1'))
  }
  return found
}
