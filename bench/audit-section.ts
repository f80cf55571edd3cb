/**
 * audit [folder of projects] [folder for results] [name…]
 * `npm audit fix` and `suture fix --budget all` on copies of the same projects, with the same advisories: those that travel with Suture,
 * which a loopback server gives npm when it asks. Everything else comes from the registry that npm is configured with. The bundled
 * example is always among the projects. Results are kept, so that a run can go on where another stopped.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditedProject, auditTable } from './audit-table.ts'
import { CACHE } from './bundled.ts'
import { runCommand } from './command.ts'
import { readTree } from './lock-tree.ts'
import { measure } from './measure.ts'
import { nativeChecks } from './native.ts'
import { npmAuditFix, withAuditServer } from './npm-audit.ts'
import { matcherOf, type OsvRecord, readOsv } from './osv.ts'
import { snapshotNdjson } from './snapshot.ts'

const EXAMPLE = join(import.meta.dirname, '../examples/firebase-tools-11')

interface Bench {
  readonly advisories: string
  readonly records: readonly OsvRecord[]
  readonly results: string
}

export async function auditSection([corpus, results = join(CACHE, 'audit'), ...only]: readonly string[]): Promise<string> {
  mkdirSync(results, { recursive: true })
  const advisories = join(results, 'advisories.ndjson')
  writeFileSync(advisories, snapshotNdjson())
  const bench = { advisories, records: readOsv(advisories), results }
  const found = corpus === undefined ? [] : readdirSync(corpus).map(name => join(corpus, name))
  // A link would be copied as a link, and what is done to the copy would be done to the project.
  const folders = [EXAMPLE, ...found].filter(folder => existsSync(join(folder, 'package.json'))).map(folder => realpathSync(folder))
  const asked = folders.filter(folder => only.length === 0 || only.some(name => folder.endsWith(`/${name}`)))
  const projects: AuditedProject[] = []
  for (const folder of asked) projects.push(await audit(bench, folder))
  return `## npm audit fix and Suture on real projects

${auditTable(projects)}`
}

async function audit(bench: Bench, folder: string): Promise<AuditedProject> {
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  const npm = await kept(join(bench.results, `${name}.npm.json`), () => withNpm(bench, folder, name))
  const suture = await kept(join(bench.results, `${name}.suture.json`), () => withSuture(bench, folder, name))
  const { ciBefore } = await kept(join(bench.results, `${name}.before.json`), () => untouched(folder))
  const origin = join(folder, 'ORIGIN.json')
  const { source } = existsSync(origin) ? (JSON.parse(readFileSync(origin, 'utf8')) as { readonly source: string }) : { source: name }
  const tree = readTree(folder)
  const project = { name, source, lockfileVersion: tree.lockfileVersion, entries: tree.nodes.size, ciBefore, npm, suture }
  process.stderr.write(
    `${name}: ${npm.measures.findingsBefore} findings, npm leaves ${npm.measures.findingsAfter}, Suture ${suture.measures.findingsAfter}\n`,
  )
  return project
}

async function untouched(folder: string): Promise<{ readonly ciBefore: boolean }> {
  return { ciBefore: (await nativeChecks(folder, readTree(folder).lockFile)).ciAccepts }
}

async function kept<T>(file: string, make: () => Promise<T>): Promise<T> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T
  const made = await make()
  writeFileSync(file, JSON.stringify(made, undefined, 2))
  return made
}

function withNpm(bench: Bench, before: string, name: string): Promise<AuditedProject['npm']> {
  const after = join(bench.results, 'npm', name)
  return withAuditServer(bench.records, join(CACHE, 'registry'), async server => {
    const { seconds, failure } = await npmAuditFix(before, after, server)
    const native = await nativeChecks(after, readTree(after).lockFile)
    return { seconds, failure, measures: measure(before, after, matcherOf(bench.records)), ciAccepts: native.ciAccepts }
  })
}

interface PlanDocument {
  readonly curve: readonly { readonly newVersions: number; readonly riskLeft: number; readonly findingsLeft: number }[]
}

async function withSuture(bench: Bench, before: string, name: string): Promise<AuditedProject['suture']> {
  const after = join(bench.results, 'suture', name)
  rmSync(after, { recursive: true, force: true })
  cpSync(before, after, { recursive: true })
  const home = join(CACHE, 'home')
  const shared = ['--budget', 'all', '--json', '--quiet', '--advisories', bench.advisories]
  // The plan fills the cache, as npm's cache is filled, and gives the price list.
  const plan = await runCommand(after, home, ['plan', ...shared])
  const run = await runCommand(after, home, ['fix', '--no-native', ...shared])
  const native = await nativeChecks(after, readTree(after).lockFile)
  const { curve } = JSON.parse(plan.stdout) as PlanDocument
  return {
    seconds: run.seconds,
    peakMB: run.peakMB,
    measures: measure(before, after, matcherOf(bench.records)),
    ciAccepts: native.ciAccepts,
    curve,
  }
}
