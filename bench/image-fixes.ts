/** `suture fix` on real images in every state of its caches, and beside `podman build` of a Dockerfile. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Cells, table } from './document.ts'
import { bring, fix, type Image, keeper, STATES, type State } from './image-caches.ts'
import { judgeLayer, type LayerFacts } from './image-layer.ts'
import { fastest, type Limit, median, verdict } from './image-limits.ts'
import type { ImageBench } from './image-setting.ts'
import { INSTALL_ONE, podmanBuild, UPGRADE_ALL } from './podman-build.ts'

interface FixCase {
  readonly name: string
  readonly image: string
  readonly update: string
  readonly rounds: number
  readonly limits: Readonly<Partial<Record<State, Limit>>>
  /** What a Dockerfile runs; images without a shell run nothing. */
  readonly script?: string
}

const LIBRARY = 'libpcre2-8-0'
const ROUNDS_ONCE = 1

const CASES: readonly FixCase[] = [
  {
    name: `minbase, ${LIBRARY}`,
    image: 'minbase',
    update: LIBRARY,
    rounds: 9,
    script: INSTALL_ONE(LIBRARY),
    limits: {
      'package indexes': { seconds: 1.5, cpuSeconds: 1.5, peakMB: 120 },
      'packages too': { seconds: 1.5, cpuSeconds: 1.5, peakMB: 120 },
      'base index too': { seconds: 0.2, peakMB: 120 },
    },
  },
  {
    name: 'distroless shape, everything',
    image: 'distroless',
    update: 'all',
    rounds: 5,
    limits: { 'package indexes': { seconds: 2 }, 'packages too': { seconds: 2 }, 'base index too': { seconds: 2 } },
  },
  {
    name: 'server, everything',
    image: 'server',
    update: 'all',
    rounds: 3,
    script: UPGRADE_ALL,
    limits: { 'package indexes': { seconds: 10 }, 'packages too': { seconds: 10 }, 'base index too': { seconds: 10 } },
  },
]

interface Outcome {
  readonly moved: number
  readonly refused: readonly string[]
  readonly facts: LayerFacts
}

export async function imageFixes(bench: ImageBench): Promise<string> {
  const [times, layers, refusals]: [Cells[], Cells[], string[]] = [[], [], []]
  for (const each of CASES) {
    const image = bench.image(each.image)
    const { rows, outcome } = await timed(bench, each, image)
    times.push(...rows)
    layers.push([...layerCells(each, 'Suture', outcome.facts), layerVerdict(each, outcome.facts)])
    const all = outcome.moved + outcome.refused.length
    const share = (100 * outcome.moved) / all
    if (each.update === 'all')
      refusals.push(
        `${each.name}: ${outcome.moved} of ${all} packages without refusal (${share.toFixed(0)} %)${outcome.refused.map(note => `; ${note}`).join('')}.`,
      )
    if (each.script === undefined) continue
    const built = await podmanBuild(join(bench.scratch, each.image), `oci:${image.folder}:latest`, each.script)
    const facts = judgeLayer(built.layout, 'latest', bench.root(each.image), join(bench.scratch, `judge-podman-${each.image}`), each.update)
    const cost = [`${built.seconds.toFixed(2)} s`, '', `${built.cpuSeconds.toFixed(2)} s`, `${built.peakMB.toFixed(0)} MB`]
    times.push([each.name, '`podman build`', 'nothing', ...cost, '', ''])
    layers.push([...layerCells(each, '`podman build`', facts), ''])
  }
  const timesHead = ['image, update', 'tool', 'known before', 'fastest', 'median', 'processor', 'peak memory', 'target', 'met']
  const layersHead = [
    'image, update',
    'tool',
    'layer',
    'floor',
    'above it',
    'files',
    'of them unchanged',
    'packages moved',
    'forced',
    'met',
  ]
  return `### A fix, the whole process

${table(timesHead, times)}

### The layer

${table(layersHead, layers)}

${refusals.join('\n')}`
}

async function timed(bench: ImageBench, each: FixCase, image: Image): Promise<{ rows: Cells[]; outcome: Outcome }> {
  const restore = keeper(image.folder)
  const rows: Cells[] = []
  let outcome: Outcome | undefined
  for (const state of STATES) {
    const rounds = state === 'nothing' ? ROUNDS_ONCE : each.rounds
    const runs = []
    for (let round = 0; round < rounds; round++) {
      await bring(image, state)
      const run = await fix(image, each.update)
      runs.push(run)
      outcome ??= outcomeOf(bench, each, image, run.stdout)
      restore()
    }
    const least = fastest(runs)
    const cost = [
      `${least.seconds.toFixed(2)} s`,
      rounds === 1 ? '' : `${median(runs.map(({ seconds }) => seconds)).toFixed(2)} s`,
      `${least.cpuSeconds.toFixed(2)} s`,
      `${least.peakMB.toFixed(0)} MB`,
    ]
    rows.push([each.name, 'Suture', state, ...cost, ...verdict(least, each.limits[state])])
  }
  if (outcome === undefined) throw new Error(`${each.name}: nothing was measured`)
  return { rows, outcome }
}

function outcomeOf(bench: ImageBench, each: FixCase, image: Image, stdout: string): Outcome {
  const { plan }: { plan: { changes: unknown[]; notes: string[] } } = JSON.parse(stdout)
  const scratch = join(bench.scratch, `judge-suture-${each.image}`)
  mkdirSync(scratch)
  return {
    moved: plan.changes.length,
    refused: plan.notes.filter(note => note.includes(' was left out: ')),
    facts: judgeLayer(image.folder, 'patched', bench.root(each.image), scratch, each.update),
  }
}

const over = ({ bytes, floor }: LayerFacts): number => 100 * (bytes / floor - 1)

function layerCells({ name, update }: FixCase, tool: string, facts: LayerFacts): Cells {
  const number = (value: number) => value.toLocaleString('en')
  return [
    ...[name, tool, `${number(facts.bytes)} B`, `${number(facts.floor)} B`, `${over(facts).toFixed(1)} %`],
    ...[facts.files, facts.identical, facts.moved.length].map(number),
    update === 'all' ? '' : number(facts.forced.length),
  ]
}

function layerVerdict({ update }: FixCase, facts: LayerFacts): string {
  const missed = [
    ...(over(facts) > 1 ? ['bytes'] : []),
    ...(facts.identical > 0 ? ['unchanged files'] : []),
    ...(update !== 'all' && facts.moved.length > facts.forced.length ? ['packages'] : []),
  ]
  return missed.length === 0 ? 'yes' : `**missed: ${missed.join(', ')}**`
}
