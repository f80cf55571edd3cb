/**
 * Makes the advisory snapshot that travels with the package: `node scripts/make-snapshot.ts <file or folder of OSV records>`.
 * The same records give the same `hash` in `data/snapshot.json`. Where the records come from, and their licences: NOTICE.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildIndex } from '../src/advisories/build-index.ts'
import type { OsvRecord } from '../src/advisories/osv.ts'
import { readAdvisories } from '../src/advisories/read-source.ts'

/** Packages of programming languages; distributions publish their own advisories by release. */
const ECOSYSTEMS = new Set(['Go', 'Maven', 'NuGet', 'Packagist', 'PyPI', 'RubyGems', 'crates.io', 'npm'])

function* selected(source: string): Generator<OsvRecord> {
  for (const record of readAdvisories(source)) {
    const affected = record.affected.filter(({ ecosystem }) => ECOSYSTEMS.has(ecosystem))
    if (affected.length > 0) yield { ...record, affected }
  }
}

const [source] = process.argv.slice(2)
if (source === undefined) {
  console.error('usage: node scripts/make-snapshot.ts <file or folder of OSV records>')
  process.exit(2)
}
const { hot, cold, hash, meta } = buildIndex(selected(source))
const folder = join(import.meta.dirname, '..', 'data')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'advisories.hot'), hot)
writeFileSync(join(folder, 'advisories.cold'), cold)
const facts = { newest: meta.newest, hash, advisories: meta.advisories, packages: meta.packages, ecosystems: meta.ecosystems }
writeFileSync(join(folder, 'snapshot.json'), `${JSON.stringify(facts, null, 2)}\n`)
console.log(
  `${meta.advisories} advisories about ${meta.packages} packages, newest ${meta.newest}: ${((hot.length + cold.length) / 1e6).toFixed(2)} MB`,
)
