/**
 * What README and guides say on the console is what happens. Each block runs from top to bottom: `suture` commands by the command line
 * itself, in a copy of the example project, against a registry on loopback that has what the transcripts need. Lines below a command
 * are its output, where `…` stands for any number of lines. Commands of other tools are not run; scripts of ours that they name exist.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { openEngine } from '../src/cli/open-engine.ts'
import { run } from '../src/cli/run.ts'
import { type LoopbackRegistry, startRegistry, type TestPackages } from './registry/server.ts'

const root = join(import.meta.dirname, '..')
const PAGES = ['README.md', ...['first-fix', 'ci', 'policy', 'undo', 'offline'].map(name => `docs/guides/${name}.md`)]

/** The packages that the transcripts are about, with the facts of the versions that matter. */
const PACKAGES: TestPackages = {
  braces: {
    versions: {
      '3.0.2': of(
        { 'fill-range': '^7.0.1' },
        'sha512-b8um+L1RzM3WDSzvhm6gIz1yfTbBt6YTlcEKAvsmqCZZFw46z626lVj9j1yEPW33H5H+lBQpZMP1k8l+78Ha0A==',
      ),
      '3.0.3': of(
        { 'fill-range': '^7.1.1' },
        'sha512-yQbXgO/OSZVD2IsiLlro+7Hf6Q18EJrKSEsdoMzKePKXct3gvD8oLcOQdIzGupr5Fj+EDe8gO/lxc1BzfMpxvA==',
      ),
    },
  },
  'fill-range': {
    versions: {
      '7.0.1': of(
        { 'to-regex-range': '^5.0.1' },
        'sha512-qOo9F+dMUmC2Lcb4BbVvnKJxTPjCm+RRpe4gDuGrzkL7mEVl/djYSu2OdQ2Pa302N4oqkSg9ir6jaLWJ2USVpQ==',
      ),
      '7.1.1': of(
        { 'to-regex-range': '^5.0.1' },
        'sha512-YsGpe3WHLK8ZYi4tWDg2Jy3ebRz2rXowDxnld4bkQB00cc/1Zw9AWnC0i9ztDJitivtQvaI9KaLyKrc+hBW0yg==',
      ),
    },
  },
}

function of(dependencies: Readonly<Record<string, string>>, integrity: string) {
  return { dependencies, engines: { node: '>=8' }, dist: { integrity, tarball: 'https://registry.example/archive.tgz' } }
}

interface Command {
  readonly line: string
  /** Empty: whatever it prints is fine. */
  readonly output: readonly string[]
}

function commandsOf(page: string): Command[] {
  const commands: { line: string; output: string[] }[] = []
  for (const [, block = ''] of readFileSync(join(root, page), 'utf8').matchAll(/^```console\n(.*?)^```/gms)) {
    for (const row of block.split('\n')) {
      if (row.startsWith('$ ')) commands.push({ line: row.slice(2).replace(/\s+#.*$/, ''), output: [] })
      else commands.at(-1)?.output.push(row)
    }
  }
  return commands.map(({ line, output }) => ({ line, output: output.join('\n').trim() === '' ? [] : output }))
}

let registry: LoopbackRegistry
const temporary = mkdtempSync(join(tmpdir(), 'suture-readme-'))

before(async () => {
  registry = await startRegistry({ packages: PACKAGES })
})
after(async () => {
  await registry.close()
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 })
})

/** A folder as a reader of the page would have it: the example, a policy, a mirror of the advisories, and a key. */
function reader(page: string) {
  const folder = join(temporary, page.replaceAll('/', '-'))
  const project = join(folder, 'firebase-tools')
  cpSync(join(root, 'examples/firebase-tools-11'), project, { recursive: true })
  for (const [path, content] of Object.entries({ ...FILES, 'suture.yaml': policyOf(page) })) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), content)
  }
  mkdirSync(join(folder, 'home'))
  const environment = {
    HOME: join(folder, 'home'),
    // One page is enough for npm itself to have its say.
    PATH: page === 'README.md' ? (process.env['PATH'] ?? '') : '',
    SUTURE_HOME: join(folder, 'suture'),
    npm_config_registry: registry.url,
    npm_config_cache: join(folder, 'npm-cache'),
    NO_PROXY: '127.0.0.1',
  }
  return async (words: readonly string[]) => {
    const printed: string[] = []
    const stdout = { write: (part: string) => printed.push(part), isTTY: false, columns: 100 }
    const stderr = { ...stdout }
    const world = {
      stdout,
      stderr,
      environment,
      workingFolder: project,
      now: () => new Date('2026-11-25T12:00:00Z'),
      toolVersion: '0.1.0',
      openEngine,
    }
    const exitCode = await run(world, words)
    return { text: printed.join(''), exitCode }
  }
}

/** The policy that a page shows, or none. */
function policyOf(page: string): string {
  return /^```yaml\n(.*?)^```/ms.exec(readFileSync(join(root, page), 'utf8'))?.[1] ?? ''
}

const FILES: Readonly<Record<string, string>> = {
  'osv/record.json': JSON.stringify({
    id: 'GHSA-grv7-fg5c-xmjg',
    aliases: ['CVE-2024-4068'],
    modified: '2024-07-15T00:00:00Z',
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' }],
    affected: [
      { package: { ecosystem: 'npm', name: 'braces' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '3.0.3' }] }] },
    ],
  }),
}

/** Quotes hold words together; what follows a pipe or a redirection is the shell's. */
function wordsOf(line: string): string[] {
  const own = line.split(/\s[|>]\s/, 1)[0] ?? ''
  return [...own.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '')
}

for (const page of PAGES) {
  const commands = commandsOf(page)
  test(`the console blocks of ${page} do what they show`, { timeout: 300_000 }, async () => {
    assert.ok(commands.length > 0, 'there is nothing to run')
    const suture = reader(page)
    for (const { line, output } of commands) {
      const [tool, ...words] = wordsOf(line)
      if (tool !== 'suture') continue
      const { text, exitCode } = await suture(words)
      assert.ok(exitCode === 0 || exitCode === 1, `${line} ends with ${exitCode}:\n${text}`)
      if (output.length > 0) assert.match(masked(text), patternOf(output), line)
    }
  })

  test(`the scripts that ${page} names exist`, () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> }
    for (const { line } of commands)
      for (const [, name = ''] of line.matchAll(/npm run ([\w:-]+)/g)) assert.ok(Object.hasOwn(scripts, name), name)
  })
}

/** npm is the machine's, and where there is none its checks are skipped. */
function masked(text: string): string {
  return `${text.replace(/npm \d+\.\d+\.\d+/g, 'npm 11.0.0').trimEnd()}\n`
}

function patternOf(rows: readonly string[]): RegExp {
  const lines = masked(rows.join('\n')).trimEnd().split('\n')
  const parts = lines.map(row => (row.trim() === '…' ? '(?:.*\n)*?' : `${row.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')} *\n`))
  return new RegExp(`^${parts.join('')}$`)
}

test('README stays between 400 and 700 words', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  const prose = text.replace(/^```.*?^```/gms, '').replace(/\]\([^)]*\)/g, ']')
  const words = prose.split(/\s+/).filter(word => /\w/.test(word)).length
  assert.ok(words >= 400 && words <= 700, `${words} words`)
})

test('links between pages lead to files', () => {
  for (const page of [
    ...PAGES,
    'ARCHITECTURE.md',
    ...['plan', 'matching', 'receipts', 'verification', 'limits'].map(name => `docs/concepts/${name}.md`),
  ]) {
    for (const [, link = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      assert.doesNotThrow(() => readFileSync(join(root, dirname(page), link)), `${page} links to ${link}`)
    }
  }
})
