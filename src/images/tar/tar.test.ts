import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault, type FaultCode } from '../../model/faults.ts'
import type { LayerEntry } from '../../model/image.ts'
import type { TarEntry } from '../../tar/entry.ts'
import { decodePath, encodePath } from '../../tar/path-bytes.ts'
import { readTar } from '../../tar/read-tar.ts'
import { END, makeTar, paxItem, paxRecord, recordsItem, type TarItem, tarHeader, tarItem } from '../testing/make-tar.ts'
import { layerFaults } from './layer-faults.ts'
import { TarParser } from './parser.ts'
import { walkTar } from './walk.ts'
import { writeLayerTar } from './write.ts'

interface Read {
  readonly entry: TarEntry
  readonly content: Buffer
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function streamed(bytes: Buffer, size = 64 * 1024): Promise<Read[]> {
  const read: { entry: TarEntry; parts: Buffer[] }[] = []
  const parser = new TarParser('The archive', {
    entry: entry => read.push({ entry, parts: [] }),
    content: part => read.at(-1)?.parts.push(Buffer.from(part)),
    done: () => undefined,
  })
  for await (const piece of pieces(bytes, size)) parser.push(piece)
  parser.end()
  return read.map(({ entry, parts }) => ({ entry, content: Buffer.concat(parts) }))
}

function walked(bytes: Buffer): Read[] {
  const folder = mkdtempSync(join(tmpdir(), 'suture-tar-'))
  const path = join(folder, 'archive.tar')
  writeFileSync(path, Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]))
  const file = openSync(path, 'r')
  try {
    const read: Read[] = []
    walkTar({ file, offset: 6, size: bytes.length }, 'The archive', (entry, content) => {
      read.push({ entry, content: Buffer.from(content(0, entry.size)) })
    })
    return read
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}

const inMemory = (bytes: Buffer): Read[] => [...readTar(bytes, layerFaults('The archive'))]

async function only(bytes: Buffer): Promise<TarEntry> {
  const [first, ...more] = await streamed(bytes)
  assert.ok(first)
  assert.equal(more.length, 0)
  return first.entry
}

const isFault = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code

const long = 'x'.repeat(300)
const comment: readonly (readonly [string, string])[] = [['comment', 'c0ffee']]
const forms: readonly (readonly [name: string, archive: Buffer, expected: Partial<TarEntry>])[] = [
  ['ustar with a prefix', makeTar([{ path: 'name', raw: { 345: 'some/folder' } }]), { path: 'some/folder/name' }],
  ['the form before ustar', makeTar([{ path: 'old', magic: 'old', type: '\0', content: 'x' }]), { path: 'old', type: 'file', size: 1 }],
  ['a folder by its slash, as before POSIX', makeTar([{ path: 'old/', magic: 'old', type: '\0' }]), { path: 'old', type: 'directory' }],
  ['GNU’s prefix field, which is none', makeTar([{ path: 'a', magic: 'gnu', raw: { 345: '0000000' } }]), { path: 'a' }],
  [
    'GNU long names',
    Buffer.concat([recordsItem('L', Buffer.from(`${'n/'.repeat(100)}z\0`)), makeTar([{ path: 'n' }])]),
    { path: `${'n/'.repeat(100)}z` },
  ],
  [
    'GNU long link targets',
    Buffer.concat([recordsItem('K', Buffer.from('t'.repeat(200))), makeTar([{ path: 'n', type: 'symlink' }])]),
    { target: 't'.repeat(200) },
  ],
  [
    'PAX over the header',
    makeTar([{ path: 'x', pax: { path: 'real', uid: '70000000', gid: '5', mtime: '17.9' } }]),
    { path: 'real', uid: 70_000_000, gid: 5, mtime: 17 },
  ],
  [
    'past PAX for all that follow, as runtimes do',
    Buffer.concat([
      paxItem('g', [...comment, ['uid', '7'], ['mtime', '9'], ['SCHILY.xattr.user.a', 'b']]),
      makeTar([{ path: 'x', mtime: 3 }]),
    ]),
    { path: 'x', uid: 0, mtime: 3, xattrs: undefined },
  ],
  [
    'one name that is told in both ways',
    Buffer.concat([recordsItem('L', Buffer.from(`${long}\0`)), makeTar([{ path: 'x', pax: { path: long } }])]),
    { path: long },
  ],
  ['a time before the epoch', makeTar([{ path: 'x', pax: { mtime: '-1.5' } }]), { mtime: -2 }],
  ['numbers in base 256', makeTar([{ path: 'x', raw: { 108: Buffer.from([0x80, 0, 0, 0, 0x80, 0, 0, 1]) } }]), { uid: 0x80000001 }],
  ['a leading “./” and “/”, and doubled slashes', makeTar([{ path: './/a/./b//', type: 'directory' }]), { path: 'a/b' }],
  ['an absolute name, which means the image’s root', makeTar([{ path: '/etc/passwd' }]), { path: 'etc/passwd' }],
  ['names that begin with dots', makeTar([{ path: '..a/...' }]), { path: '..a/...' }],
  ['capabilities', makeTar([{ path: 'ping', xattrs: { 'security.capability': '\x01\0\0\x02\xff\n=' } }]), { path: 'ping' }],
  ['devices', makeTar([{ path: 'null', type: '3', raw: { 329: '0000001\0', 337: '0000003\0' } }]), { type: 'character', device: [1, 3] }],
  ['names of owners', makeTar([{ path: 'x', raw: { 265: 'root', 297: '_ssh' } }]), { userName: 'root', groupName: '_ssh' }],
  ['no end mark', tarItem({ path: 'x' }), { path: 'x' }],
  ['anything after the end mark', Buffer.concat([makeTar([{ path: 'x' }]), Buffer.from('rubbish')]), { path: 'x' }],
]

for (const [name, archive, expected] of forms) {
  test(`tar reads ${name}`, async () => {
    const entry = await only(archive)
    assert.deepEqual({ ...entry, ...expected }, entry)
    assert.deepEqual(await streamed(archive, 7), await streamed(archive))
    assert.deepEqual(walked(archive), await streamed(archive))
    assert.deepEqual(inMemory(archive), await streamed(archive))
  })
}

test('extended attributes keep every byte, and a key cannot reach a prototype', async () => {
  const entry = await only(
    makeTar([{ path: 'a', xattrs: { 'security.capability': '\x01\0\xff\n=', __proto__x: 'y' }, pax: { 'SCHILY.xattr.__proto__': 'z' } }]),
  )
  assert.equal(entry.xattrs?.['security.capability'], '\x01\0\xff\n=')
  assert.deepEqual(Object.keys(entry.xattrs ?? {}).sort(), ['__proto__', '__proto__x', 'security.capability'])
})

const whole = makeTar([{ path: 'a', content: 'a'.repeat(700) }, { path: 'b' }])
const hostile: readonly (readonly [name: string, archive: Buffer, code?: FaultCode])[] = [
  ['a name that leads out', makeTar([{ path: '../etc/passwd' }])],
  ['a name that leads out from within', makeTar([{ path: 'a/../../b' }])],
  ['a name that leads out after “./”', makeTar([{ path: './..', type: 'directory' }])],
  ['a hard link’s target that leads out', makeTar([{ path: 'a', type: 'hardlink', target: '../../etc/shadow' }])],
  ['a NUL in a PAX name', makeTar([{ path: 'a', pax: { path: 'a\0b' } }])],
  ['a NUL in a link’s target', makeTar([{ path: 'a', type: 'symlink', target: 't', pax: { linkpath: 'a\0b' } }])],
  ['a symbolic link to nothing', makeTar([{ path: 'a', type: 'symlink' }])],
  ['a wrong checksum', makeTar([{ path: 'a', raw: { 148: '0000000\0' } }])],
  ['text instead of a header', Buffer.concat([Buffer.alloc(512, 'x'), END])],
  ['a size that is no number', makeTar([{ path: 'a', raw: { 124: 'lots of it!!' } }])],
  ['a size beyond all numbers', makeTar([{ path: 'a', raw: { 124: Buffer.alloc(12, 0xbf) } }])],
  ['a negative size', makeTar([{ path: 'a', raw: { 124: Buffer.alloc(12, 0xff) } }])],
  ['a PAX size that is negative', makeTar([{ path: 'a', pax: { size: '-1' } }])],
  ['a PAX size in another base', makeTar([{ path: 'a', pax: { size: '0x10' } }])],
  ['a size larger than the archive', Buffer.concat([tarHeader({ path: 'a', size: 0o77777777777 }), END])],
  ['an end within a header', whole.subarray(0, 300)],
  ['an end within a content', whole.subarray(0, 1000)],
  ['an end after records', paxItem('x', [['path', 'a']])],
  ['records before the end mark', Buffer.concat([paxItem('x', [['path', 'a']]), END])],
  ['an entry after one empty block', Buffer.concat([tarItem({ path: 'a' }), Buffer.alloc(512), tarItem({ path: 'b' }), END])],
  ['a PAX record that is longer than it is', Buffer.concat([recordsItem('x', Buffer.from('99 path=a\n')), makeTar([{ path: 'a' }])])],
  ['a PAX record of length 0', Buffer.concat([recordsItem('x', Buffer.from('0 path=a\n')), makeTar([{ path: 'a' }])])],
  ['a PAX record without “=”', Buffer.concat([recordsItem('x', Buffer.from('8 path a\n').subarray(0, 9)), makeTar([{ path: 'a' }])])],
  [
    'records of more than 1 MiB',
    Buffer.concat([recordsItem('x', paxRecord('comment', 'x'.repeat(1 << 20))), makeTar([{ path: 'a' }])]),
    'layer-too-large',
  ],
  ['a long name of more than 1 MiB', Buffer.concat([tarHeader({ path: 'x', type: 'L', size: 2 ** 31 }), END]), 'layer-too-large'],
  [
    'more PAX records than any entry has',
    makeTar([{ path: 'a', pax: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, ''])) }]),
  ],
  ['a path longer than Linux takes', makeTar([{ path: `${long}/`.repeat(20) }])],
  ...['path', 'linkpath', 'size', 'GNU.sparse.name'].map(
    key => [`a ${key} for all that follow`, Buffer.concat([paxItem('g', [[key, '7']]), makeTar([{ path: 'a' }])])] as const,
  ),
  [
    'records for one before those for all, which would drop them',
    Buffer.concat([paxItem('x', [['path', 'b']]), paxItem('g', comment), makeTar([{ path: 'a' }])]),
  ],
  [
    'two long names, of which readers take one or the other',
    Buffer.concat([recordsItem('L', Buffer.from('gnu\0')), makeTar([{ path: 'a', pax: { path: 'pax' } }])]),
  ],
  [
    'two long targets',
    Buffer.concat([
      recordsItem('K', Buffer.from('gnu\0')),
      makeTar([{ path: 'a', type: 'symlink', target: 'c', pax: { linkpath: 'pax' } }]),
    ]),
  ],
  ['a sparse file of GNU’s', makeTar([{ path: 'a', type: 'S' }])],
  ['a sparse file in PAX', makeTar([{ path: 'a', pax: { 'GNU.sparse.major': '1' } }])],
  ['an unknown type', makeTar([{ path: 'a', type: 'Z' }])],
  ['an owner beyond 32 bits', makeTar([{ path: 'a', pax: { uid: '4294967296' } }])],
  ['a negative owner', makeTar([{ path: 'a', raw: { 108: Buffer.alloc(8, 0xff) } }])],
  ['a root that is a file', makeTar([{ path: './', type: '7' }])],
]

for (const [name, archive, code = 'layer-invalid'] of hostile) {
  test(`tar refuses ${name}`, async () => {
    await assert.rejects(streamed(archive), isFault(code))
    await assert.rejects(streamed(archive, 100), isFault(code))
    assert.throws(() => walked(archive), isFault(code))
    assert.throws(() => inMemory(archive), isFault(code))
  })
}

test('tar refuses more entries and more names than its limits', async () => {
  const archive = makeTar([{ path: 'a' }, { path: 'b' }, { path: 'c' }])
  for (const limits of [
    { entries: 2, names: 1000 },
    { entries: 100, names: 2 },
  ]) {
    assert.throws(() => [...readTar(archive, layerFaults('The archive'), limits)], isFault('layer-too-large'))
  }
})

test('a message shows a hostile name without what could move a cursor', async () => {
  await assert.rejects(
    streamed(makeTar([{ path: '../\x1b[2J\x1b]0;x\x07evil\n' }])),
    (error: unknown) => error instanceof Fault && !/[\x1b\n\x07]/.test(error.message),
  )
})

test('paths are bytes: whatever they are, the string gives them back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), bytes => {
      assert.deepEqual(encodePath(decodePath(Buffer.from(bytes))), Buffer.from(bytes))
    }),
  )
})

test('a folder is the same text whatever stands in it', () => {
  const folder = decodePath(Buffer.from('é/ü'))
  for (const name of [Buffer.from('a'), Buffer.from([0xff]), Buffer.from('é')]) {
    assert.ok(decodePath(Buffer.concat([Buffer.from('é/ü/'), name])).startsWith(`${folder}/`))
  }
})

const segment = fc
  .oneof(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), fc.stringMatching(/^[a-z]{80,130}$/))
  .filter(text => !/[/\0]|^\.{1,2}$|^\.wh\./.test(text) && text.isWellFormed())
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
const facts = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  mtime: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
})
const xattrs = fc.dictionary(
  fc.stringMatching(/^(security|user)\.[a-z]{1,8}$/),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  { maxKeys: 2 },
)
const layerEntry: fc.Arbitrary<LayerEntry> = fc.oneof(
  fc
    .tuple(path, facts, fc.uint8Array({ maxLength: 1500 }), xattrs)
    .map(([at, more, content, attributes]) => ({ path: at, kind: 'file' as const, content, ...more, xattrs: attributes })),
  fc.tuple(path, facts, path).map(([at, more, target]) => ({ path: at, kind: 'symlink' as const, target: `/${target}`, ...more })),
  fc.tuple(path, facts).map(([at, more]) => ({ path: at, kind: 'directory' as const, ...more })),
  path.map(at => ({ path: at, kind: 'whiteout' as const })),
)

test('what is written is what is read, in whatever order the layer lists it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(layerEntry, { selector: entry => entry.path, maxLength: 12 }), entries => {
      const archive = writeLayerTar({ entries })
      assert.deepEqual(writeLayerTar({ entries: entries.toReversed() }), archive)
      const read = new Map(inMemory(archive).map(({ entry, content }) => [entry.path, { entry, content }]))
      assert.equal(read.size, entries.length)
      for (const entry of entries) {
        if (entry.kind === 'whiteout') {
          const slash = entry.path.lastIndexOf('/') + 1
          assert.equal(read.get(`${entry.path.slice(0, slash)}.wh.${entry.path.slice(slash)}`)?.entry.size, 0)
          continue
        }
        const found = read.get(entry.path)
        assert.ok(found)
        assert.equal(found.entry.type, entry.kind)
        const { mode, uid, gid, mtime } = found.entry
        assert.deepEqual({ mode, uid, gid, mtime }, { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: entry.mtime })
        if (entry.kind === 'file') {
          assert.deepEqual(found.content, Buffer.from(entry.content))
          assert.deepEqual({ ...found.entry.xattrs }, { ...entry.xattrs })
        }
        if (entry.kind === 'symlink') assert.equal(found.entry.target, entry.target)
      }
    }),
    { numRuns: 60 },
  )
})

test('hard links come after the files they lead to, and need one', () => {
  const facts = { mode: 0o755, uid: 0, gid: 0, mtime: 0 }
  const file: LayerEntry = { path: 'usr/bin/perl5', kind: 'file', content: Buffer.from('perl'), ...facts }
  const link: LayerEntry = { path: 'usr/bin/perl', kind: 'hardlink', target: 'usr/bin/perl5', ...facts }
  assert.deepEqual(
    inMemory(writeLayerTar({ entries: [link, file] })).map(({ entry }) => [entry.path, entry.type, entry.target]),
    [
      ['usr/bin/perl5', 'file', undefined],
      ['usr/bin/perl', 'hardlink', 'usr/bin/perl5'],
    ],
  )
  assert.throws(() => writeLayerTar({ entries: [link] }), isFault('internal'))
  assert.throws(() => writeLayerTar({ entries: [file, file] }), isFault('internal'))
})

test('paths that could leave the root or read as marks are never written', () => {
  for (const bad of ['', '/a', 'a/', 'a//b', '../a', 'a/./b', '.wh.a', 'a/.wh..wh..opq', 'a\0']) {
    const items: readonly LayerEntry[] = [{ path: bad, kind: 'whiteout' }]
    assert.throws(() => writeLayerTar({ entries: items }), isFault('internal'), bad)
  }
})

test('nothing but names, types, owners and times is in a header', () => {
  const item: TarItem = { path: 'a' }
  const archive = writeLayerTar({ entries: [{ path: 'a', kind: 'file', content: Buffer.alloc(0), mode: 0o644, uid: 0, gid: 0, mtime: 0 }] })
  assert.equal(archive.length, 512 + 1024)
  assert.deepEqual(archive.subarray(0, 329), makeTar([item]).subarray(0, 329).fill(archive.subarray(148, 156), 148, 156))
})

test('an archive may end with the last content, padded or not; within a content or a header it may not', async () => {
  const whole = makeTar([
    { path: 'a', content: 'first' },
    { path: 'b', content: 'second' },
  ])
  const end = 3 * 512 + 'second'.length
  for (const length of [whole.length, 4 * 512, end + 3, end]) {
    const cut = whole.subarray(0, length)
    for (const read of [await streamed(cut), await streamed(cut, 7), walked(cut), inMemory(cut)]) {
      assert.deepEqual(
        read.map(({ entry, content }) => `${entry.path} ${content}`),
        ['a first', 'b second'],
        `${length} bytes`,
      )
    }
  }
  for (const length of [end - 1, 3 * 512, 2 * 512 + 100]) {
    const cut = whole.subarray(0, length)
    const isFault = (cause: unknown) => cause instanceof Fault && cause.code === 'layer-invalid'
    await assert.rejects(streamed(cut), isFault)
    assert.throws(() => walked(cut), isFault)
    assert.throws(() => inMemory(cut), isFault)
  }
})
