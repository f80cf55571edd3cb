/** What the inventory of an image costs beyond the start of the process: `suture scan`, less the same of an image that holds one package. */
import { createReadStream, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { extraLayer } from '../test/system/images/extra-layer.ts'
import type { Run } from './command.ts'
import { type Cells, table } from './document.ts'
import { forgetLayers, type Image, scan } from './image-caches.ts'
import { fastest } from './image-limits.ts'
import { npmLayer } from './image-made-layers.ts'
import type { ImageBench } from './image-setting.ts'

const ROUNDS = 11
const CHUNK = 256 * 1024
const [NPM_PACKAGES, NPM_MB] = [1700, 360]

interface Series {
  readonly name: string
  readonly image: Image
  readonly known: boolean
  /** In milliseconds; of gzip, times what decompressing alone takes. */
  readonly limit?: number
  readonly times?: number
  readonly runs: Run[]
}

export async function imageInventory(bench: ImageBench): Promise<string> {
  const plain = { compression: 'none' } as const
  const npm = [bench.archive('minbase'), npmLayer(join(bench.scratch, 'npm'), NPM_PACKAGES, NPM_MB)]
  const [small, minbase, gzip] = [
    bench.image('one-package', [onePackage(join(bench.scratch, 'one'))], plain),
    bench.image('minbase-plain', [bench.archive('minbase')], plain),
    bench.image('minbase-gzip', [bench.archive('minbase')]),
  ]
  const large = bench.image('npm-plain', npm, plain)
  const start: Series = { name: 'one package, nothing else', image: small, known: false, runs: [] }
  const series: Series[] = [
    start,
    { name: `minbase, uncompressed, ${megabytes(bench.archive('minbase'))}`, image: minbase, known: false, limit: 100, runs: [] },
    { name: 'the same', image: minbase, known: true, limit: 50, runs: [] },
    { name: 'minbase, gzip', image: gzip, known: false, times: 1.2, runs: [] },
    { name: 'the same', image: gzip, known: true, limit: 50, runs: [] },
    { name: `with ${NPM_PACKAGES} npm packages, uncompressed, ${megabytes(...npm)}`, image: large, known: false, limit: 500, runs: [] },
    { name: 'the same', image: large, known: true, limit: 50, runs: [] },
  ]
  const inflations: number[] = []
  // In turns, so that whatever else the machine does falls on all alike.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { image, known, runs } of series) {
      if (!known) forgetLayers(image)
      const run = await scan(image)
      // The first round compiles the program and settles the files.
      if (round > 0) runs.push(run)
    }
    inflations.push(await inflate(gzip.folder))
  }
  const floor = Math.min(...inflations)
  const rows = series.map(each => cells(each, fastest(start.runs).seconds, floor))
  const head = ['image', 'indexed before', 'whole process', 'beyond start', 'processor', 'peak memory', 'target', 'met']
  return `### Inventory

\`suture scan\`, the fastest of ${ROUNDS} runs in turns. *Beyond start* is what it takes longer than the first row. Decompressing the gzip layer
alone, in a process that is up, takes ${milliseconds(floor)}. The target for memory is 100 MB.

${table(head, rows)}`
}

function cells({ name, known, limit, times, runs }: Series, start: number, floor: number): Cells {
  const cost = fastest(runs)
  const beyond = cost.seconds - start
  const most = times === undefined ? limit : times * floor * 1000
  const target = times === undefined ? `${limit} ms` : `${times} × decompressing`
  const ratio = times === undefined ? '' : ` (${(beyond / floor).toFixed(2)} × decompressing)`
  const missed = [...(beyond * 1000 > (most ?? Infinity) ? ['time'] : []), ...(cost.peakMB > 100 ? ['memory'] : [])]
  return [
    ...[name, known ? 'yes' : 'no', milliseconds(cost.seconds), most === undefined ? '' : `${milliseconds(beyond)}${ratio}`],
    ...[`${cost.cpuSeconds.toFixed(2)} s`, `${cost.peakMB.toFixed(0)} MB`],
    ...(most === undefined ? ['', ''] : [target, missed.length === 0 ? 'yes' : `**missed: ${missed.join(', ')}**`]),
  ]
}

/** Seconds that Node.js takes to decompress the only layer. */
async function inflate(layout: string): Promise<number> {
  const blobs = readdirSync(join(layout, 'blobs/sha256')).map(name => join(layout, 'blobs/sha256', name))
  const [layer = ''] = blobs.sort((a, b) => statSync(b).size - statSync(a).size)
  const started = performance.now()
  const out = createReadStream(layer, { highWaterMark: CHUNK }).pipe(createGunzip({ chunkSize: CHUNK }))
  let bytes = 0
  for await (const chunk of out) bytes += chunk.length
  if (bytes === 0) throw new Error('the layer is empty')
  return (performance.now() - started) / 1000
}

function onePackage(scratch: string): string {
  return extraLayer(scratch, folder => {
    for (const place of ['etc', 'var/lib/dpkg']) mkdirSync(join(folder, place), { recursive: true })
    writeFileSync(join(folder, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
    const stanza = ['Package: base-files', 'Status: install ok installed', 'Architecture: amd64', 'Version: 12.4']
    writeFileSync(join(folder, 'var/lib/dpkg/status'), `${stanza.join('\n')}\n`)
  })
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`
const megabytes = (...paths: readonly string[]): string =>
  `${(paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6).toFixed(0)} MB`
