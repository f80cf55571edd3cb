/**
 * A synthetic registry of 1,200 packages × 30 versions with 40 vulnerable ones, served on loopback: from lock to written fix, the solver's
 * part alone, and the same optimum from a second solver, twice: over the certificate's own clauses, and over a formulation of its own.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { choose, Worlds } from '../src/plan/choose.ts'
import { checkCertificate, readCertificate } from '../test/oracle/certificate.ts'
import { solveWorld } from '../test/oracle/world.ts'
import { runCells, runCommand } from './command.ts'
import { table } from './document.ts'
import { readTree, treeOf } from './lock-tree.ts'
import { planningOf } from './made-planning.ts'
import { measureTrees } from './measure.ts'
import { matcherOf, WEIGHTS } from './osv.ts'
import { madeFacts } from './packument-facts.ts'
import type { SolverRun } from './solver.ts'
import { measureSolver } from './solver-process.ts'
import { STANDARD } from './synthetic.ts'
import { ADVISORIES, type SyntheticProject, withSynthetic } from './synthetic-project.ts'

const ROUNDS = 5

export function syntheticSection(): Promise<string> {
  return withSynthetic(STANDARD, async project => {
    const commands = await commandRows(project)
    const measured = measureTrees(
      treeOf(project.made.lockText, project.made.lock.manifest),
      readTree(project.folder),
      matcherOf(project.made.advisories),
    )
    project.reset()
    const solver = await solverRows(project)
    const proofs = await proofRows(project)
    const { packages, versions, vulnerable } = STANDARD
    return `## Synthetic registry: ${packages} packages × ${versions} versions, ${vulnerable} vulnerable

${project.made.lock.placed.size} lock entries; the registry is served on loopback by another process on the same machine.
The target for the whole fix is 5 s, for the solver's part 0.5 s and 150 MB.

${table(['command', 'time', 'processor time', 'peak memory', 'requests'], commands)}

The written lock, measured by the judge: findings ${measured.findingsBefore} → ${measured.findingsAfter}, risk ${measured.riskBefore} → ${measured.riskAfter}, ${measured.breakingLines.length} breaking lines,
${measured.newVersions.length} new versions, ${measured.movedDown.length} consumers moved down, ${measured.brokenNeeds.length} broken needs.

The solver's part alone, on the world of the last round (${solver.size}), in a process that does nothing else:

${table(['run', 'reduce', 'encode', 'optimise', 'together', 'peak memory of the process'], solver.rows)}

The optimum, by three ways:

${table(['solver', 'risk left', 'breaking lines', 'new versions', 'time'], proofs)}`
  })
}

async function commandRows(project: SyntheticProject): Promise<string[][]> {
  const fix = ['fix', '--budget', 'all', '--no-native', '--quiet', '--advisories', ADVISORIES]
  const plan = ['plan', '--budget', 'all', '--json', '--quiet', '--advisories', ADVISORIES]
  const rows: string[][] = []
  for (const [name, home, args] of [
    ['`suture plan --budget all`, empty cache', `${project.home}-plan`, plan],
    ['`suture plan --budget all`, warm cache', `${project.home}-plan`, plan],
    ['`suture fix --budget all --no-native`, empty cache', project.home, fix],
    ['`suture fix --budget all --no-native`, warm cache', project.home, fix],
  ] as const) {
    project.reset()
    project.requests()
    const run = await runCommand(project.folder, home, args)
    rows.push([name, ...runCells(run), String(project.requests())])
  }
  return rows
}

async function solverRows(project: SyntheticProject): Promise<{ readonly size: string; readonly rows: string[][] }> {
  const planning = await planningOf(project.made, project.folder)
  const worlds = new Worlds(planning)
  await worlds.read(planning.start())
  const { built } = await choose(worlds, { bounds: {}, manifest: false })
  const cold = await measureSolver(built.world, 1)
  const warm = await measureSolver(built.world, ROUNDS)
  const together = (run: SolverRun): number => run.reduceMs + run.encodeMs + run.optimiseMs
  const cells = (name: string, run: SolverRun, memory: string): string[] => [
    name,
    ...[run.reduceMs, run.encodeMs, run.optimiseMs, together(run)].map(time => `${time.toFixed(0)} ms`),
    memory,
  ]
  const [first] = cold.runs
  const typical = warm.runs.slice(1).toSorted((a, b) => together(a) - together(b))[ROUNDS >> 1]
  if (first === undefined || typical === undefined) throw new Error('the solver gave no answer')
  const size = `${first.units} versions, ${first.candidates} after reduction`
  const rows = [
    cells('a new process, nothing compiled yet', first, `${cold.peakMB.toFixed(0)} MB`),
    cells(`again in the same process, median of ${ROUNDS - 1}`, typical, ''),
  ]
  return { size, rows }
}

async function proofRows(project: SyntheticProject): Promise<string[][]> {
  const file = join(project.folder, 'certificate.json')
  const run = await runCommand(project.folder, project.home, [
    ...['plan', '--budget', 'all', '--json', '--quiet', '--advisories', ADVISORIES],
    ...['--certificate', file],
  ])
  const document = JSON.parse(run.stdout) as { readonly plan?: PlanDocument } & PlanDocument
  const objective = document.plan?.objective ?? document.objective
  const ours = [objective?.riskLeft, objective?.breakingLines, objective?.newVersions]
  const certificate = readCertificate(JSON.parse(readFileSync(file, 'utf8')))
  let started = performance.now()
  const checked = await checkCertificate(certificate)
  const proved = (name: string): number | undefined => checked.levels.find(level => level.name === name)?.proved
  const byCertificate = [proved('risk left'), proved('breaking lines'), proved('new versions')]
  const checkedMs = performance.now() - started
  if (!checked.ok) throw new Error(checked.problems.join(' '))
  started = performance.now()
  const matcher = matcherOf(project.made.advisories)
  const world = await solveWorld({
    lockText: project.made.lockText,
    manifest: project.made.lock.manifest,
    facts: madeFacts(project.made.registry),
    risks: (name, version) => matcher(name, version).map(({ group, severity }) => ({ group, weight: WEIGHTS[severity] })),
  })
  const byWorld = [world.riskLeft, world.breakingLines, world.newVersions]
  const worldMs = performance.now() - started
  for (const other of [byCertificate, byWorld]) {
    if (other.join() !== ours.join()) throw new Error(`The solvers do not agree: ${ours.join()} and ${other.join()}`)
  }
  const [variables, clauses] = [certificate.variables.length, certificate.clauses.length]
  const cells = (name: string, levels: readonly (number | undefined)[], time: string): string[] => [name, ...levels.map(String), time]
  return [
    cells('Suture (CaDiCaL)', ours, ''),
    cells(`clingo on the certificate (${variables} variables, ${clauses} clauses)`, byCertificate, `${(checkedMs / 1000).toFixed(1)} s`),
    cells(`clingo on a formulation of its own (${world.rounds} rounds of reading)`, byWorld, `${(worldMs / 1000).toFixed(1)} s`),
  ]
}

interface PlanDocument {
  readonly objective?: { readonly riskLeft: number; readonly breakingLines: number; readonly newVersions: number }
}
