/**
 * node bench/measure-corpus.ts <advisories> <corpus folder> <results folder> [name…]
 * Runs stock `npm audit fix` once on each project of a corpus, keeps the results, and writes a table of what it did.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTree } from './lock-tree.ts'
import { type Measures, measure } from './measure.ts'
import { type NativeChecks, nativeChecks } from './native.ts'
import { type AuditFix, npmAuditFix, withAuditServer } from './npm-audit.ts'
import { matcherOf, readOsv } from './osv.ts'

interface Result {
  readonly name: string
  readonly fix: AuditFix
  readonly measures: Measures
  readonly native: NativeChecks
}

const [advisories = '', corpus = '', results = '', ...only] = process.argv.slice(2)
const records = readOsv(advisories)
const matcher = matcherOf(records)
mkdirSync(results, { recursive: true })
const names = readdirSync(corpus).filter(
  name => existsSync(join(corpus, name, 'package.json')) && (only.length === 0 || only.includes(name)),
)

await withAuditServer(records, join(tmpdir(), 'suture-bench-registry'), async server => {
  for (const name of names) {
    const metrics = join(results, `${name}.json`)
    if (existsSync(metrics)) continue
    const [before, after] = [join(corpus, name), join(results, name)]
    try {
      const fix = await npmAuditFix(before, after, server)
      const measures = measure(before, after, matcher)
      const native = await nativeChecks(after, readTree(after).lockFile)
      writeFileSync(metrics, JSON.stringify({ name, fix, measures, native } satisfies Result, null, 2))
      process.stderr.write(
        `${name} ${measures.findingsBefore} → ${measures.findingsAfter}, ${measures.newVersions.length} new, ${fix.seconds.toFixed(1)} s ${fix.failure}\n`,
      )
    } catch (error) {
      process.stderr.write(`${name} cannot be measured: ${String(error)}\n`)
    }
  }
})

const rows = readdirSync(results)
  .filter(file => file.endsWith('.json'))
  .sort()
  .map(file => JSON.parse(readFileSync(join(results, file), 'utf8')) as Result)
  .map(({ name, fix, measures: m, native }) =>
    [
      name,
      `${m.findingsBefore} → ${m.findingsAfter}`,
      `${m.riskBefore} → ${m.riskAfter}`,
      m.newVersions.length,
      `${m.entriesChanged}/${m.entriesAdded}/${m.entriesRemoved}`,
      m.diffLines,
      m.breakingLines.length,
      m.movedDown.length,
      m.lowered.length,
      m.brokenPeers.length,
      m.brokenNeeds.length,
      native.ciAccepts ? 'yes' : `no: ${native.ciReason.slice(0, 60)}`,
      native.byteIdentical ? 'yes' : native.rewrittenLines === undefined ? 'fails' : `${native.rewrittenLines} lines`,
      fix.seconds.toFixed(1),
      fix.failure.slice(0, 60),
    ].join(' | '),
  )
const head =
  'project | findings | risk | new versions | entries changed/added/removed | diff lines | breaking lines | consumers moved down | paths lowered | new broken peers | new broken needs | npm ci | then stable | seconds | npm gave up'
writeFileSync(join(results, 'TABLE.md'), `| ${head} |\n|${'---|'.repeat(15)}\n${rows.map(row => `| ${row} |\n`).join('')}`)
