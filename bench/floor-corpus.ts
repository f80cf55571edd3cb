/**
 * node bench/floor-corpus.ts <advisories> <corpus folder> <results folder> [name…]
 * What an independent solver says is the best possible on each project of a corpus (peers ignored, so a lower bound).
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { solveWorld } from '../test/oracle/world.ts'
import { readTree } from './lock-tree.ts'
import { withAuditServer } from './npm-audit.ts'
import { matcherOf, readOsv, WEIGHTS } from './osv.ts'
import { packumentFacts } from './packument-facts.ts'

const [advisories = '', corpus = '', results = '', ...only] = process.argv.slice(2)
const records = readOsv(advisories)
const matcher = matcherOf(records)
mkdirSync(results, { recursive: true })
await withAuditServer(records, join(tmpdir(), 'suture-bench-registry'), async server => {
  const facts = packumentFacts(server.url)
  for (const name of readdirSync(corpus).filter(
    name => existsSync(join(corpus, name, 'package.json')) && (only.length === 0 || only.includes(name)),
  )) {
    const file = join(results, `${name}.json`)
    if (existsSync(file)) continue
    const tree = readTree(join(corpus, name))
    const risks = (of: string, version: string) => matcher(of, version).map(({ group, severity }) => ({ group, weight: WEIGHTS[severity] }))
    const started = performance.now()
    try {
      const question = { lockText: tree.lockText, manifest: tree.root, facts, risks }
      const all = await solveWorld(question)
      const calm = await solveWorld({ ...question, noBreakingLines: true })
      const seconds = (performance.now() - started) / 1000
      writeFileSync(file, JSON.stringify({ name, seconds, all, noBreakingLines: calm }, null, 2))
      process.stderr.write(
        `${name}: all ${all.riskLeft}/${all.breakingLines}/${all.newVersions} in ${all.rounds} rounds; no breaking line ${calm.riskLeft}/${calm.newVersions}; ${seconds.toFixed(1)} s\n`,
      )
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    }
  }
})
