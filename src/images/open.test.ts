import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Fault, type FaultCode } from '../model/faults.ts'
import type { BlobDigest, ContentExtractor, ImageSource } from '../model/image.ts'
import { layerCache } from './index-cache.ts'
import { layoutSource } from './layout/source.ts'
import { type OpenOptions, openImage } from './open.ts'
import { platformName, platformsOf } from './platforms.ts'
import { counted, layeredImage, manifestOf, verifiedSource, writeLayout } from './testing/layered-image.ts'
import { documentOf, makeIndex, memorySource } from './testing/make-image.ts'
import { makeTar } from './testing/make-tar.ts'
import { digestOf } from './verified-bytes.ts'

const scratch = mkdtempSync(join(tmpdir(), 'suture-open-'))
after(() => rmSync(scratch, { recursive: true }))

const isFault = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const keep = { id: 'status', keeps: (path: string) => path === 'var/lib/dpkg/status' }
const base = [
  { path: 'var/lib/dpkg/status', content: 'Package: a\n' },
  { path: 'usr/bin/perl5', content: 'perl', mode: 0o755 },
  { path: 'usr/bin/perl', type: 'hardlink', target: 'usr/bin/perl5' },
  { path: 'bin', type: 'symlink', target: 'usr/bin' },
  { path: 'app/package.json', content: '{"name":"app"}' },
]
const top = [
  { path: 'app/.wh.package.json' },
  { path: 'app/lib/package.json', content: '{"name":"lib"}' },
  { path: 'usr/bin/ping', content: 'ping', mode: 0o4755, xattrs: { 'security.capability': '\x01\xff' } },
]

for (const compression of ['gzip', 'zstd', 'none'] as const) {
  for (const family of ['oci', 'docker'] as const) {
    test(`an image of ${family} layers, ${compression}, is opened and read`, async () => {
      const { source } = layeredImage([base, top], { compression, family })
      const { files, layers, platform } = await openImage(source, { keep })
      assert.equal(platformName(platform), 'linux/amd64')
      assert.deepEqual(
        layers.map(({ createdBy }) => createdBy),
        ['step 0', 'step 1'],
      )
      assert.deepEqual(
        [...files.paths()],
        [
          'app',
          'app/lib',
          'app/lib/package.json',
          'bin',
          'usr',
          'usr/bin',
          'usr/bin/perl',
          'usr/bin/perl5',
          'usr/bin/ping',
          'var',
          'var/lib',
          'var/lib/dpkg',
          'var/lib/dpkg/status',
        ],
      )
      const ping = files.follow('/bin/ping')
      assert.deepEqual(
        { ...ping, xattrs: { ...ping?.xattrs } },
        {
          path: 'usr/bin/ping',
          type: 'file',
          mode: 0o4755,
          uid: 0,
          gid: 0,
          size: 4,
          mtime: 0,
          xattrs: { 'security.capability': '\x01\xff' },
          layer: 1,
        },
      )
      assert.equal(files.get('usr/bin/perl')?.hardLinkTo, 'usr/bin/perl5')
      assert.equal(files.canonical('bin/../lib/x'), 'usr/lib/x')
      assert.equal(files.canonical('bin'), 'bin')
      assert.deepEqual(files.children(''), ['app', 'bin', 'usr', 'var'])
      assert.deepEqual(files.children('usr/bin'), ['perl', 'perl5', 'ping'])
      assert.deepEqual(files.children('bin'), [])
      const read = await files.read(['usr/bin/perl', 'var/lib/dpkg/status', 'app/package.json', 'bin', 'usr', 'app/lib/package.json'])
      assert.deepEqual([...read].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]).sort(), [
        ['app/lib/package.json', '{"name":"lib"}'],
        ['usr/bin/perl', 'perl'],
        ['var/lib/dpkg/status', 'Package: a\n'],
      ])
      assert.deepEqual([...(await files.digests(['usr/bin/perl', 'usr/bin/ping', 'usr']))].sort(), [
        ['usr/bin/perl', sha256('perl')],
        ['usr/bin/ping', sha256('ping')],
      ])
    })
  }
}

const names: ContentExtractor = {
  id: 'names 1',
  accepts: path => path.endsWith('package.json') || path.startsWith('usr/bin/'),
  ranges: (size, head) => (head[0] === 0x7b || size === 4 ? [{ offset: 0, length: size }] : []),
  extract: (path, content) => JSON.stringify([path, Buffer.from(content.read(0, content.size)).toString()]),
}

test('extracts are of visible files only, a hard-linked one under its first name', async () => {
  const { source } = layeredImage([base, top])
  const expected = [
    ['app/lib/package.json', 1],
    ['usr/bin/perl5', 0],
    ['usr/bin/ping', 1],
  ]
  const found = (extracts: Iterable<{ path: string; layer: number }>) => [...extracts].map(({ path, layer }) => [path, layer])
  assert.deepEqual(found((await openImage(source, { extractors: [names] })).files.extracts()), expected)
  const hidden = layeredImage([base, top, [{ path: 'usr/bin/.wh.perl5' }]])
  const [, perl] = [...(await openImage(hidden.source, { extractors: [names] })).files.extracts()]
  assert.deepEqual([perl?.path, perl?.text], ['usr/bin/perl', '["usr/bin/perl5","perl"]'])
})

test('an extractor sees the head first and then only the ranges it named, by stream and by position', async () => {
  const content = Buffer.alloc(300_000, 'abcdefghij')
  const tail: ContentExtractor = {
    id: 'tail 1',
    accepts: path => path === 'big',
    ranges: (size, head) => {
      assert.equal(head.length, 4096)
      return [
        { offset: 5000, length: 10 },
        { offset: size - 5, length: 50 },
      ]
    },
    extract: (_, read) =>
      JSON.stringify(
        [
          [0, 4],
          [4090, 20],
          [4995, 10],
          [5003, 20],
          [200_000, 9],
          [299_998, 9],
        ].map(([at = 0, length = 0]) => Buffer.from(read.read(at, length)).toString()),
      ),
  }
  const folder = join(scratch, 'tail')
  const plain = layeredImage([[{ path: 'big', content }]], { compression: 'none' })
  writeLayout(folder, plain)
  const expected = '["abcd","abcdef","","defghij","","ij"]'
  for (const source of [layoutSource({ folder, reference: folder, tag: 'latest' }), layeredImage([[{ path: 'big', content }]]).source]) {
    const [extract] = [...(await openImage(source, { extractors: [tail] })).files.extracts()]
    assert.equal(extract?.text, expected)
    const both = await openImage(source, { extractors: [tail], keep: { id: 'all', keeps: () => true } })
    assert.equal([...both.files.extracts()].length, 1)
  }
})

test('a layer that is known is not read again, for these wishes and no others', async () => {
  const cache = () => layerCache(join(scratch, 'cache'), () => 1e15)
  const { source, reads } = counted(layeredImage([base, top]).source)
  const open = (options: OpenOptions = {}) => openImage(source, { cache: cache(), keep, extractors: [names], ...options })
  const first = await open()
  assert.equal(reads.length, 2)
  const second = await open()
  assert.equal(reads.length, 2)
  assert.deepEqual(
    [...second.files.paths()].map(path => second.files.get(path)),
    [...first.files.paths()].map(path => first.files.get(path)),
  )
  assert.deepEqual([...second.files.extracts()], [...first.files.extracts()])
  assert.equal(Buffer.from((await second.files.read(['var/lib/dpkg/status'])).get('var/lib/dpkg/status') ?? '').toString(), 'Package: a\n')
  assert.equal((await second.files.digests(['var/lib/dpkg/status'])).get('var/lib/dpkg/status'), sha256('Package: a\n'))
  assert.equal(reads.length, 2)
  await open({ extractors: [] })
  assert.equal(reads.length, 4)
  await second.files.digests(['usr/bin/perl'])
  assert.equal(reads.length, 5)
  await (await open()).files.digests(['usr/bin/perl5', 'app/package.json'])
  assert.equal(reads.length, 5)
})

test('a damaged, cut or foreign file in the cache is passed over and made again', async () => {
  const folder = join(scratch, 'damaged')
  const { source, reads } = counted(layeredImage([base]).source)
  const whole = async () => [...(await openImage(source, { cache: layerCache(folder, () => 1e15), keep })).files.paths()].length
  const paths = await whole()
  const [name = ''] = readdirSync(folder)
  const good = readFileSync(join(folder, name))
  const flipped = (at: number) => {
    const bytes = Buffer.from(good)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  const damages = [
    Buffer.alloc(0),
    good.subarray(0, 40),
    good.subarray(0, -1),
    flipped(3),
    flipped(20),
    flipped(60),
    flipped(good.length - 1),
    Buffer.from('x'.repeat(500)),
  ]
  for (const [at, damage] of damages.entries()) {
    writeFileSync(join(folder, name), damage)
    assert.equal(await whole(), paths)
    assert.equal(reads.length, at + 2)
    assert.deepEqual(readFileSync(join(folder, name)), good)
  }
  writeFileSync(join(scratch, 'no-folder'), '')
  assert.equal((await openImage(source, { cache: layerCache(join(scratch, 'no-folder'), () => 1e15) })).layers.length, 1)
})

test('attestations are no platforms, and one of several has to be named', async () => {
  const images = ['amd64', 'arm64'].map(architecture => layeredImage([base], { architecture }))
  const { root, blobs } = makeIndex(images)
  const source = memorySource(root, blobs)
  assert.deepEqual(
    (await platformsOf(source)).map(({ platform }) => platformName(platform)),
    ['linux/amd64', 'linux/arm64'],
  )
  await assert.rejects(openImage(source), isFault('image-platform-missing'))
  await assert.rejects(openImage(source, { platform: { os: 'linux', architecture: 's390x' } }), isFault('image-platform-missing'))
  const image = await openImage(source, { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } })
  assert.equal(image.manifest.descriptor.digest, images[1]?.image.manifest.descriptor.digest)
})

const one = layeredImage([base])
const [layer] = one.image.layers
assert.ok(layer)
const altered = (config: object, type = layer.descriptor.mediaType, bytes?: Uint8Array): ImageSource => {
  const blobs = new Map<BlobDigest, Uint8Array>(one.blobs)
  const document = documentOf('application/vnd.oci.image.config.v1+json', JSON.stringify(config))
  const descriptor = {
    ...layer.descriptor,
    mediaType: type,
    ...(bytes === undefined ? {} : { digest: digestOf(bytes), size: bytes.length }),
  }
  if (bytes !== undefined) blobs.set(descriptor.digest, bytes)
  const manifest = manifestOf(document, [{ ...layer, descriptor }])
  for (const each of [document, manifest]) blobs.set(each.descriptor.digest, each.bytes)
  return verifiedSource(manifest, blobs)
}
const rootfs = { diff_ids: [layer.diffId] }
const linux = { os: 'linux', architecture: 'amd64' }
const plain = makeTar(base)
const HUNDREDFOLD = { total: 1e12, ratios: [{ most: 100, beyond: 1 << 20 }] }

const refused: readonly (readonly [name: string, source: ImageSource, code: FaultCode, options?: OpenOptions])[] = [
  ['fewer diff ids than layers', altered({ ...linux, rootfs: { diff_ids: [] } }), 'image-invalid'],
  ['more diff ids than layers', altered({ ...linux, rootfs: { diff_ids: [layer.diffId, layer.diffId] } }), 'image-invalid'],
  ['no layers in the config', altered(linux), 'image-invalid'],
  ['a diff id that is none', altered({ ...linux, rootfs: { diff_ids: ['sha256:../../etc'] } }), 'image-invalid'],
  ['a diff id of something else', altered({ ...linux, rootfs: { diff_ids: [`sha256:${'0'.repeat(64)}`] } }), 'image-digest-mismatch'],
  ['a layer kept elsewhere', altered({ ...linux, rootfs }, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'), 'layer-foreign'],
  ['a layer not passed on', altered({ ...linux, rootfs }, 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'), 'layer-foreign'],
  ['a layer that is none', altered({ ...linux, rootfs }, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'), 'image-invalid'],
  ['a platform that nothing knows', altered({ os: 'unknown', architecture: 'unknown', rootfs }), 'image-platform-missing'],
  ['a gzip bomb', layeredImage([Buffer.alloc(3 << 20)]).source, 'layer-too-large', { limits: HUNDREDFOLD }],
  ['a layer in another layer’s place', altered({ ...linux, rootfs }, undefined, gzipSync(makeTar(top))), 'image-digest-mismatch'],
  ['a layer that ends early', altered({ ...linux, rootfs }, undefined, gzipSync(plain).subarray(0, -9)), 'layer-invalid'],
  ['a tar that ends early, under its own diff id', layeredImage([plain.subarray(0, 400)]).source, 'layer-invalid'],
  ['a whiteout of “..”', layeredImage([[{ path: 'a/.wh...' }]]).source, 'layer-invalid'],
  ['a whiteout of nothing', layeredImage([[{ path: 'a/.wh.' }]]).source, 'layer-invalid'],
  ['a hard link to itself', layeredImage([[{ path: 'a', type: 'hardlink', target: 'a' }]]).source, 'layer-invalid'],
  ['a hard link to nothing', layeredImage([[{ path: 'a', type: 'hardlink', target: 'b' }]]).source, 'layer-invalid'],
  ['a hard link to a folder', layeredImage([[{ path: 'b/c' }, { path: 'a', type: 'hardlink', target: 'b' }]]).source, 'layer-invalid'],
  [
    'a hard link to a lower folder',
    layeredImage([[{ path: 'b/c' }], [{ path: 'a', type: 'hardlink', target: 'b' }]]).source,
    'layer-invalid',
  ],
  ['an entry below a file', layeredImage([[{ path: 'a' }, { path: 'a/b' }]]).source, 'layer-invalid'],
  [
    'links in a circle above an entry',
    layeredImage([[{ path: 'a', type: 'symlink', target: 'b' }, { path: 'b', type: 'symlink', target: 'a' }, { path: 'a/c' }]]).source,
    'layer-invalid',
  ],
  [
    'folders that are replaced again and again',
    layeredImage([Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? { path: 'a/b' } : { path: 'a' }))].map(items => items)).source,
    'layer-invalid',
  ],
]

for (const [name, source, code, options] of refused) {
  test(`opening refuses ${name}`, async () => {
    await assert.rejects(openImage(source, options), isFault(code))
  })
}

test('a file larger than 64 MiB is found but not read', async () => {
  const folder = join(scratch, 'large')
  writeLayout(folder, layeredImage([[{ path: 'a', content: Buffer.alloc((64 << 20) + 1) }]], { compression: 'none' }))
  const { files } = await openImage(layoutSource({ folder, reference: folder, tag: 'latest' }))
  assert.equal(files.get('a')?.size, (64 << 20) + 1)
  await assert.rejects(files.read(['a']), isFault('image-file-too-large'))
  assert.equal((await files.digests(['a'])).size, 1)
})
