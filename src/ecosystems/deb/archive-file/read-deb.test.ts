import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { Fault } from '../../../model/faults.ts'
import { controlText, makeAr, makeArchive, makeTar, type TarItem } from '../testing/make-archive.ts'
import { readDeb } from './read-deb.ts'

const control = makeTar([{ path: './control', content: controlText('a', '1', 'all') }])
const data = makeTar([
  { path: './usr/', type: '5' },
  { path: './usr/a', content: 'A' },
])
/** `data` as xz makes it. */
const XZ =
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4An/AF1dABcLyyeJ8uv7sv6J4fnJCB0cKoHE/3QelcaiST7oLN75Isq58D8R4SJKGlD7ChgPPZG4OUnhKszf9kWKgp14on4a7t0DoJBQTi2oRWUcXFSN3T6c3xIHt2psvuVwAAAAAABQsUsAcCYqRwABeYAUAAAAjvjlgbHEZ/sCAAAAAARZWg=='

function deb(files: readonly TarItem[]): Buffer {
  return makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', control],
    ['data.tar', makeTar(files)],
  ])
}

test('members are read whether they are plain or compressed with gzip, xz or zstd', async () => {
  for (const [ending, bytes] of [
    ['', data],
    ['.gz', gzipSync(data)],
    ['.xz', Buffer.from(XZ, 'base64')],
    ['.zst', zstdCompressSync(data)],
  ] as const) {
    const archive = await readDeb(
      makeAr([
        ['debian-binary', '2.0\n'],
        [
          `control.tar${ending === '.xz' ? '' : ending}`,
          ending === '.gz' ? gzipSync(control) : ending === '.zst' ? zstdCompressSync(control) : control,
        ],
        [`data.tar${ending}`, bytes],
      ]),
      'a.deb',
    )
    assert.deepEqual(
      archive.files.map(({ path, type }) => [path, type]),
      [
        ['usr', 'directory'],
        ['usr/a', 'file'],
      ],
      ending,
    )
    assert.equal(Buffer.from(archive.files[1]?.content ?? []).toString(), 'A')
  }
})

test('names of members may end with a slash, and members that start with _ are passed over', async () => {
  const archive = await readDeb(
    makeAr([
      ['debian-binary/', '2.0\n'],
      ['_signature/', 'x'],
      ['control.tar/', control],
      ['data.tar/', data],
    ]),
    'a.deb',
  )
  assert.equal(archive.control, controlText('a', '1', 'all'))
})

test('owners, modes, links and long names are kept', async () => {
  const long = `./usr/${'x'.repeat(120)}`
  const archive = await readDeb(
    deb([
      { path: './usr/', type: '5', mode: 0o2775, groupName: 'staff', gid: 50 },
      { path: './usr/a', content: 'A', mode: 0o4755, mtime: 1234 },
      { path: './usr/b', type: '1', target: './usr/a' },
      { path: './usr/c', type: '2', target: '../bin/c' },
      { path: long, content: 'long' },
    ]),
    'a.deb',
  )
  assert.deepEqual(
    archive.files.map(({ path, type, mode, target, groupName }) => [path, type, mode, target, groupName]),
    [
      ['usr', 'directory', 0o2775, undefined, 'staff'],
      ['usr/a', 'file', 0o4755, undefined, 'root'],
      ['usr/b', 'hardlink', 0o644, 'usr/a', 'root'],
      ['usr/c', 'symlink', 0o777, '../bin/c', 'root'],
      [long.slice(2), 'file', 0o644, undefined, 'root'],
    ],
  )
})

const good = makeArchive('a', '1', 'all', { files: [{ path: './usr/a', content: 'A' }] })
const start = [
  ['debian-binary', '2.0\n'],
  ['control.tar', control],
] as const
const pax = (record: string | Uint8Array): TarItem => ({ path: 'pax', type: 'x', content: record })

const HOSTILE: Readonly<Record<string, Uint8Array>> = {
  'nothing at all': Buffer.alloc(0),
  'no archive': Buffer.from('hello'),
  'a member whose size is more than there is': Buffer.concat([
    Buffer.from('!<arch>\n'),
    Buffer.from(`${'debian-binary'.padEnd(48)}9999999999\`\n`),
  ]),
  'a member whose size is negative': Buffer.concat([Buffer.from('!<arch>\n'), Buffer.from(`${'debian-binary'.padEnd(48)}-4        \`\n`)]),
  'a member with a path for a name': makeAr([['../x', '2.0\n']]),
  'no version of the format': makeAr([
    ['control.tar', control],
    ['data.tar', data],
  ]),
  'a later version of the format': makeAr([
    ['debian-binary', '3.0\n'],
    ['control.tar', control],
    ['data.tar', data],
  ]),
  'no content': makeAr(start),
  'two contents': makeAr([...start, ['data.tar', data], ['data.tar', data]]),
  'two control archives': makeAr([...start, ['control.tar', control], ['data.tar', data]]),
  'a compression that is not known': makeAr([...start, ['data.tar.lzma', data]]),
  'content that is no gzip': makeAr([...start, ['data.tar.gz', data]]),
  'content that is cut off inside gzip': makeAr([...start, ['data.tar.gz', gzipSync(data).subarray(0, 40)]]),
  'content that is cut off inside xz': makeAr([...start, ['data.tar.xz', Buffer.from(XZ, 'base64').subarray(0, 60)]]),
  'content that is no xz': makeAr([...start, ['data.tar.xz', Buffer.from('no xz at all')]]),
  'empty xz': makeAr([...start, ['data.tar.xz', '']]),
  'content that is cut off inside zstd': makeAr([...start, ['data.tar.zst', zstdCompressSync(data).subarray(0, 20)]]),
  'a control archive that unpacks without end': makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar.gz', gzipSync(Buffer.alloc(80 * 1024 * 1024))],
    ['data.tar', data],
  ]),
  'no control file': makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', makeTar([])],
    ['data.tar', data],
  ]),
  'a control file that is a link': makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', makeTar([{ path: './control', type: '2', target: '/etc/shadow' }])],
    ['data.tar', data],
  ]),
  'a control file in a folder': makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', makeTar([{ path: '../control', content: 'x' }])],
    ['data.tar', data],
  ]),
  'a control file that is dpkg’s own': makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', makeTar([{ path: './control' }, { path: './list' }])],
    ['data.tar', data],
  ]),
  'a control file twice': makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', makeTar([{ path: './control' }, { path: './control' }])],
    ['data.tar', data],
  ]),
  'an absolute path': deb([{ path: '/etc/passwd' }]),
  'a path that climbs': deb([{ path: './usr/../../etc/passwd' }]),
  'a path with an empty part': deb([{ path: './usr//a' }]),
  'a path with a line feed': deb([{ path: './usr/a\nb' }]),
  'a path that is not UTF-8': deb([pax(Buffer.from('12 path=./\xff\n', 'latin1')), { path: './a' }]),
  'a path twice': deb([{ path: './a' }, { path: './a' }]),
  'a folder that was a file': deb([{ path: './a' }, { path: './a/', type: '5' }]),
  'a file below a link': deb([{ path: './a', type: '2', target: '/etc' }, { path: './a/passwd' }]),
  'a link above a file': deb([{ path: './a/passwd' }, { path: './a', type: '2', target: '/etc' }]),
  'a file below a file': deb([{ path: './a' }, { path: './a/b' }]),
  'a link that climbs above the root': deb([{ path: './a', type: '2', target: '../../etc/passwd' }]),
  'a link to nothing': deb([{ path: './a', type: '2' }]),
  'a hard link to what is not there': deb([{ path: './a', type: '1', target: './b' }]),
  'a hard link to a path outside': deb([{ path: './a', type: '1', target: '../../etc/passwd' }]),
  'a hard link to an absolute path': deb([{ path: './a', type: '1', target: '/etc/passwd' }]),
  'a hard link to a link': deb([
    { path: './b', type: '2', target: '/etc/shadow' },
    { path: './a', type: '1', target: './b' },
  ]),
  'a device': deb([{ path: './dev/sda', type: '4' }]),
  'a fifo': deb([{ path: './f', type: '6' }]),
  'a type that nobody knows': deb([{ path: './f', type: 'Z' }]),
  'a name that removes another file in a layer': deb([{ path: './etc/.wh.passwd' }]),
  'a name that empties a folder in a layer': deb([{ path: './etc/.wh..wh..opq' }]),
  'a name that is too long': deb([{ path: `./${'x'.repeat(252)}` }]),
  'a file that is longer than the archive': deb([{ path: './a', size: 1_000_000 }]),
  'a PAX record whose length is wrong': deb([pax('99 path=x\n'), { path: './a' }]),
  'a PAX size beyond all': deb([pax('26 size=99999999999999999\n'), { path: './a' }]),
  'a PAX record at the end': deb([pax('9 path=x\n')]),
  'a time before 1970': deb([pax('12 mtime=-1\n'), { path: './a' }]),
  'a wrong checksum': makeAr([...start, ['data.tar', Buffer.from(data).fill(0x78, 1, 3)]]),
}

test('what could reach beyond its place, or is damaged, is a fault', async () => {
  for (const [what, bytes] of Object.entries(HOSTILE)) {
    await assert.rejects(readDeb(bytes, 'a.deb'), error => error instanceof Fault && error.code === 'deb-invalid', what)
  }
})

test('texts from an archive come out of a fault without what could move a cursor', async () => {
  await assert.rejects(
    readDeb(deb([{ path: './\u001b[2J/../x' }]), 'a.deb'),
    error => error instanceof Fault && !error.message.includes('\u001b'),
  )
})

test('an archive with any byte changed, or cut anywhere, is read or is a fault, never anything else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, flip, cut) => {
      const changed = Buffer.from(cut ? good.subarray(0, at) : good)
      if (!cut) changed[at] = (changed[at] ?? 0) ^ flip
      const outcome = await readDeb(changed, 'a.deb').then(
        () => 'read',
        (error: unknown) => (error instanceof Fault ? error.code : error),
      )
      assert.ok(outcome === 'read' || outcome === 'deb-invalid', String(outcome))
    }),
    { numRuns: 200 },
  )
})
