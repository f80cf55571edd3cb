import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { planningOf } from '../bench/made-planning.ts'
import { matcherOf, WEIGHTS } from '../bench/osv.ts'
import { madeFacts } from '../bench/packument-facts.ts'
import { STANDARD, type Synthetic, synthesise, writeSynthetic } from '../bench/synthetic.ts'
import { newVersionsOf } from '../src/ecosystems/npm/changes.ts'
import { breakingLine } from '../src/ecosystems/npm/ranges.ts'
import type { Tree } from '../src/ecosystems/npm/tree.ts'
import type { Budget } from '../src/model/plan.ts'
import { propose } from '../src/plan/propose.ts'
import { solveWorld, type WorldAnswer } from './oracle/world.ts'

const SMALL = { ...STANDARD, packages: 60, versions: 8, needs: 2.5, roots: 10, vulnerable: 6, decoys: 6 }
const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1)

const risksOf = (made: Synthetic) => {
  const matcher = matcherOf(made.advisories)
  return (name: string, version: string) => matcher(name, version).map(({ group, severity }) => ({ group, weight: WEIGHTS[severity] }))
}

async function planned(made: Synthetic, budget: Budget) {
  const folder = mkdtempSync(join(tmpdir(), 'suture-oracle-'))
  try {
    writeSynthetic(folder, made)
    const planning = await planningOf(made, folder)
    const proposal = await propose(planning, { budget, manifest: false, priceList: true })
    return { planning, ...proposal }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function asked(made: Synthetic, more: { noBreakingLines?: boolean; atMostNew?: number } = {}): Promise<WorldAnswer> {
  const { lockText, registry } = made
  return solveWorld({ lockText, manifest: made.lock.manifest, facts: madeFacts(registry), risks: risksOf(made), ...more })
}

/** Risk, breaking lines and new versions of the tree itself, whatever the planner says about it. */
function costsOf(made: Synthetic, before: Tree, after: Tree, fresh: readonly { name: string; version: string }[]): number[] {
  const risks = risksOf(made)
  const present = new Map(
    [...after.values()].filter(({ location }) => location !== '').map(node => [`${node.packageName}@${node.version}`, node]),
  )
  const lines = new Set([...before.values()].map(node => `${node.packageName} ${breakingLine(node.version)}`))
  const held = new Set([...before.values()].map(node => node.packageName))
  const gained = fresh.filter(({ name }) => held.has(name)).map(({ name, version }) => `${name} ${breakingLine(version)}`)
  return [
    [...present.values()].reduce((sum, node) => sum + risks(node.packageName, node.version).reduce((of, { weight }) => of + weight, 0), 0),
    new Set(gained.filter(line => !lines.has(line))).size,
    fresh.length,
  ]
}

const costsIn = ({ riskLeft, breakingLines, newVersions }: WorldAnswer): number[] => [riskLeft, breakingLines, newVersions]

for (const [budget, bound] of [
  ['all', {}],
  ['default', { noBreakingLines: true }],
] as const) {
  test(`on 20 made-up registries the placed plan (budget ${budget}) costs what an independent solver says is the least`, async () => {
    for (const seed of SEEDS) {
      const made = synthesise({ ...SMALL, seed })
      const { planning, realised } = await planned(made, budget)
      const fresh = newVersionsOf(planning.locked, realised.tree).map(id => ({
        name: id.slice(0, id.lastIndexOf('@')),
        version: id.slice(id.lastIndexOf('@') + 1),
      }))
      assert.deepEqual(realised.defects, [])
      assert.deepEqual(costsOf(made, planning.tree, realised.tree, fresh), costsIn(await asked(made, bound)), `seed ${seed}`)
    }
  })
}

test('each point of the price list is what an independent solver finds with as many new versions, and none is missing', async () => {
  for (const seed of SEEDS.slice(0, 6)) {
    const made = synthesise({ ...SMALL, seed })
    const { curve, notes } = await planned(made, 'all')
    assert.deepEqual(notes, [])
    const most = curve.at(-1)?.newVersions ?? 0
    for (let fresh = 0; fresh <= most; fresh++) {
      const point = curve.findLast(({ newVersions }) => newVersions <= fresh)
      assert.equal(point?.riskLeft, (await asked(made, { atMostNew: fresh })).riskLeft, `seed ${seed}, ${fresh} new versions`)
    }
  }
})
