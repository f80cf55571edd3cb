import assert from 'node:assert/strict'
import { test } from 'node:test'
import { content, INFO, installed, patchWith, shown, thing, withFacts } from '../testing/patch-setting.ts'

const CONTENTS: readonly (readonly [string, () => ReturnType<typeof patchWith>, readonly string[]])[] = [
  [
    'a path through a merged /usr goes where the link leads',
    () =>
      patchWith(installed(['usr/lib/libx.so.1'], { [`${INFO}/thing.list`]: '/.\n/lib\n/lib/libx.so.1\n' }), [
        thing([{ path: './lib/libx.so.1', content: 'new' }]),
      ]),
    ['+usr/lib/libx.so.1'],
  ],
  [
    'a folder never replaces a link',
    () =>
      patchWith(installed([]), [
        thing([
          { path: './lib/', type: '5' },
          { path: './lib/x/', type: '5' },
        ]),
      ]),
    ['usr/lib/x/'],
  ],
  [
    'a link never replaces a folder',
    () => patchWith(installed(['usr/share/doc/thing/a']), [thing([{ path: './usr/share/doc/thing', type: '2', target: 'other' }])]),
    ['-usr/share/doc/thing/a'],
  ],
  [
    'a link that leads elsewhere changes',
    () =>
      patchWith(installed([], { 'usr/lib/x.so': { link: 'x.so.1' } }), [thing([{ path: './usr/lib/x.so', type: '2', target: 'x.so.2' }])]),
    ['usr/lib/x.so -> x.so.2'],
  ],
  [
    'a link that leads there already does not',
    () =>
      patchWith(installed([], { 'usr/lib/x.so': { link: 'x.so.1' } }), [thing([{ path: './usr/lib/x.so', type: '2', target: 'x.so.1' }])]),
    [],
  ],
  [
    'a file takes the place of a link',
    () => patchWith(installed([], { 'usr/lib/x.so': { link: 'x.so.1' } }), [thing([{ path: './usr/lib/x.so', content: 'x' }])]),
    ['+usr/lib/x.so'],
  ],
  [
    'a hard link comes with what it links to',
    () =>
      patchWith(installed(['usr/bin/a', 'usr/bin/b']), [
        thing([
          { path: './usr/bin/a', content: 'new' },
          { path: './usr/bin/b', type: '1', target: './usr/bin/a' },
        ]),
      ]),
    ['+usr/bin/a', 'usr/bin/b = usr/bin/a'],
  ],
  [
    'a hard link to what does not change is a file of its own',
    () =>
      patchWith(installed(['usr/bin/a']), [
        thing([
          { path: './usr/bin/a', content: 'old usr/bin/a' },
          { path: './usr/bin/b', type: '1', target: './usr/bin/a' },
        ]),
      ]),
    ['+usr/bin/b'],
  ],
  [
    'what a package has no more is hidden, and an empty folder with it',
    () =>
      patchWith(installed(['usr/lib/thing/', 'usr/lib/thing/a', 'usr/lib/thing/b', 'usr/bin/thing']), [
        thing([{ path: './usr/bin/thing', content: 'new' }]),
      ]),
    ['+usr/bin/thing', '-usr/lib/thing'],
  ],
  [
    'a folder with something else in it stays',
    () => patchWith(installed(['usr/lib/thing/', 'usr/lib/thing/a'], { 'usr/lib/thing/mine': '' }), [thing([])]),
    ['-usr/lib/thing/a'],
  ],
  [
    'what is gone already is not hidden',
    () => patchWith(installed([], { [`${INFO}/thing.list`]: '/.\n/usr/lib/gone\n' }), [thing([])]),
    [],
  ],
  [
    'what another package has too stays',
    () => patchWith(installed(['usr/share/both'], { [`${INFO}/another.list`]: '/.\n/usr/share/both\n' }), [thing([])]),
    [],
  ],
  [
    'what moves to another path of the same place stays',
    () =>
      patchWith(installed(['usr/lib/x'], { [`${INFO}/thing.list`]: '/.\n/lib\n/lib/x\n' }), [
        thing([{ path: './usr/lib/x', content: 'old usr/lib/x' }]),
      ]),
    [],
  ],
  [
    'what moves to another package stays',
    () =>
      patchWith(installed(['usr/share/moved']), [
        thing([]),
        { name: 'another', version: '2', files: [{ path: './usr/share/moved', content: 'old usr/share/moved' }] },
      ]),
    [],
  ],
  [
    'compiled Python goes with its source',
    () =>
      patchWith(
        installed(['usr/lib/python3/a.py', 'usr/lib/python3/b.py'], {
          'usr/lib/python3/__pycache__/a.cpython-311.pyc': '',
          'usr/lib/python3/__pycache__/b.cpython-311.pyc': '',
          'usr/lib/python3/__pycache__/c.cpython-311.pyc': '',
        }),
        [
          thing([
            { path: './usr/lib/python3/a.py', content: 'new' },
            { path: './usr/lib/python3/b.py', content: 'old usr/lib/python3/b.py' },
          ]),
        ],
      ),
    ['-usr/lib/python3/__pycache__/a.cpython-311.pyc', '+usr/lib/python3/a.py'],
  ],
  [
    'a diverted path goes where it is diverted to',
    () =>
      patchWith(
        installed(['usr/bin/sh.real'], { 'usr/bin/sh': 'mine', 'var/lib/dpkg/diversions': '/usr/bin/sh\n/usr/bin/sh.real\nanother\n' }),
        [thing([{ path: './usr/bin/sh', content: 'new' }])],
      ),
    ['+usr/bin/sh.real'],
  ],
  [
    'but not for the package that diverts it',
    () =>
      patchWith(installed(['usr/bin/sh'], { 'var/lib/dpkg/diversions': '/usr/bin/sh\n/usr/bin/sh.real\nthing\n' }), [
        thing([{ path: './usr/bin/sh', content: 'new' }]),
      ]),
    ['+usr/bin/sh'],
  ],
  [
    'what dpkg is told to leave out stays out',
    () =>
      patchWith(
        installed([], { 'etc/dpkg/dpkg.cfg.d/docker': 'path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n' }),
        [
          thing([
            { path: './usr/share/doc/thing/copyright', content: 'c' },
            { path: './usr/share/doc/thing/changelog', content: 'c' },
          ]),
        ],
      ),
    ['usr/share/doc/thing/', '+usr/share/doc/thing/copyright'],
  ],
]

test('contents are as dpkg would leave them', async () => {
  for (const [what, make, expected] of CONTENTS) {
    const patch = await make()
    assert.deepEqual(
      [patch.refusals, content(shown(patch.layer.entries)).filter(line => !/^usr(\/share)?\/$/.test(line))],
      [[], expected],
      what,
    )
  }
})

test('mode, owner and capabilities of what is there stay; new files have the package’s, by the image’s own accounts', async () => {
  const capability = 'x'
  const files = withFacts(installed(['usr/bin/thing']), {
    'usr/bin/thing': { mode: 0o2755, uid: 7, gid: 42, xattrs: { 'security.capability': capability } },
  })
  const patch = await patchWith(files, [
    thing([
      { path: './usr/bin/thing', content: 'new', mode: 0o755 },
      { path: './usr/bin/other', content: 'o', mode: 0o4755, userName: 'redis', groupName: 'shadow', uid: 999, gid: 999 },
      { path: './usr/bin/third', content: 'o', userName: 'nobody-here', uid: 33, groupName: 'nobody-here', gid: 34, mtime: 5 },
    ]),
  ])
  const facts = patch.layer.entries.flatMap(entry =>
    entry.kind === 'file' && entry.path.startsWith('usr/bin')
      ? [[entry.path, entry.mode, entry.uid, entry.gid, entry.xattrs, entry.mtime]]
      : [],
  )
  assert.deepEqual(facts, [
    ['usr/bin/other', 0o4755, 101, 42, undefined, 1_600_000_000],
    ['usr/bin/thing', 0o2755, 7, 42, { 'security.capability': capability }, 1_600_000_000],
    ['usr/bin/third', 0o644, 33, 34, undefined, 5],
  ])
})

test('an overridden mode holds for new files', async () => {
  const files = installed([], { 'var/lib/dpkg/statoverride': 'redis #77 2750 /usr/bin/thing\n' })
  const [entry] = (await patchWith(files, [thing([{ path: './usr/bin/thing', content: 'x', mode: 0o755 }])])).layer.entries.filter(
    ({ path }) => path === 'usr/bin/thing',
  )
  assert.deepEqual(entry?.kind === 'file' && [entry.mode, entry.uid, entry.gid], [0o2750, 101, 77])
})

test('folders that a tool would make anew with another mode are told of', async () => {
  const files = withFacts(installed(['usr/lib/private/x']), { 'usr/lib/private': { mode: 0o700, uid: 101 } })
  const patch = await patchWith(files, [thing([{ path: './usr/lib/private/x', content: 'new' }])])
  assert.deepEqual(content(shown(patch.layer.entries)), ['usr/lib/private/', '+usr/lib/private/x'])
})
