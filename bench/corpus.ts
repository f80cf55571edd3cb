/**
 * node bench/corpus.ts <advisories> <corpus folder> <results folder> [name…]
 * Runs `suture fix` on each project of a corpus, three times: everything that lock edits can do, the same with npm’s own check, and
 * the default. The judge measures what each left behind; results that are there already are kept. The table stands beside what
 * `npm audit fix` did (`SUTURE_BENCH_NPM_RESULTS`) and what an independent solver says is possible (`SUTURE_BENCH_FLOORS`).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandRun, runSuture } from './corpus-run.ts'
import { corpusTable } from './corpus-table.ts'
import { readTree } from './lock-tree.ts'
import { type Measures, measure } from './measure.ts'
import { type NativeChecks, nativeChecks } from './native.ts'
import { matcherOf, readOsv } from './osv.ts'

export interface CorpusResult {
  readonly name: string
  readonly run: CommandRun
  readonly measures: Measures
  readonly native?: NativeChecks
}

const [advisories = '', corpus = '', results = '', ...only] = process.argv.slice(2)
const AT_ONCE = Number(process.env['SUTURE_BENCH_AT_ONCE'] ?? 2)
const MODES = {
  all: ['fix', '--budget', 'all', '--no-native'],
  verified: ['fix', '--budget', 'all'],
  default: ['fix'],
} as const
type Mode = keyof typeof MODES
const modes = (process.env['SUTURE_BENCH_MODES']?.split(',') ?? Object.keys(MODES)).filter((mode): mode is Mode =>
  Object.hasOwn(MODES, mode),
)

const matcher = matcherOf(readOsv(advisories))
const names = readdirSync(corpus)
  .filter(name => existsSync(join(corpus, name, 'package.json')) && (only.length === 0 || only.includes(name)))
  .map(name => ({ name, size: readTree(join(corpus, name)).nodes.size }))
  .sort((a, b) => a.size - b.size)
  .map(({ name }) => name)

/** What npm says of the project as it is, measured the same way. */
async function untouched(name: string): Promise<void> {
  const file = join(results, 'untouched', `${name}.json`)
  if (existsSync(file)) return
  mkdirSync(join(results, 'untouched'), { recursive: true })
  const checks = await nativeChecks(join(corpus, name), readTree(join(corpus, name)).lockFile)
  writeFileSync(file, JSON.stringify(checks, null, 2))
}

async function measureOne(name: string, mode: Mode): Promise<void> {
  const file = join(results, mode, `${name}.json`)
  if (existsSync(file)) return
  mkdirSync(join(results, mode), { recursive: true })
  await untouched(name)
  const [before, after] = [join(corpus, name), join(results, mode, name)]
  const run = await runSuture(before, after, [...MODES[mode], '--advisories', advisories, '--quiet'])
  const measures = measure(before, after, matcher)
  const changed = readTree(before).lockText !== readTree(after).lockText
  const native = mode === 'all' && changed ? { native: await nativeChecks(after, readTree(after).lockFile) } : {}
  writeFileSync(file, JSON.stringify({ name, run, measures, ...native } satisfies CorpusResult, null, 2))
  const outcome = run.fault === '' ? '' : ` ${run.fault.slice(0, 160)}`
  process.stderr.write(
    `${mode} ${name} ${measures.riskBefore} → ${measures.riskAfter}, ${measures.newVersions.length} new, ${run.seconds.toFixed(1)} s, ${run.peakMB ?? '?'} MB${outcome}\n`,
  )
}

const queue = modes.flatMap(mode => names.map(name => ({ name, mode })))
async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    try {
      await measureOne(next.name, next.mode)
    } catch (error) {
      process.stderr.write(`${next.mode} ${next.name} cannot be measured: ${String(error)}\n`)
    }
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work))

function resultsOf(mode: Mode): Map<string, CorpusResult> {
  const folder = join(results, mode)
  const files = existsSync(folder) ? readdirSync(folder).filter(file => file.endsWith('.json')) : []
  return new Map(files.map(file => [file.slice(0, -'.json'.length), JSON.parse(readFileSync(join(folder, file), 'utf8')) as CorpusResult]))
}

const table = corpusTable({
  all: resultsOf('all'),
  verified: resultsOf('verified'),
  default: resultsOf('default'),
  results,
  npm: process.env['SUTURE_BENCH_NPM_RESULTS'],
  floors: process.env['SUTURE_BENCH_FLOORS'],
})
writeFileSync(join(results, 'TABLE.md'), table)
process.stdout.write(table)
