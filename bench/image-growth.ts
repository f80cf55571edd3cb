/** How `suture scan` grows with the number of an image's layers and with its size. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LayoutOptions } from '../test/system/images/make-layout.ts'
import { type Run, runCells } from './command.ts'
import { type Cells, table } from './document.ts'
import { forgetLayers, scan } from './image-caches.ts'
import { fastest } from './image-limits.ts'
import { filledLayer, splitRoot } from './image-made-layers.ts'
import type { ImageBench } from './image-setting.ts'

const ROUNDS = 3
const LAYERS = [1, 10, 40, 120]
const MORE_MB = [100, 500]

export async function imageGrowth(bench: ImageBench): Promise<string> {
  const rows: Cells[] = []
  for (const count of LAYERS) {
    const scratch = join(bench.scratch, `split-${count}`)
    rows.push(
      ...(await measured(
        bench,
        `minbase in ${count} ${count === 1 ? 'layer' : 'layers'}`,
        splitRoot(bench.root('minbase'), count, scratch),
      )),
    )
    rmSync(scratch, { recursive: true })
  }
  for (const more of MORE_MB) {
    const extra = filledLayer(join(bench.scratch, `fill-${more}`), more)
    rows.push(...(await measured(bench, `minbase and ${more} MB of files`, [bench.archive('minbase'), extra])))
  }
  const head = ['image', 'layers', 'first', 'processor', 'memory', 'again', 'processor', 'memory']
  return `### Growth

\`suture scan\`, the whole process, the fastest of ${ROUNDS}: an image never seen, and again.

${table(head, rows)}`
}

async function measured(bench: ImageBench, name: string, archives: readonly string[]): Promise<Cells[]> {
  const rows: Cells[] = []
  const kinds: LayoutOptions[] = [{ compression: 'gzip' }, { compression: 'none' }]
  for (const [at, options] of kinds.entries()) {
    const image = bench.image('growing', archives, options)
    // Compiles the program.
    await scan(image)
    const [first, again]: [Run[], Run[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      forgetLayers(image)
      first.push(await scan(image))
      again.push(await scan(image))
    }
    rows.push([name, at === 0 ? 'gzip' : 'uncompressed', ...runCells(fastest(first)), ...runCells(fastest(again))])
    rmSync(image.folder, { recursive: true })
  }
  return rows
}
