import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageFiles } from '../model/image.ts'
import { changedPaths } from './merged-files.ts'
import { openImage } from './open.ts'
import { layeredImage } from './testing/layered-image.ts'
import type { TarItem } from './testing/make-tar.ts'

const openLayers = async (...layers: (readonly TarItem[])[]): Promise<ImageFiles> => (await openImage(layeredImage(layers).source)).files
const base: readonly TarItem[] = [
  { path: 'etc/', type: 'directory' },
  { path: 'etc/a', content: 'a' },
  { path: 'etc/b', content: 'b' },
  { path: 'usr/c', content: 'c' },
  { path: 'usr/\u00e9', content: 'e' },
]

test('a layer on top changes what it brings and hides, and nothing beside or above that', async () => {
  const before = await openLayers(base)
  const cases: readonly (readonly [readonly TarItem[], readonly string[]])[] = [
    [[], []],
    [[{ path: 'etc/a', content: '2' }], ['etc/a']],
    [[{ path: 'usr/new/d', content: 'd' }], ['usr/new', 'usr/new/d']],
    [[{ path: 'etc/.wh.b', content: '' }], ['etc/b']],
    [[{ path: '.wh.etc', content: '' }], ['etc', 'etc/a', 'etc/b']],
    [[{ path: 'etc/', type: 'directory', mode: 0o700 }], ['etc']],
    [[{ path: 'etc/b', content: 'b' }], ['etc/b']],
    [[{ path: 'usr/\ue000\u{10000}', content: '' }], ['usr/\ue000\u{10000}']],
  ]
  for (const [top, changed] of cases) {
    const after = await openLayers(base, top)
    assert.deepEqual(changedPaths(before, after), changed)
    assert.deepEqual(changedPaths(after, before), changed)
  }
})

test('a layer is the same by its content, wherever it stands', async () => {
  const other: readonly TarItem[] = [{ path: 'opt/x', content: 'x' }]
  assert.deepEqual(changedPaths(await openLayers(base, other), await openLayers(other, base)), [])
  assert.deepEqual(changedPaths(await openLayers(base), await openLayers([...base, ...other])).includes('etc/a'), true)
})
