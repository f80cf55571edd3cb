import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../model/faults.ts'
import type { TarItem } from '../testing/make-archive.ts'
import type { MemoryEntry } from '../testing/memory-files.ts'
import { image, type Made, md5, patchWith, shown, textOf, withFacts } from '../testing/patch-setting.ts'

const STATUS = 'var/lib/dpkg/status'
const INFO = 'var/lib/dpkg/info'

const stanza = (name: string, version: string, more = '') =>
  `Package: ${name}\nStatus: install ok installed\nMaintainer: Somebody <somebody@deb.example>\nArchitecture: amd64\nVersion: ${version}\n${more}Description: made for a test\n`

/** `thing` 1 installed with these files, and others beside. */
function installed(files: readonly string[], entries: Readonly<Record<string, MemoryEntry>> = {}, more = '') {
  return image({
    ...Object.fromEntries(files.filter(path => !path.endsWith('/')).map(path => [path, `old ${path}`])),
    [`${INFO}/thing.list`]: ['/.', ...files.map(path => `/${path.replace(/\/$/, '')}`)].map(line => `${line}\n`).join(''),
    [STATUS]: `${stanza('another', '1')}\n${stanza('thing', '1', more)}\n${stanza('zebra', '1')}\n`,
    ...entries,
  })
}

const thing = (files: readonly TarItem[], more: Partial<Made> = {}): Made => ({ name: 'thing', version: '2', files, ...more })
/** What changes beside dpkg's own files. */
const content = (lines: readonly string[]) => lines.filter(line => !line.includes('var/lib/dpkg'))

test('only what differs is in the layer, with the records', async () => {
  const files = installed(['usr/bin/thing', 'usr/share/doc/thing/copyright'])
  const patch = await patchWith(files, [
    thing([
      { path: './usr/bin/thing', content: 'new', mode: 0o755 },
      { path: './usr/share/doc/thing/copyright', content: 'old usr/share/doc/thing/copyright' },
    ]),
  ])
  assert.deepEqual(shown(patch.layer.entries), ['+usr/bin/thing', `+${INFO}/thing.list`, `+${STATUS}`])
  assert.equal(textOf(patch, STATUS), `${stanza('another', '1')}\n${stanza('thing', '2')}\n${stanza('zebra', '1')}\n`)
  assert.equal(
    textOf(patch, `${INFO}/thing.list`),
    '/.\n/usr\n/usr/bin\n/usr/bin/thing\n/usr/share\n/usr/share/doc\n/usr/share/doc/thing\n/usr/share/doc/thing/copyright\n',
  )
  assert.deepEqual(
    patch.provenance.map(({ path, because, package: owner }) => [path, because, owner]),
    [
      ['usr/bin/thing', 'content', 'thing:amd64'],
      [`${INFO}/thing.list`, 'database', 'thing:amd64'],
      [STATUS, 'database', 'thing:amd64'],
    ],
  )
  assert.ok(patch.provenance.every(({ before, after }) => before !== undefined && after !== undefined && before !== after))
})

test('the same inputs give the same layer', async () => {
  const make = () => patchWith(installed(['usr/bin/thing']), [thing([{ path: './usr/bin/thing', content: 'new' }])])
  assert.deepEqual(await make(), await make())
})

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

const conffile = (text: string): Made =>
  thing([{ path: './etc/thing.conf', content: text }], { control: { conffiles: '/etc/thing.conf\n' } })
const recorded = (text: string) => `Conffiles:\n /etc/thing.conf ${md5(text)}\n`
const CONFFILES: readonly (readonly [string, string | undefined, string | undefined, string, readonly string[], string])[] = [
  // what, in the image, in the record, in the package, changes, content of what changes
  ['nobody changed it', 'one', 'one', 'two', ['+etc/thing.conf'], 'two'],
  ['somebody changed it', 'mine', 'one', 'two', ['+etc/thing.conf.dpkg-dist'], 'two'],
  ['somebody changed it, the package did not', 'mine', 'one', 'one', [], ''],
  ['somebody changed it to what is new', 'two', 'one', 'two', [], ''],
  ['somebody deleted it', undefined, 'one', 'one', [], ''],
  ['it is new', undefined, undefined, 'one', ['+etc/thing.conf'], 'one'],
  ['it is new and somebody has one', 'mine', undefined, 'one', ['+etc/thing.conf.dpkg-dist'], 'one'],
]

test('conffiles are settled as dpkg does without anybody to ask, and the record has the new one', async () => {
  for (const [what, now, before, next, expected, text] of CONFFILES) {
    const files = installed([], { ...(now !== undefined && { 'etc/thing.conf': now }) }, before === undefined ? '' : recorded(before))
    const patch = await patchWith(files, [conffile(next)])
    assert.deepEqual(content(shown(patch.layer.entries)), expected, what)
    for (const line of expected) assert.equal(textOf(patch, line.slice(1)), text, what)
    assert.ok(textOf(patch, STATUS).includes(` /etc/thing.conf ${md5(next)}\n`), what)
  }
})

test('a conffile that the package has no more stays, as obsolete in the record and in the list', async () => {
  const patch = await patchWith(installed(['etc/thing.conf'], {}, recorded('old etc/thing.conf')), [
    thing([{ path: './usr/bin/thing', content: 'x' }]),
  ])
  assert.deepEqual(content(shown(patch.layer.entries)), ['+usr/bin/thing'])
  assert.ok(textOf(patch, STATUS).includes(`Conffiles:\n /etc/thing.conf ${md5('old etc/thing.conf')} obsolete\n`))
  assert.ok(textOf(patch, `${INFO}/thing.list`).endsWith('/usr/bin/thing\n/etc/thing.conf\n'))
})

test('a conffile that a script gives up goes, unless somebody changed it', async () => {
  const helper = '#!/bin/sh\nset -e\ndpkg-maintscript-helper rm_conffile /etc/thing.conf 1.5~ thing -- "$@"\n'
  const made = thing([], { control: { preinst: helper, postinst: helper } })
  const gone = await patchWith(installed(['etc/thing.conf'], {}, recorded('old etc/thing.conf')), [made])
  assert.deepEqual(content(shown(gone.layer.entries)), ['-etc/thing.conf'])
  assert.ok(!textOf(gone, STATUS).includes('Conffiles'))
  const kept = await patchWith(installed(['etc/thing.conf'], {}, recorded('another')), [made])
  assert.deepEqual(
    [kept.layer.entries, kept.refusals.map(({ reason }) => reason)],
    [[], ['/etc/thing.conf was changed in the image, and the package gives it up']],
  )
})

test('control files are rewritten where they change and go where the package has none any more', async () => {
  const files = installed([], {
    [`${INFO}/thing.md5sums`]: 'same',
    [`${INFO}/thing.shlibs`]: 'old',
    [`${INFO}/thing.postrm`]: '#!/bin/sh\n',
    [`${INFO}/thing-more.list`]: '/.\n',
  })
  const patch = await patchWith(files, [
    thing([], { control: { md5sums: 'same', shlibs: 'new', triggers: 'activate-noawait ldconfig\n' } }),
  ])
  assert.deepEqual(shown(patch.layer.entries), [`-${INFO}/thing.postrm`, `+${INFO}/thing.shlibs`, `+${INFO}/thing.triggers`, `+${STATUS}`])
})

test('packages that may stand beside themselves have the architecture in the names', async () => {
  const files = image({ [`${INFO}/libx:amd64.list`]: '/.\n', [STATUS]: stanza('libx', '1', 'Multi-Arch: same\n') })
  const patch = await patchWith(files, [{ name: 'libx', version: '2', fields: { 'Multi-Arch': 'same' }, control: { md5sums: 'x' } }])
  assert.deepEqual(shown(patch.layer.entries), [`+${INFO}/libx:amd64.md5sums`, `+${STATUS}`])
})

test('the record keeps a hold, and has fields in dpkg’s own order and form', async () => {
  const files = image({
    [`${INFO}/thing.list`]: '/.\n',
    [STATUS]: `${stanza('thing', '1', 'Priority: optional\n').replace('install ok', 'hold ok')}\n`,
  })
  const patch = await patchWith(files, [
    thing([], {
      fields: {
        Homepage: 'https://deb.example',
        Depends: 'libc6(>=2.3),  a|b (= 0:1), perl:any (> 5)',
        Source: 'src',
        'Multi-Arch': 'no',
        Section: 'libs',
        'X-More': 'y',
      },
    }),
  ])
  assert.equal(
    textOf(patch, STATUS),
    'Package: thing\nStatus: hold ok installed\nPriority: optional\nSection: libs\nMaintainer: Somebody <somebody@deb.example>\nArchitecture: amd64\nSource: src\nVersion: 2\nDepends: libc6 (>= 2.3), a | b (= 1), perl:any (>= 5)\nDescription: made for a test\nHomepage: https://deb.example\nX-More: y\n\n',
  )
})

test('a new package is recorded in its place, and noted as brought for others', async () => {
  const files = installed([], { 'var/lib/apt/extended_states': 'Package: another\nArchitecture: amd64\nAuto-Installed: 1\n\n' })
  const patch = await patchWith(files, [{ name: 'middle', version: '1', files: [{ path: './usr/bin/m', content: 'm' }] }])
  assert.equal(
    textOf(patch, STATUS),
    `${stanza('another', '1')}\n${stanza('middle', '1')}\n${stanza('thing', '1')}\n${stanza('zebra', '1')}\n`,
  )
  assert.ok(textOf(patch, 'var/lib/apt/extended_states').endsWith('\n\nPackage: middle\nArchitecture: amd64\nAuto-Installed: 1\n\n'))
})

test('images without dpkg have the record and its digests rewritten under their own names, and get no status', async () => {
  const record = 'var/lib/dpkg/status.d/thing1'
  const files = image({
    [record]: stanza('thing', '1').replace('Status: install ok installed\n', ''),
    [`${record}.md5sums`]: `${md5('old')}  usr/bin/thing\n${md5('gone')}  usr/bin/gone\n`,
    'usr/bin/thing': 'old',
    'usr/bin/gone': 'gone',
  })
  const patch = await patchWith(files, [
    thing([{ path: './usr/bin/thing', content: 'new' }], { control: { md5sums: `${md5('new')}  usr/bin/thing\n` } }),
  ])
  assert.deepEqual(shown(patch.layer.entries), ['-usr/bin/gone', '+usr/bin/thing', `+${record}`, `+${record}.md5sums`])
  assert.ok(textOf(patch, record).includes('Version: 2\n') && !textOf(patch, record).includes('Status'))
})

test('a package whose script would do something is left out as a whole, unless its script may be skipped', async () => {
  const files = installed(['usr/bin/thing'])
  const made = thing([{ path: './usr/bin/thing', content: 'new' }], { control: { postinst: '#!/bin/sh\nmake-the-cache --now\n' } })
  const refused = await patchWith(files, [made, { name: 'another', version: '2', files: [{ path: './usr/bin/a', content: 'a' }] }])
  assert.deepEqual(refused.refusals, [
    { package: 'thing:amd64', version: '2', script: 'postinst', reason: 'make-the-cache is not known: make-the-cache --now' },
  ])
  assert.deepEqual(content(shown(refused.layer.entries)), ['+usr/bin/a'])
  assert.ok(textOf(refused, STATUS).includes(stanza('thing', '1')))
  const allowed = await patchWith(files, [made], ['thing'])
  assert.deepEqual([allowed.refusals, content(shown(allowed.layer.entries))], [[], ['+usr/bin/thing']])
  assert.match(allowed.notes[0]?.text ?? '', /postinst was skipped as allowed/)
})

test('the old scripts count too', async () => {
  const files = installed([], { [`${INFO}/thing.prerm`]: '#!/bin/sh\n[ "$1" = remove ] || undo-everything\n' })
  assert.match((await patchWith(files, [thing([])])).refusals[0]?.reason ?? '', /undo-everything/)
})

test('what a script changes for certain is made in the layer', async () => {
  const files = installed([], { 'usr/share/thing/stale': 'x' })
  const postinst =
    '#!/bin/sh\nrm -f /usr/share/thing/stale\nmkdir -p /var/lib/thing\nchown redis:redis /var/lib/thing\nchmod 750 /var/lib/thing\n'
  const patch = await patchWith(files, [thing([], { control: { postinst } })])
  assert.deepEqual(content(shown(patch.layer.entries)), ['-usr/share/thing/stale', 'var/lib/thing/'])
  const folder = patch.layer.entries.find(({ path }) => path === 'var/lib/thing')
  assert.deepEqual(folder?.kind === 'directory' && [folder.mode, folder.uid, folder.gid], [0o750, 101, 102])
})

test('a trigger calls the script of whoever is interested', async () => {
  const files = installed([], {
    'var/lib/dpkg/triggers/File': '/usr/share/cache another/noawait\n',
    [`${INFO}/another.postinst`]: '#!/bin/sh\nif [ "$1" = triggered ]; then rebuild-cache; fi\n',
  })
  const touched = await patchWith(files, [thing([{ path: './usr/share/cache/x', content: 'x' }])])
  assert.deepEqual(
    touched.refusals.map(({ script }) => script),
    ['postinst of another for /usr/share/cache'],
  )
  assert.deepEqual((await patchWith(files, [thing([{ path: './usr/share/other/x', content: 'x' }])])).refusals, [])
})

test('dpkg’s table of triggers follows a package’s interests', async () => {
  const files = installed([], {
    'var/lib/dpkg/triggers/File': '/usr/share/a thing\n/usr/share/z zebra\n',
    'var/lib/dpkg/triggers/named': 'thing\n',
    [`${INFO}/thing.triggers`]: 'interest /usr/share/a\ninterest named\n',
  })
  const patch = await patchWith(files, [thing([], { control: { triggers: 'interest-noawait /usr/share/b\n' } })])
  assert.equal(textOf(patch, 'var/lib/dpkg/triggers/File'), '/usr/share/z zebra\n/usr/share/b thing/noawait\n')
  assert.ok(shown(patch.layer.entries).includes('-var/lib/dpkg/triggers/named'))
})

test('what stands in the way of a package is said', async () => {
  const files = installed([], { 'usr/share/x/y': 'a folder in the image', 'usr/share/z': 'a file in the image' })
  const patch = await patchWith(files, [
    thing([
      { path: './usr/share/x', content: 'a file' },
      { path: './usr/share/z/', type: '5' },
    ]),
  ])
  assert.deepEqual(
    patch.refusals.map(({ reason }) => reason),
    ['/usr/share/x is a folder in the image and a file in the package', '/usr/share/z is a folder in the package and none in the image'],
  )
})

test('an archive of another package, or of another version, is a fault', async () => {
  const files = installed([])
  await assert.rejects(patchWith(files, [{ ...thing([]), fields: { Package: 'other' } }]), error => error instanceof Fault)
})
