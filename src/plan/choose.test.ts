import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuiltWorld, Readings, Unit, World, WorldSource, WorldState } from '../model/world.ts'
import { choose, Worlds } from './choose.ts'
import { unit } from './testing/made-unit.ts'

/** A vulnerable package whose next version needs a chain of packages that are told apart one after the other. */
function chainOf(length: number, readings?: Readings) {
  const done = { built: 0, reads: [] as (readonly string[])[] }
  const source: WorldSource = {
    ...(readings === undefined ? {} : { readings }),
    build({ expanded }: WorldState): BuiltWorld {
      done.built++
      return { world: chain(length, expanded) }
    },
    async read(unread) {
      done.reads.push(unread)
    },
  }
  return { source, done }
}

function chain(length: number, expanded: ReadonlySet<string>): World {
  const risk = { finding: 'p0@1', group: 'X', weight: 30, aside: 0, units: [0], present: true }
  const units: Unit[] = [unit('1', { package: 'p0', locked: true, entries: 1, topmost: true })]
  const choices: World['choices'][number][] = []
  for (let at = 0; at < length; at++) {
    const name = `p${at}`
    const told = expanded.has(name)
    const last = at + 1 === length
    const needs = told && !last ? [at + 1] : []
    units.push(unit(told ? '2' : '', { package: name, distance: 1, standIn: !told, unread: told ? undefined : name, needs }))
    choices.push({ package: name, range: '*', anyOf: at === 0 ? [0, 1] : [at + 1] })
    if (!told) break
  }
  return { units, choices, fixed: [{ key: 'root', needs: [0], now: [0] }], risks: [risk], conflicts: [] }
}

function remembering(): Readings & { readonly kept: Map<string, readonly string[]> } {
  const kept = new Map<string, readonly string[]>()
  return { kept, recall: question => kept.get(question) ?? [], keep: (question, read) => void kept.set(question, read) }
}

test('packages are told apart one after the other until the best plan uses none that is not', async () => {
  const { source, done } = chainOf(4)
  const worlds = new Worlds(source)
  const { solution, built } = await choose(worlds, { bounds: {}, manifest: false })
  assert.deepEqual(done.reads, [['p0'], ['p1'], ['p2'], ['p3']])
  assert.deepEqual([...worlds.expanded], ['p0', 'p1', 'p2', 'p3'])
  assert.deepEqual([...solution.present].map(id => `${built.world.units[id]?.package}@${built.world.units[id]?.version}`).sort(), [
    'p0@2',
    'p1@2',
    'p2@2',
    'p3@2',
  ])
})

test('where it is remembered what was read, one world is enough, and the plan is the same', async () => {
  const readings = remembering()
  const first = await choose(new Worlds(chainOf(4, readings).source), { bounds: {}, manifest: false })
  const again = chainOf(4, readings)
  const second = await choose(new Worlds(again.source), { bounds: {}, manifest: false })
  assert.deepEqual(again.done, { built: 1, reads: [['p0', 'p1', 'p2', 'p3']] })
  assert.deepEqual(second, first)
})

test('a question about the same world builds it only once, and another question has readings of its own', async () => {
  const readings = remembering()
  const { source, done } = chainOf(3, readings)
  const worlds = new Worlds(source)
  await choose(worlds, { bounds: {}, manifest: false })
  const { built } = done
  await choose(worlds, { bounds: { noBreakingLines: true }, manifest: false })
  assert.equal(done.built, built)
  assert.equal(readings.kept.size, 2)
})
