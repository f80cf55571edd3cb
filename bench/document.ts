/** docs/benchmarks.md: one section for each benchmark, replaced when that benchmark has run; above them the machine of each run. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

const FILE = join(import.meta.dirname, '../docs/benchmarks.md')

export const SECTIONS = ['audit', 'synthetic', 'index', 'start', 'growth', 'images'] as const
export type SectionName = (typeof SECTIONS)[number]

const HEAD = `# Benchmarks

Written by \`npm run bench\`; each section also runs alone and replaces itself here. Times depend on the machine and on what else it does,
ratios less so. Nothing here is a test: the tests hold behaviour, this holds cost.
`

export type Cells = readonly (string | number)[]

export function table(head: readonly string[], rows: readonly Cells[]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

export function writeSection(name: SectionName, command: string, body: string): void {
  const sections = read()
  sections.set(name, `${body.trim()}\n\nRun by \`${command}\` on ${machine()}.`)
  const texts = SECTIONS.flatMap(each => {
    const text = sections.get(each)
    return text === undefined ? [] : [`<!-- ${each} -->\n${text}\n`]
  })
  writeFileSync(FILE, [HEAD, ...texts].join('\n'))
}

function read(): Map<SectionName, string> {
  const found = new Map<SectionName, string>()
  if (!existsSync(FILE)) return found
  const parts = readFileSync(FILE, 'utf8').split(/^<!-- (\w+) -->\n/m)
  for (const name of SECTIONS) {
    const at = parts.indexOf(name)
    const text = at < 0 ? undefined : parts[at + 1]
    if (text !== undefined) found.set(name, text.trim())
  }
  return found
}

function machine(): string {
  const [first] = cpus()
  const npm = execFileSync('npm', ['--version'], { encoding: 'utf8' }).trim()
  const memory = Math.round(totalmem() / 2 ** 30)
  const date = new Date().toISOString().slice(0, 10)
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  const processor = first?.model.trim() || process.arch
  return `${date}, commit ${commit}, Node.js ${process.version}, npm ${npm}, ${process.platform}, ${cpus().length} × ${processor}, ${memory} GB`
}
