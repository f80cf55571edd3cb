import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Fault, type FaultCode } from '../model/faults.ts'
import type { ImageSource } from '../model/image.ts'
import { layerCache } from './index-cache.ts'
import { layoutSource } from './layout/source.ts'
import { openImage } from './open.ts'
import { counted, layeredImage, writeLayout } from './testing/layered-image.ts'

const scratch = mkdtempSync(join(tmpdir(), 'suture-open-'))
after(() => rmSync(scratch, { recursive: true }))

const isFault = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const base = [
  { path: 'usr/bin/perl5', content: 'perl', mode: 0o755 },
  { path: 'usr/bin/perl', type: 'hardlink', target: 'usr/bin/perl5' },
  { path: 'app/package.json', content: '{"name":"app"}' },
]

test('a plain layer in a local file is walked by position, and its index serves for that file only', async () => {
  const folder = join(scratch, 'plain')
  const made = layeredImage([base], { compression: 'none' })
  writeLayout(folder, made)
  const { source, reads } = counted(layoutSource({ folder, reference: folder, tag: 'latest' }))
  const indexes = join(scratch, 'positions')
  const cache = () => layerCache(indexes, () => 1e15)
  const { files } = await openImage(source, { cache: cache() })
  assert.equal(Buffer.from((await files.read(['usr/bin/perl'])).get('usr/bin/perl') ?? '').toString(), 'perl')
  assert.equal((await files.digests(['usr/bin/perl'])).get('usr/bin/perl'), sha256('perl'))
  assert.equal(reads.length, 0)
  const blob = join(folder, 'blobs', 'sha256', made.image.layers[0]?.descriptor.digest.slice(7) ?? '')
  const altered = Buffer.from(readFileSync(blob).toString('latin1').replace('{"name":"app"}', '{"name":"bad"}'), 'latin1')
  writeFileSync(blob, altered)
  utimesSync(blob, 1, 1)
  await openImage(source, { cache: cache() })
  assert.equal(readdirSync(indexes).length, 2)
  assert.equal(reads.length, 0)
  await assert.rejects(openImage(source, { cache: cache(), prove: 'layers' }), isFault('image-digest-mismatch'))
  assert.equal(readdirSync(indexes).length, 2)
})

test('a local blob that claims a known layer is held against its digest once for each file', async () => {
  const made = layeredImage([base], { compression: 'gzip' })
  const descriptor = made.image.layers[0]?.descriptor
  assert.ok(descriptor)
  const at = (name: string) => {
    const folder = join(scratch, name)
    writeLayout(folder, made)
    return {
      ...counted(layoutSource({ folder, reference: folder, tag: 'latest' })),
      blob: join(folder, 'blobs/sha256', descriptor.digest.slice(7)),
    }
  }
  const indexes = join(scratch, 'sound')
  const open = (source: ImageSource) => openImage(source, { cache: layerCache(indexes, () => 1e15) })
  const [one, other] = [at('sound-one'), at('sound-other')]
  await open(one.source)
  await open(one.source)
  assert.equal(one.reads.length, 1)
  await open(other.source)
  await open(other.source)
  assert.equal(other.reads.length, 1)
  const broken = readFileSync(other.blob)
  broken[40] = (broken[40] ?? 0) ^ 1
  writeFileSync(other.blob, broken)
  for (let round = 0; round < 2; round++) await assert.rejects(open(other.source), isFault('image-digest-mismatch'))
  await open(one.source)
  assert.equal(one.reads.length, 1)
})

test('a proved view notices a file that changed after its layer was proved', async () => {
  const folder = join(scratch, 'proved')
  const made = layeredImage([base], { compression: 'none' })
  writeLayout(folder, made)
  const source = layoutSource({ folder, reference: folder, tag: 'latest' })
  const views = [await openImage(source, { prove: 'layers' }), await openImage(source, { prove: 'files' })]
  const blob = join(folder, 'blobs', 'sha256', made.image.layers[0]?.descriptor.digest.slice(7) ?? '')
  writeFileSync(blob, Buffer.from(readFileSync(blob).toString('latin1').replace('{"name":"app"}', '{"name":"bad"}'), 'latin1'))
  for (const { files } of views) await assert.rejects(files.read(['app/package.json']), isFault('image-digest-mismatch'))
})
