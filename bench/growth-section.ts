/** How time and memory of `suture plan` grow with the number of lock entries, and the same on real locks where a folder of projects is given. */
import { cpSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCells, runCommand } from './command.ts'
import { table } from './document.ts'
import { GROWTH } from './grow.ts'
import { readTree } from './lock-tree.ts'
import { snapshotNdjson } from './snapshot.ts'
import { ADVISORIES, withSynthetic } from './synthetic-project.ts'

const PLAN = ['plan', '--json', '--quiet'] as const
const LARGEST = 3

export async function growthSection([corpus]: readonly string[]): Promise<string> {
  const rows: string[][] = []
  for (const { entries, size } of GROWTH) {
    const measured = await withSynthetic(size, async ({ made, folder, home }) => {
      const args = [...PLAN, '--advisories', ADVISORIES]
      const cold = await runCommand(folder, home, args)
      const warm = await runCommand(folder, home, args)
      return [String(made.lock.placed.size), ...runCells(cold), ...runCells(warm)]
    })
    rows.push([`synthetic, about ${entries}`, ...measured])
  }
  if (corpus !== undefined) rows.push(...(await realRows(corpus)))
  const head = ['project', 'lock entries', 'cold', 'processor', 'memory', 'warm', 'processor', 'memory']
  return `## Growth

\`suture plan\` with an empty cache and with a warm one. The target for a warm plan on a real lock of 3,000 entries is 2 s.

${table(head, rows)}`
}

/** The largest locks of a folder. The first run fills the cache from the registry that npm is configured with; it is not shown. */
async function realRows(corpus: string): Promise<string[][]> {
  const projects = readdirSync(corpus)
    .filter(name => existsSync(join(corpus, name, 'package.json')))
    .map(name => ({ name, entries: readTree(join(corpus, name)).nodes.size }))
    .sort((a, b) => b.entries - a.entries)
    .slice(0, LARGEST)
  const root = mkdtempSync(join(tmpdir(), 'suture-bench-growth-'))
  try {
    writeFileSync(join(root, ADVISORIES), snapshotNdjson())
    const rows: string[][] = []
    for (const { name, entries } of projects) {
      const folder = join(root, name)
      cpSync(realpathSync(join(corpus, name)), folder, { recursive: true })
      const args = [...PLAN, '--advisories', join(root, ADVISORIES)]
      await runCommand(folder, join(root, 'home'), args)
      const warm = await runCommand(folder, join(root, 'home'), args)
      rows.push([name, String(entries), '', '', '', ...runCells(warm)])
    }
    return rows
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
