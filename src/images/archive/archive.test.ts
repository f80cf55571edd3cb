import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { FaultCode } from '../../model/faults.ts'
import type { ArchiveReference } from '../reference.ts'
import type { MadeImage } from '../testing/make-image.ts'
import { makeImage, makeIndex, memorySource, wholeOf } from '../testing/make-image.ts'
import { collect } from '../verified-bytes.ts'
import { wholeImage } from '../whole-image.ts'
import { archiveSink } from './sink.ts'
import { archiveSource } from './source.ts'
import { tarEnd, tarHeader, tarPadding } from './tar-file.ts'

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'suture-archive-test-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function archive(folder: string, format: 'docker' | 'oci', tag?: string, name = 'image.tar'): ArchiveReference {
  return { kind: 'archive', format, file: name === '-' ? '-' : join(folder, name), ...(tag === undefined ? {} : { tag }) }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
const never = async () => assert.fail('nothing goes to standard output')

function tarOf(files: readonly (readonly [name: string, content: string | Buffer])[]): Buffer {
  const parts = files.flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    return [tarHeader(name, bytes.length), bytes, tarPadding(bytes.length)]
  })
  return Buffer.concat([...parts, tarEnd()])
}

/** What docker save wrote before version 25. */
function savedFormerly(
  { image, blobs }: MadeImage,
  name = 'registry.example/name:v1',
  pack = (tar: Buffer) => tar,
): [string, string | Buffer][] {
  const hex = image.config.descriptor.digest.slice(7)
  const layers = image.layers.map(({ descriptor }, at): [string, Buffer] => [
    `${at}/layer.tar`,
    pack(gunzipSync(blobs.get(descriptor.digest) ?? '')),
  ])
  const manifest = [{ Config: `${hex}.json`, RepoTags: [name], Layers: layers.map(([path]) => path) }]
  return [[`${hex}.json`, Buffer.from(image.config.bytes)], ...layers, ['manifest.json', JSON.stringify(manifest)]]
}

for (const [format, tag] of [
  ['oci', 'v1'],
  ['docker', 'registry.example/name:v1'],
  ['oci', undefined],
  ['docker', undefined],
] as const) {
  test(`an image goes through a ${format} archive as it is (${tag ?? 'without a name'})`, async context => {
    const folder = await scratch(context)
    const made = makeImage()
    const sink = archiveSink(archive(folder, format, tag), { scratch: folder, stdout: never })
    await sink.write(wholeOf(made))
    const first = await readFile(join(folder, 'image.tar'))
    const again = await sink.write(wholeOf(made))
    assert.equal(again.before, made.image.manifest.descriptor.digest)
    assert.ok(first.equals(await readFile(join(folder, 'image.tar'))))
    const source = archiveSource(archive(folder, format, tag), { scratch: folder, stdin: nothing() })
    const whole = await wholeImage(source)
    assert.deepEqual(whole.root.bytes, Buffer.from(made.image.manifest.bytes))
    for (const { descriptor } of whole.blobs)
      assert.deepEqual(await collect(source.blob(descriptor), 1e6, 'it'), made.blobs.get(descriptor.digest))
    await source.close()
    assert.deepEqual(await readdir(folder), ['image.tar'])
  })
}

test('an archive comes from standard input and goes to standard output, and no copy stays', async context => {
  const folder = await scratch(context)
  const { root, blobs } = makeIndex([makeImage(), makeImage({ architecture: 'arm64', layers: ['arm'] })])
  const chunks: Uint8Array[] = []
  const sink = archiveSink(archive(folder, 'oci', 'v1', '-'), { scratch: folder, stdout: async chunk => void chunks.push(chunk) })
  await sink.write(await wholeImage(memorySource(root, blobs)))
  for (const bytes of [Buffer.concat(chunks), gzipSync(Buffer.concat(chunks)), zstdCompressSync(Buffer.concat(chunks))]) {
    const stdin = (async function* () {
      yield bytes.subarray(0, 1000)
      yield bytes.subarray(1000)
    })()
    const source = archiveSource(archive(folder, 'oci', 'v1', '-'), { scratch: folder, stdin })
    assert.deepEqual((await wholeImage(source)).root.bytes, Buffer.from(root.bytes))
    await source.close()
    assert.deepEqual(await readdir(folder), [])
  }
})

test('the older form of docker save is read, and its layers by position', async context => {
  const folder = await scratch(context)
  const made = makeImage({ family: 'docker' })
  await writeFile(join(folder, 'image.tar'), tarOf(savedFormerly(made)))
  for (const tag of [undefined, 'registry.example/name:v1']) {
    const source = archiveSource(archive(folder, 'docker', tag), { scratch: folder, stdin: nothing() })
    const whole = await wholeImage(source)
    assert.deepEqual(
      whole.documents.map(({ bytes }) => Buffer.from(bytes)),
      [Buffer.from(made.image.config.bytes)],
    )
    for (const [at, { descriptor }] of whole.blobs.entries()) {
      assert.equal(descriptor.digest, made.image.layers[at]?.diffId)
      const bytes = await collect(source.blob(descriptor), 1e6, 'it')
      const place = await source.located?.(descriptor)
      assert.ok(place)
      const there = await collect(createReadStream(place.path, { start: place.offset, end: place.offset + bytes.length - 1 }), 1e6, 'it')
      assert.deepEqual(there, bytes)
    }
    await source.close()
  }
})

test('compressed layers in the older form are known by their own digests', async context => {
  const folder = await scratch(context)
  const made = makeImage({ family: 'docker' })
  await writeFile(join(folder, 'image.tar'), tarOf(savedFormerly(made, 'registry.example/name:v1', gzipSync)))
  const source = archiveSource(archive(folder, 'docker'), { scratch: folder, stdin: nothing() })
  const whole = await wholeImage(source)
  assert.deepEqual(whole.root.bytes, Buffer.from(made.image.manifest.bytes))
  await source.close()
})

test('of an index that docker saved with one of its platforms, that platform is the image', async context => {
  const folder = await scratch(context)
  const [amd64, arm64] = [makeImage(), makeImage({ architecture: 'arm64', layers: ['arm'] })]
  const { root } = makeIndex([amd64, arm64])
  const files = [...arm64.blobs, [root.descriptor.digest, Buffer.from(root.bytes)] as const].map(
    ([digest, bytes]) => [`blobs/sha256/${digest.slice(7)}`, Buffer.from(bytes)] as const,
  )
  const index = JSON.stringify({ schemaVersion: 2, manifests: [root.descriptor] })
  await writeFile(join(folder, 'image.tar'), tarOf([...files, ['index.json', index]]))
  const source = archiveSource(archive(folder, 'docker'), { scratch: folder, stdin: nothing() })
  assert.equal((await source.root()).descriptor.digest, arm64.image.manifest.descriptor.digest)
  await source.close()
})

const made = makeImage()
const saved = savedFormerly(made)
const listed = (text: string): [string, string | Buffer][] => [...saved.slice(0, -1), ['manifest.json', text]]
const rows: readonly [name: string, bytes: Buffer, code: FaultCode][] = [
  ['nothing', Buffer.alloc(0), 'image-archive-invalid'],
  ['noise', Buffer.alloc(5000, 'noise'), 'image-archive-invalid'],
  ['a tar without an image', tarOf([['readme', 'x']]), 'image-archive-invalid'],
  ['an archive that ends early', tarOf(saved).subarray(0, 1800), 'image-archive-invalid'],
  ['gzip that ends early', gzipSync(tarOf(saved)).subarray(0, 200), 'image-archive-invalid'],
  ['zstd that ends early', zstdCompressSync(tarOf(saved)).subarray(0, 200), 'image-archive-invalid'],
  ['xz', Buffer.from('fd377a585a000004', 'hex'), 'compression-unsupported'],
  ['a manifest.json twice', tarOf([...saved, ['manifest.json', '[]']]), 'image-archive-invalid'],
  ['a manifest.json without images', tarOf(listed('[]')), 'image-archive-invalid'],
  ['a manifest.json that is none', tarOf(listed('{')), 'json-invalid'],
  ['a config outside', tarOf(listed('[{"Config":"../../../etc/passwd","Layers":[]}]')), 'image-archive-invalid'],
  ['a layer that is missing', tarOf(listed(String(saved.at(-1)?.[1]).replace('1/layer.tar', '2/layer.tar'))), 'image-archive-invalid'],
  ['a layer too few', tarOf(listed(String(saved.at(-1)?.[1]).replace(',"1/layer.tar"', ''))), 'image-archive-invalid'],
  [
    'a config with another digest',
    tarOf(saved.map(([name, bytes]) => [name, name.length > 64 ? `${bytes} ` : bytes])),
    'image-digest-mismatch',
  ],
  ['a file that leads out', tarOf([['../../x', 'y'], ...saved]), 'image-archive-invalid'],
]
for (const [name, bytes, code] of rows) {
  test(`${name} is no archive of an image`, async context => {
    const folder = await scratch(context)
    await writeFile(join(folder, 'image.tar'), bytes)
    const source = archiveSource(archive(folder, 'docker'), { scratch: folder, stdin: nothing() })
    await assert.rejects(wholeImage(source), { code })
    await source.close()
    assert.deepEqual(await readdir(folder), ['image.tar'])
  })
}

test('a copy has a bound, and a layer with other bytes is found out', async context => {
  const folder = await scratch(context)
  await writeFile(join(folder, 'image.tar'), gzipSync(Buffer.alloc(10_000_000)))
  const bomb = archiveSource(archive(folder, 'docker'), { scratch: folder, stdin: nothing(), largest: 1_000_000 })
  await assert.rejects(bomb.root(), { code: 'image-too-large' })
  assert.deepEqual(await readdir(folder), ['image.tar'])
  const forged = saved.map(([name, bytes]): [string, string | Buffer] => [name, name === '0/layer.tar' ? 'xxx' : bytes])
  await writeFile(join(folder, 'image.tar'), tarOf(forged))
  const source = archiveSource(archive(folder, 'docker'), { scratch: folder, stdin: nothing() })
  const layer = (await wholeImage(source)).blobs[0]
  assert.ok(layer)
  await assert.rejects(collect(source.blob(layer.descriptor), 1e6, 'it'), { code: 'image-digest-mismatch' })
  await source.close()
})
