import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTree } from '../src/ecosystems/npm/build-tree.ts'
import { inventoryOf, pathTo, shortestWays } from '../src/ecosystems/npm/inventory.ts'
import { readLocked } from '../src/ecosystems/npm/locked.ts'
import { readManifest } from '../src/ecosystems/npm/manifest.ts'
import { readLock } from '../src/ecosystems/npm/read-lock.ts'
import { Fault } from '../src/model/faults.ts'
import { mutateJson, mutateText, random } from './hostile/mutate.ts'
import { hostileProject, outcomeOf, suture } from './hostile/run-suture.ts'
import { SEEDS } from './hostile/seeds.ts'

const TIMES = Number(process.env['SUTURE_FUZZ'] ?? 2_000)

/** Everything that a scan does with a project's files, without the disk. */
function inventory(lockText: string, manifestText: string) {
  const manifest = readManifest('package.json', manifestText)
  const lock = readLock('package-lock.json', lockText)
  const tree = buildTree(lock, manifest)
  const found = inventoryOf({ folder: '/project', lock, manifest, files: [], manifests: [], workspaces: new Map() }, tree)
  const ways = shortestWays(tree)
  for (const { location } of found.components) pathTo(tree, ways, location)
  readLocked(tree)
  return found
}

for (const { name, lock, manifest } of SEEDS) {
  test(`a damaged lock is read as an inventory or refused with a coded fault: ${TIMES} times, ${name}`, () => {
    let inventories = 0
    for (let seed = 1; seed <= TIMES; seed++) {
      const next = random(seed)
      const damage = next(3) === 0 ? mutateText : mutateJson
      const lockText = next(8) === 0 ? lock : damage(lock, next)
      const manifestText = lockText === lock || next(4) === 0 ? damage(manifest, next) : manifest
      try {
        inventory(lockText, manifestText)
        inventories++
      } catch (error) {
        const coded = error instanceof Fault && error.code !== 'internal'
        assert.ok(coded, `seed ${seed}: ${error instanceof Error ? error.stack : error}\n${lockText.slice(0, 2000)}\n${manifestText}`)
      }
    }
    assert.ok(inventories > TIMES / 20 && inventories < TIMES, `${inventories} of ${TIMES} could be read`)
  })
}

test('the same through the command line, and the files stay as they are', async () => {
  for (const [at, { lock, manifest }] of SEEDS.entries()) {
    for (let seed = 1; seed <= TIMES / 50; seed++) {
      const next = random(seed * 7919 + at)
      using project = hostileProject({ 'package-lock.json': mutateJson(lock, next), 'package.json': mutateJson(manifest, next) })
      outcomeOf(await suture(project, ['scan', '--offline', '--json'], { tty: true }))
    }
  }
})
