import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { installed, patchWith, shown, thing } from '../../testing/patch-setting.ts'
import { type CacheEntry, compareNames, readLinkerCache, writeLinkerCache } from './cache-format.ts'
import { sonameOf } from './elf-soname.ts'

const LIB = 'usr/lib/x86_64-linux-gnu'
const entry = (name: string): CacheEntry => ({ flags: 0x0303, name, path: `/lib/x86_64-linux-gnu/${name}`, osVersion: 0, hardware: 0n })
const extensions = [{ tag: 0, flags: 0, content: Buffer.from('ldconfig of a test') }]

/** A shared library with a name and nothing else: an ELF header, two segments, a dynamic section and its texts. */
function library(soname: string): Buffer {
  const bytes = Buffer.alloc(0x120 + soname.length + 2)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(bytes)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(2, 56)
  const segment = (at: number, type: number, offset: number, size: number) => {
    bytes.writeUInt32LE(type, at)
    bytes.writeBigUInt64LE(BigInt(offset), at + 8)
    bytes.writeBigUInt64LE(BigInt(offset), at + 16)
    bytes.writeBigUInt64LE(BigInt(size), at + 32)
  }
  segment(64, 1, 0, bytes.length)
  segment(120, 2, 0xe0, 48)
  ;[
    [5, 0x120],
    [14, 1],
    [0, 0],
  ].forEach(([tag = 0, value = 0], index) => {
    bytes.writeBigUInt64LE(BigInt(tag), 0xe0 + index * 16)
    bytes.writeBigUInt64LE(BigInt(value), 0xe8 + index * 16)
  })
  bytes.write(soname, 0x121, 'latin1')
  return bytes
}

test('a library’s own name is read, and what is none has none', () => {
  assert.equal(sonameOf(library('libx.so.1')), 'libx.so.1')
  assert.equal(sonameOf(Buffer.from('no library')), undefined)
  fc.assert(
    fc.property(fc.nat(300), fc.nat(255), (at, value) => {
      const bytes = library('libx.so.1')
      bytes[at % bytes.length] = value
      sonameOf(bytes)
      sonameOf(bytes.subarray(0, at))
    }),
  )
})

test('names stand in the linker’s own order, numbers by their value', () => {
  const names = ['libb.so.1', 'liba.so.10', 'liba.so.9', 'lib1.so', 'liba.so']
  assert.deepEqual(names.sort(compareNames), ['liba.so', 'liba.so.9', 'liba.so.10', 'libb.so.1', 'lib1.so'])
})

test('a cache that is written is read as it was', () => {
  const entries = ['libb.so.1', 'liba.so.10', 'liba.so.9', 'libaa.so.9'].map(entry)
  const bytes = writeLinkerCache({ flags: 2, entries, extensions })
  const read = readLinkerCache(bytes)
  assert.deepEqual(
    read?.entries,
    [...entries].sort((a, b) => compareNames(b.name, a.name)),
  )
  assert.equal(read?.extensions[0]?.content.toString(), 'ldconfig of a test')
  assert.deepEqual(read && writeLinkerCache(read), bytes)
})

test('a damaged cache is none', () => {
  const bytes = writeLinkerCache({ flags: 2, entries: [entry('liba.so.1')], extensions })
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const damaged = Buffer.from(bytes)
      damaged[at] = value
      readLinkerCache(damaged)
      readLinkerCache(bytes.subarray(0, at))
    }),
  )
  assert.equal(readLinkerCache(bytes.subarray(0, 60)), undefined)
})

const LDCONFIG = {
  'var/lib/dpkg/triggers/ldconfig': 'another\n',
  'var/lib/dpkg/info/another.postinst': '#!/bin/sh\nif [ "$1" = triggered ]; then ldconfig; fi\n',
}
const withCache = (names: readonly string[], bytes?: Uint8Array) =>
  installed([`${LIB}/libx.so.1`], {
    ...LDCONFIG,
    [`${LIB}/libx.so.1`]: library('libx.so.1'),
    'etc/ld.so.cache': bytes ?? writeLinkerCache({ flags: 2, entries: names.map(entry), extensions }),
  })
const brings = (name: string, content = library(name)) =>
  thing([{ path: `./${LIB}/${name}`, content }], { control: { triggers: 'activate-noawait ldconfig\n' } })

test('a new file under an old name leaves the linker’s cache as it is', async () => {
  const patch = await patchWith(withCache(['libx.so.1']), [brings('libx.so.1', Buffer.concat([library('libx.so.1'), Buffer.from('new')]))])
  assert.deepEqual(
    shown(patch.layer.entries).filter(line => !line.includes('dpkg')),
    [`+${LIB}/libx.so.1`],
  )
})

test('a name that goes and one that comes are changed in the linker’s cache', async () => {
  const patch = await patchWith(withCache(['libx.so.1']), [brings('libx.so.2')])
  const cache = patch.layer.entries.find(({ path }) => path === 'etc/ld.so.cache')
  assert.deepEqual(cache?.kind === 'file' && readLinkerCache(cache.content)?.entries, [entry('libx.so.2')])
  assert.match(patch.notes[0]?.text ?? '', /loses 1 names and gains 1/)
})

test('a cache of another form is left out where names change, and only there', async () => {
  const old = Buffer.from('ld.so-1.7.0\0')
  assert.ok(shown((await patchWith(withCache([], old), [brings('libx.so.2')])).layer.entries).includes('-etc/ld.so.cache'))
  assert.ok(
    !shown((await patchWith(withCache([], old), [brings('libx.so.1', Buffer.from('new'))])).layer.entries).some(line =>
      line.includes('ld.so.cache'),
    ),
  )
})
