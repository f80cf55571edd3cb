import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ImageFiles } from '../model/image.ts'
import { decodeIndex, encodeIndex } from './index-format.ts'
import { openImage } from './open.ts'
import { indexStream } from './read-layer.ts'
import { layeredImage } from './testing/layered-image.ts'
import { makeTar, type TarItem } from './testing/make-tar.ts'
import { digestOf } from './verified-bytes.ts'

const openLayers = async (...layers: (readonly TarItem[])[]): Promise<ImageFiles> =>
  (await openImage(layeredImage(layers, { compression: 'none' }).source)).files

/** Each path as one line: what it is, and for files what is in them. */
async function shown(files: ImageFiles): Promise<string[]> {
  const contents = await files.read(files.paths())
  return [...files.paths()].map(path => {
    const file = files.get(path)
    if (file?.type === 'file') return `${path} = ${Buffer.from(contents.get(path) ?? '').toString()}`
    return file?.type === 'symlink' ? `${path} -> ${file.target}` : `${path}/`
  })
}

const dir = (path: string, mode = 0o755): TarItem => ({ path: `${path}/`, type: 'directory', mode })
const file = (path: string, content = path): TarItem => ({ path, content })
const link = (path: string, target: string): TarItem => ({ path, type: 'symlink', target })
const hard = (path: string, target: string): TarItem => ({ path, type: 'hardlink', target })

const rules: readonly (readonly [rule: string, layers: readonly (readonly TarItem[])[], expected: readonly string[]])[] = [
  ['a whiteout hides a file', [[file('a'), file('b')], [file('.wh.a', '')]], ['b = b']],
  ['a whiteout hides a folder with all in it', [[file('d/x/y'), file('d-e')], [file('.wh.d', '')]], ['d-e = d-e']],
  [
    'a whiteout hides nothing of its own layer, in either order',
    [[file('a')], [file('a', '2'), file('.wh.a', ''), file('.wh.b', ''), file('b')]],
    ['a = 2', 'b = b'],
  ],
  ['a whiteout of what is not there is no matter', [[file('a')], [file('x/.wh.y', '')]], ['a = a']],
  ['what was hidden can come back', [[file('d/a')], [file('.wh.d', '')], [file('d/b')]], ['d/', 'd/b = d/b']],
  ['a folder that is hidden and made anew starts empty', [[file('d/a')], [file('.wh.d', ''), file('d/b')]], ['d/', 'd/b = d/b']],
  [
    'an opaque folder shows only its own layer',
    [
      [file('d/a'), file('d/e/f'), file('g')],
      [file('d/.wh..wh..opq', ''), file('d/b')],
    ],
    ['d/', 'd/b = d/b', 'g = g'],
  ],
  ['an opaque folder stays, empty', [[file('d/a')], [dir('d'), file('d/.wh..wh..opq', '')]], ['d/']],
  ['an opaque root hides everything', [[file('d/a')], [file('.wh..wh..opq', ''), file('b')]], ['b = b']],
  [
    'opaque hides nothing of its own layer, in either order',
    [[file('d/a')], [file('d/b'), file('d/.wh..wh..opq', '')]],
    ['d/', 'd/b = d/b'],
  ],
  [
    'a folder over a folder joins them',
    [
      [file('d/a'), file('d/b')],
      [dir('d'), file('d/b', '2'), file('d/c')],
    ],
    ['d/', 'd/a = d/a', 'd/b = 2', 'd/c = d/c'],
  ],
  ['a file over a folder replaces it and all below', [[file('d/a/b'), file('d.x')], [file('d')]], ['d = d', 'd.x = d.x']],
  ['a folder over a file replaces it', [[file('d')], [file('d/a')]], ['d/', 'd/a = d/a']],
  [
    'a folder over a symbolic link replaces the link, as overlayfs has it',
    [[file('usr/lib/a'), link('lib', 'usr/lib')], [file('lib/b')]],
    ['lib/', 'lib/b = lib/b', 'usr/', 'usr/lib/', 'usr/lib/a = usr/lib/a'],
  ],
  [
    'a link over a folder replaces it',
    [[file('lib/a'), file('usr/lib/b')], [link('lib', 'usr/lib')]],
    ['lib -> usr/lib', 'usr/', 'usr/lib/', 'usr/lib/b = usr/lib/b'],
  ],
  [
    'entries below a link of their own layer land where it leads',
    [[link('lib', 'usr/lib'), dir('usr/lib'), file('lib/a')]],
    ['lib -> usr/lib', 'usr/', 'usr/lib/', 'usr/lib/a = lib/a'],
  ],
  ['the later of two entries counts', [[file('a', '1'), file('a', '2'), link('b', 'x'), file('b')]], ['a = 2', 'b = b']],
  [
    'a later folder keeps what is in it, a later file does not',
    [[file('d/a'), dir('d'), file('e/a'), file('e')]],
    ['d/', 'd/a = d/a', 'e = e'],
  ],
  ['a hard link keeps what its target was', [[file('a', '1'), hard('b', 'a'), file('a', '2')]], ['a = 2', 'b = 1']],
  ['a hard link to a hard link', [[file('a'), hard('b', 'a'), hard('c', 'b')]], ['a = a', 'b = a', 'c = a']],
  ['a hard link stays when its target is hidden above', [[file('a'), hard('b', 'a')], [file('.wh.a', '')]], ['b = a']],
  ['a hard link to a file of a lower layer', [[file('a')], [hard('b', 'a')], [file('a', '2')]], ['a = 2', 'b = a']],
  [
    'a hard link to a lower file through a link',
    [[file('usr/bin/a'), link('bin', 'usr/bin')], [hard('b', 'bin/a')]],
    ['b = usr/bin/a', 'bin -> usr/bin', 'usr/', 'usr/bin/', 'usr/bin/a = usr/bin/a'],
  ],
  ['a hard link to a symbolic link is one', [[link('a', 'x'), hard('b', 'a')]], ['a -> x', 'b -> x']],
  ['marks of the old driver are passed over', [[file('a')], [file('.wh..wh.plnk/1.2', ''), file('.wh..wh.aufs', '')]], ['a = a']],
]

for (const [rule, layers, expected] of rules) {
  test(`layers: ${rule}`, async () => {
    const files = await openLayers(...layers)
    const lines = (await shown(files)).filter(line => !line.startsWith('.wh..wh.plnk'))
    assert.deepEqual(lines, expected)
  })
}

test('a folder that a layer only has something in keeps the attributes it had', async () => {
  const files = await openLayers([dir('d', 0o1777)], [file('d/a')], [dir('e', 0o700)], [dir('d', 0o700), dir('e', 0o755)])
  assert.deepEqual([files.get('d')?.mode, files.get('e')?.mode], [0o700, 0o755])
  const before = await openLayers([dir('d', 0o1777)], [file('d/a')])
  assert.deepEqual([before.get('d')?.mode, before.get('d')?.layer, before.get('d/a')?.layer], [0o1777, 0, 1])
})

test('links are followed inside the image, and given up in a circle', async () => {
  const files = await openLayers([
    file('usr/lib/x/y'),
    link('lib', 'usr/lib'),
    link('abs', '/lib'),
    link('out', '../../../../usr'),
    link('usr/up', '../lib/x/.'),
    link('a', 'b'),
    link('b', 'a'),
    link('self/here', '.'),
    link('long', `${'lib/../../'.repeat(50)}lib`),
    link('slash', 'usr/lib/'),
  ])
  const table: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['lib/x/y', 'usr/lib/x/y', 'usr/lib/x/y'],
    ['/lib/x/y', 'usr/lib/x/y', 'usr/lib/x/y'],
    ['abs', 'abs', 'usr/lib'],
    ['abs/new/file', 'usr/lib/new/file', undefined],
    ['out/lib', 'usr/lib', 'usr/lib'],
    ['usr/up/y', 'usr/lib/x/y', 'usr/lib/x/y'],
    ['usr/up/../x', 'usr/lib/x', 'usr/lib/x'],
    ['../../lib/./x', 'usr/lib/x', 'usr/lib/x'],
    ['a/x', undefined, undefined],
    ['a', 'a', undefined],
    ['self/here/here/here', 'self/here', 'self'],
    ['long/x', undefined, undefined],
    ['slash/x', 'usr/lib/x', 'usr/lib/x'],
    ['not/there', 'not/there', undefined],
  ]
  for (const [path, canonical, followed] of table) {
    assert.equal(files.canonical(path), canonical, path)
    assert.equal(files.follow(path)?.path, followed, path)
  }
})

test('paths sort by their bytes, above all of UTF-16', async () => {
  const names = ['\u{1f600}', '\uffee', 'z', '\u{1f600}/a', 'é']
  const files = await openLayers(
    names.map(name => dir(name)),
    [dir('\uffee/b'), file('\u{1f600}/c')],
  )
  const sorted = [...names, '\uffee/b', '\u{1f600}/c'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  assert.deepEqual([...files.paths()], sorted)
  for (const path of sorted) assert.equal(files.get(path)?.path, path)
  assert.deepEqual(files.children('\u{1f600}'), ['a', 'c'])
})

/** A tree as a person would draw it: the other way of doing what `mergeLayers` does. */
type Node = { readonly leaf: string } | { readonly children: Map<string, Node> }
interface Drawn {
  readonly tree: Map<string, Node>
  readonly hidden: Set<string>
  readonly opaque: Set<string>
}

const name = fc.constantFrom('a', 'b', 'c', 'a-', 'a.')
const place = fc.array(name, { minLength: 1, maxLength: 3 })
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('file' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('link' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('folder' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hide' as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('opaque' as const), at: place }) },
)

/** Keeps of random operations those that make sense in one layer, as a tar and as a drawing. */
function draw(operations: readonly { do: 'file' | 'link' | 'folder' | 'hide' | 'opaque'; at: readonly string[] }[], layer: number) {
  const drawn: Drawn = { tree: new Map(), hidden: new Set(), opaque: new Set() }
  const items: TarItem[] = []
  for (const { do: what, at } of operations) {
    const path = at.join('/')
    if (what === 'hide') {
      drawn.hidden.add(path)
      items.push({ path: [...at.slice(0, -1), `.wh.${at.at(-1)}`].join('/') })
      continue
    }
    let folder = drawn.tree
    let fits = true
    const inner = what === 'folder' || what === 'opaque' ? at : at.slice(0, -1)
    for (const part of inner) {
      const node = folder.get(part) ?? { children: new Map<string, Node>() }
      if ('leaf' in node) {
        fits = false
        break
      }
      folder.set(part, node)
      folder = node.children
    }
    const last = at.at(-1) ?? ''
    if (!fits || (inner !== at && folder.has(last))) continue
    if (what === 'opaque') {
      drawn.opaque.add(path)
      items.push({ path: `${path}/`, type: 'directory' }, { path: `${path}/.wh..wh..opq` })
    } else if (what === 'folder') items.push({ path, type: 'directory' })
    else {
      const text = `${layer}:${path}`
      folder.set(last, { leaf: what === 'link' ? ` -> ${text}` : ` = ${text}` })
      items.push(what === 'link' ? { path, type: 'symlink', target: text } : { path, content: text })
    }
  }
  return { drawn, items }
}

function over(lower: ReadonlyMap<string, Node>, upper: ReadonlyMap<string, Node>, { hidden, opaque }: Drawn, at = ''): Map<string, Node> {
  const result = new Map<string, Node>()
  const path = (part: string) => (at === '' ? part : `${at}/${part}`)
  if (!opaque.has(at)) for (const [part, node] of lower) if (!hidden.has(path(part))) result.set(part, node)
  for (const [part, node] of upper) {
    const below = result.get(part)
    const joined =
      'children' in node
        ? over(
            below !== undefined && 'children' in below ? below.children : new Map(),
            node.children,
            { tree: new Map(), hidden, opaque },
            path(part),
          )
        : undefined
    result.set(part, joined === undefined ? node : { children: joined })
  }
  // Whiteouts also reach into folders that this layer does not have itself.
  for (const [part, node] of result) {
    if ('children' in node && !upper.has(part))
      result.set(part, { children: over(node.children, new Map(), { tree: new Map(), hidden, opaque }, path(part)) })
  }
  return result
}

function lines(tree: ReadonlyMap<string, Node>, at = ''): string[] {
  return [...tree].flatMap(([part, node]) => {
    const path = at === '' ? part : `${at}/${part}`
    return 'leaf' in node ? [`${path}${node.leaf}`] : [`${path}/`, ...lines(node.children, path)]
  })
}

test('any layers over one another are what a drawing of them shows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(operation, { maxLength: 14 }), { minLength: 1, maxLength: 5 }), async layers => {
      const made = layers.map(draw)
      const tree = made.reduce((lower: Map<string, Node>, { drawn }) => over(lower, drawn.tree, drawn), new Map())
      const files = await openLayers(...made.map(({ items }) => items))
      assert.deepEqual((await shown(files)).sort(), lines(tree).sort())
      const paths = [...files.paths()]
      assert.deepEqual(
        paths,
        [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      )
      const folders = ['', ...paths.filter(path => files.get(path)?.type === 'directory')]
      assert.deepEqual(
        folders.flatMap(folder => files.children(folder).map(child => (folder === '' ? child : `${folder}/${child}`))).sort(),
        paths.toSorted(),
      )
    }),
    { numRuns: 150 },
  )
})

test('an index is the same after it was written and read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 20 }),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 8 }), { maxLength: 4 }),
      async (operations, raw) => {
        const odd = raw.map(bytes => Buffer.from(bytes.map(byte => (byte === 0 || byte === 0x2f || byte === 0x2e ? 0xe9 : byte))))
        const { items } = draw(operations, 0)
        const odder = odd.map(path => ({
          path: Buffer.concat([Buffer.from('ödd/'), path]),
          xattrs: { 'user.x': '\xff\0' },
          content: path,
          uid: 70_000,
          mtime: 3,
        }))
        const tar = makeTar([...items, ...odder])
        const wishes = { extractors: [], digests: true, keep: { id: 'odd', keeps: (path: string) => path.startsWith('ödd') } }
        const index = await indexStream(chunk(tar), digestOf(tar), wishes)
        const again = decodeIndex(encodeIndex(index))
        assert.ok(again)
        const plain = ({ kept, extracts, xattrs, types, digests, ...rest }: typeof index) => ({
          ...rest,
          types: [...types],
          digests: Buffer.from(digests ?? []).toString('hex'),
          xattrs: [...xattrs].map(([at, values]) => [at, Object.entries(values)]),
          kept: [...kept].map(([content, bytes]) => [content, Buffer.from(bytes).toString('hex')]),
          extracts: extracts(),
        })
        assert.deepEqual(plain(again), plain(index))
      },
    ),
    { numRuns: 60 },
  )
})

async function* chunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
