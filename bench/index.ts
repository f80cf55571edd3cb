/**
 * The advisory index at scale: `node bench/index.ts [advisories] [rounds]`. Takes the bundled snapshot's records, multiplies them by renaming,
 * builds the index, and asks 1,200 packages in cold processes, start of Node.js included; beside it the same from NDJSON parsed into a Map.
 * Renamed copies share their version numbers, which flatters sizes a little; ids are scattered like real ones.
 */
import { execFileSync } from 'node:child_process'
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { buildIndex } from '../src/advisories/build-index.ts'
import { printRecord } from '../src/advisories/osv.ts'
import type { Measured } from './index-lookup.ts'
import { multiplied, recordsOfIndex } from './index-records.ts'

const PACKAGES = 1200
const count = Number(process.argv[2] ?? 250_000)
const rounds = Number(process.argv[3] ?? 9)
const folder = mkdtempSync(join(tmpdir(), 'suture-bench-'))

interface Row extends Measured {
  readonly wallMs: number
}

/** The median of each figure over cold processes. */
function measure(rounds: number, ...args: string[]): Row {
  const rows: Row[] = []
  for (let i = 0; i < rounds; i++) {
    const start = performance.now()
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 20 })
    const wallMs = performance.now() - start
    const measured: Measured = JSON.parse(output)
    rows.push({ wallMs, ...measured })
  }
  const median = (pick: (row: Row) => number): number => rows.map(pick).sort((a, b) => a - b)[rounds >> 1] ?? 0
  const affected = rows[0]?.affected ?? 0
  return {
    wallMs: median(row => row.wallMs),
    openMs: median(row => row.openMs),
    lookupMs: median(row => row.lookupMs),
    residentMB: median(row => row.residentMB),
    affected,
  }
}

function questions(names: readonly string[]): [string, string][] {
  const step = Math.max(1, Math.floor(names.length / (PACKAGES / 2)))
  return Array.from({ length: PACKAGES }, (_, i) => [
    i % 2 === 0 ? (names[((i >> 1) * step) % names.length] ?? 'none') : `not-known-${i}`,
    `${i % 5}.${i % 11}.${i % 7}`,
  ])
}

try {
  const real = recordsOfIndex(readFileSync(join(import.meta.dirname, '../data/advisories.hot')))
  const records = [...multiplied(real, count)]
  const start = performance.now()
  const index = buildIndex(records)
  const buildMs = performance.now() - start
  mkdirSync(join(folder, 'index'))
  writeFileSync(join(folder, 'index/advisories.hot'), index.hot)
  writeFileSync(join(folder, 'index/advisories.cold'), index.cold)
  const lines = createWriteStream(join(folder, 'records.ndjson'))
  for (const record of records) lines.write(`${printRecord(record)}\n`)
  await finished(lines.end())
  const npm = new Set(records.flatMap(({ affected }) => affected.flatMap(({ ecosystem, name }) => (ecosystem === 'npm' ? [name] : []))))
  writeFileSync(join(folder, 'questions.json'), JSON.stringify(questions([...npm].sort())))
  const program = join(folder, 'lookup.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'index-lookup.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  writeFileSync(join(folder, 'none.json'), '[]')

  const ours = measure(rounds, program, 'index', join(folder, 'index'), join(folder, 'questions.json'))
  const plain = measure(Math.min(rounds, 3), program, 'ndjson', join(folder, 'records.ndjson'), join(folder, 'questions.json'))
  const bare = measure(rounds, program, 'nothing', '', join(folder, 'none.json'))
  if (ours.affected !== plain.affected) throw new Error(`the index finds ${ours.affected} affected, the records ${plain.affected}`)

  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1)
  const row = (name: string, size: string, { openMs, lookupMs, wallMs, residentMB }: Row): string =>
    `| ${name} | ${size} | ${openMs.toFixed(0)} ms | ${lookupMs.toFixed(0)} ms | ${wallMs.toFixed(0)} ms | ${residentMB.toFixed(0)} MB |`
  console.log(
    `## Advisory index: ${index.meta.advisories} advisories on ${index.meta.packages} packages, ${PACKAGES} packages asked (${ours.affected} affected), Node.js ${process.version}\n`,
  )
  console.log('| store | size | open | lookups | whole process | resident |\n| --- | --- | --- | --- | --- | --- |')
  console.log(row('the same program, asking nothing', '', bare))
  console.log(row('NDJSON parsed into a Map', `${mb(statSync(join(folder, 'records.ndjson')).size)} MB`, plain))
  console.log(
    row(
      'index',
      `${mb(index.hot.length)} MB hot (${mb(gzipSync(index.hot, { level: 6 }).length)} gzipped) + ${mb(index.cold.length)} cold`,
      ours,
    ),
  )
  console.log(
    `\nRatio NDJSON ÷ index: ${(plain.wallMs / ours.wallMs).toFixed(0)} × the time, ${(plain.residentMB / ours.residentMB).toFixed(1)} × the memory. Built in ${(buildMs / 1000).toFixed(1)} s.`,
  )
} finally {
  if (process.env['KEEP'] === undefined) rmSync(folder, { recursive: true, force: true })
  else console.log(folder)
}
