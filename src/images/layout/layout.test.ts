import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { OCI_LAYER } from '../media-types.ts'
import { documentOf, makeImage, makeIndex, memorySource, wholeOf } from '../testing/make-image.ts'
import { collect } from '../verified-bytes.ts'
import { wholeImage } from '../whole-image.ts'
import { blobPath } from './blob-files.ts'
import { layoutSink } from './sink.ts'
import { layoutSource } from './source.ts'

async function layout(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'suture-layout-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const place = (tag?: string) => ({ folder, reference: `oci:${folder}`, ...(tag === undefined ? {} : { tag }) })
  return { folder, from: (tag?: string) => layoutSource(place(tag)), into: (tag?: string) => layoutSink(place(tag)) }
}

test('an image is written and read back by its tag, and alone without one', async context => {
  const { folder, from, into } = await layout(context)
  const made = makeImage()
  const written = await into('v1').write(wholeOf(made))
  assert.equal(written.blobsWritten, 4)
  for (const source of [from('v1'), from()]) {
    const whole = await wholeImage(source)
    assert.deepEqual(whole.root.bytes, Buffer.from(made.image.manifest.bytes))
    for (const { descriptor } of whole.blobs)
      assert.deepEqual(await collect(source.blob(descriptor), 1e6, 'it'), made.blobs.get(descriptor.digest))
  }
  assert.deepEqual((await readdir(folder)).sort(), ['blobs', 'index.json', 'oci-layout'])
  assert.deepEqual((await readdir(join(folder, 'blobs', 'sha256'))).length, 4)
})

test('a tag moves, the others stay, and what other tools keep in the index stays', async context => {
  const { folder, from, into } = await layout(context)
  await into('v1').write(wholeOf(makeImage()))
  await into('v2').write(wholeOf(makeImage({ layers: ['other'] })))
  const path = join(folder, 'index.json')
  const odd = (await readFile(path, 'utf8')).replace('{', '{ "x-kept": 12345678901234567890, ')
  await writeFile(path, odd)
  const next = makeImage({ layers: ['next'] })
  const written = await into('v1').write(wholeOf(next))
  assert.equal(written.before, makeImage().image.manifest.descriptor.digest)
  assert.equal((await from('v1').root()).descriptor.digest, next.image.manifest.descriptor.digest)
  assert.equal((await from('v2').root()).descriptor.digest, makeImage({ layers: ['other'] }).image.manifest.descriptor.digest)
  assert.match(await readFile(path, 'utf8'), /^\{ "x-kept": 12345678901234567890, /)
  await assert.rejects(from().root(), { code: 'image-not-found', message: /v1, v2/ })
  await assert.rejects(from('v3').root(), { code: 'image-not-found' })
})

test('an image is found by the whole name that podman or containerd keep, and several without one are told', async context => {
  const { folder, from, into } = await layout(context)
  const [one, other] = [makeImage(), makeImage({ layers: ['other'] })]
  await into('localhost/one:v1').write(wholeOf(one))
  await into('v1').write(wholeOf(other))
  assert.equal((await from('localhost/one:v1').root()).descriptor.digest, one.image.manifest.descriptor.digest)
  const path = join(folder, 'index.json')
  const containerd = (await readFile(path, 'utf8'))
    .replace(
      '"org.opencontainers.image.ref.name":"localhost/one:v1"',
      '"io.containerd.image.name":"localhost/one:v1","org.opencontainers.image.ref.name":"v1"',
    )
    .replace(
      '"org.opencontainers.image.ref.name":"v1"}}]',
      '"io.containerd.image.name":"localhost/other:v1","org.opencontainers.image.ref.name":"v1"}}]',
    )
  await writeFile(path, containerd)
  await assert.rejects(from('v1').root(), { code: 'image-invalid', message: /localhost\/one:v1, localhost\/other:v1/ })
  assert.equal((await from('localhost/other:v1').root()).descriptor.digest, other.image.manifest.descriptor.digest)
  await into('localhost/other:v1').write(wholeOf(one))
  assert.equal((await from('localhost/other:v1').root()).descriptor.digest, one.image.manifest.descriptor.digest)
  await writeFile(path, containerd.replace(/"annotations":\{[^}]*\}/g, '"annotations":{}'))
  await assert.rejects(from().root(), { code: 'image-not-found', message: /holds 2 images, and none has a name/ })
})

test('writing the same again changes no byte of the index', async context => {
  const { folder, into } = await layout(context)
  await into('v1').write(wholeOf(makeImage()))
  const before = await readFile(join(folder, 'index.json'), 'utf8')
  const again = await into('v1').write(wholeOf(makeImage()))
  assert.equal(again.blobsWritten, 0)
  assert.equal(await readFile(join(folder, 'index.json'), 'utf8'), before)
})

test('writers at the same time lose none of their tags', async context => {
  const { from, into } = await layout(context)
  const tags = Array.from({ length: 8 }, (_, at) => `v${at}`)
  await Promise.all(tags.map(tag => into(tag).write(wholeOf(makeImage({ layers: [tag] })))))
  for (const tag of tags)
    assert.equal((await from(tag).root()).descriptor.digest, makeImage({ layers: [tag] }).image.manifest.descriptor.digest)
})

test('the lock of a process that is gone holds nobody up', async context => {
  const { folder, into } = await layout(context)
  await into('v1').write(wholeOf(makeImage()))
  await writeFile(join(folder, '.suture-lock'), 'what a killed writer left')
  await into('v2').write(wholeOf(makeImage()))
  assert.ok(!(await readdir(folder)).includes('.suture-lock'))
})

test('what a killed writer left beside goes after an hour', async context => {
  const { folder, into } = await layout(context)
  await into('v1').write(wholeOf(makeImage()))
  const blobs = join(folder, 'blobs', 'sha256')
  const [old, fresh] = [`.suture-${randomUUID()}`, `.suture-${randomUUID()}`]
  for (const name of [old, fresh]) await writeFile(join(blobs, name), 'half')
  await utimes(join(blobs, old), 0, 0)
  await into('v2').write(wholeOf(makeImage()))
  const left = await readdir(blobs)
  assert.ok(!left.includes(old))
  assert.ok(left.includes(fresh))
})

test('what a killed writer of this machine left goes after a minute, and what a living one writes stays', async context => {
  const { folder, into } = await layout(context)
  await into('v1').write(wholeOf(makeImage()))
  const here = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
  const gone = spawnSync(process.execPath, ['--version']).pid
  const name = (pid: number, machine = here) => join(folder, `.suture-${pid}-${machine}-${randomUUID()}`)
  const [left, fresh, living, elsewhere] = [name(gone), name(gone), name(process.pid), name(gone, '00000000')]
  for (const path of [left, fresh, living, elsewhere]) await writeFile(path, 'half')
  const twoMinutesAgo = Date.now() / 1000 - 120
  for (const path of [left, living, elsewhere]) await utimes(path, twoMinutesAgo, twoMinutesAgo)
  await into('v2').write(wholeOf(makeImage()))
  const there = await readdir(folder)
  assert.deepEqual(
    [left, fresh, living, elsewhere].map(path => there.includes(basename(path))),
    [false, true, true, true],
  )
})

test('a blob is told where it lies, and one of another length is not', async context => {
  const { from, into } = await layout(context)
  const whole = wholeOf(makeImage())
  const tar = documentOf(OCI_LAYER, 'a tar')
  await into('v1').write({ ...whole, blobs: [...whole.blobs, tar] })
  const place = await from('v1').located?.(tar.descriptor)
  assert.equal(place?.offset, 0)
  assert.equal(await readFile(place?.path ?? '', 'utf8'), 'a tar')
  assert.equal(await from('v1').located?.({ ...tar.descriptor, size: 4 }), undefined)
})

test('an index of platforms with its attestations is copied whole', async context => {
  const { from, into } = await layout(context)
  const { root, blobs } = makeIndex([makeImage(), makeImage({ architecture: 'arm64', layers: ['arm'] })], 2)
  await into('v1').write(await wholeImage(memorySource(root, blobs)))
  const whole = await wholeImage(from('v1'))
  assert.deepEqual(whole.root.bytes, Buffer.from(root.bytes))
  assert.equal(whole.documents.length + whole.blobs.length, blobs.size - 1)
})

test('artefacts stand beside the image and do not hide it', async context => {
  const { from, into } = await layout(context)
  const whole = wholeOf(makeImage())
  const artefact = makeImage({ layers: ['sbom'] })
  const text = Buffer.from(artefact.image.manifest.bytes).toString()
  const manifest = documentOf(
    artefact.image.manifest.descriptor.mediaType,
    text.replace('{', `{"artifactType":"application/x","subject":${JSON.stringify(whole.root.descriptor)},`),
  )
  const blobs = wholeOf(artefact)
  await into('v1').write({ ...whole, referrers: [{ manifest, blobs: [...blobs.blobs, artefact.image.config] }] })
  assert.deepEqual((await from().root()).bytes, Buffer.from(whole.root.bytes))
  assert.deepEqual(
    (await from().referrers(whole.root.descriptor.digest)).map(({ digest }) => digest),
    [manifest.descriptor.digest],
  )
})

test('a layout that lies or leads elsewhere is refused', async context => {
  const { folder, from, into } = await layout(context)
  await assert.rejects(from('v1').root(), { code: 'image-not-found' })
  const made = makeImage()
  await into('v1').write(wholeOf(made))
  const { descriptor } = made.image.manifest
  const layer = made.image.layers[0]?.descriptor ?? descriptor
  const path = blobPath(folder, descriptor.digest)
  const bytes = await readFile(path)
  await writeFile(path, Buffer.from(bytes).fill(0x20, 10, 20))
  await assert.rejects(from('v1').root(), { code: 'image-digest-mismatch' })
  await truncate(path, 10)
  await assert.rejects(from('v1').root(), { code: 'image-digest-mismatch' })
  await rm(path)
  await assert.rejects(from('v1').root(), { code: 'image-incomplete' })
  await writeFile(join(folder, 'elsewhere'), bytes)
  await symlink('../../elsewhere', path)
  await assert.rejects(from('v1').root(), { code: 'image-invalid' })
  await rm(path)
  await mkdir(path)
  await assert.rejects(from('v1').root(), { code: 'image-invalid' })
  await rm(path, { recursive: true })
  await rm(blobPath(folder, layer.digest))
  await assert.rejects(collect(from('v1').blob(layer), 1e6, 'it'), { code: 'image-incomplete' })
  for (const index of [
    '{',
    '[]',
    '{"manifests":{}}',
    '{"manifests":[{"digest":"sha256:../../x","size":1}]}',
    '{"manifests":[{"digest":1,"size":1}]}',
  ]) {
    await writeFile(join(folder, 'index.json'), index)
    await assert.rejects(from('v1').root(), { code: 'image-invalid' }, index)
    await assert.rejects(into('v1').write(wholeOf(made)), { code: 'image-invalid' }, index)
    assert.equal(await readFile(join(folder, 'index.json'), 'utf8'), index)
  }
})
