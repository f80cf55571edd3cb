import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  content,
  INFO,
  image,
  installed,
  type Made,
  md5,
  patchWith,
  STATUS,
  shown,
  stanza,
  textOf,
  thing,
} from '../testing/patch-setting.ts'

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
  assert.deepEqual(content(shown(kept.layer.entries)), ['-etc/thing.conf', '+etc/thing.conf.dpkg-bak'])
  assert.equal(textOf(kept, 'etc/thing.conf.dpkg-bak'), 'old etc/thing.conf')
  assert.match(kept.notes[0]?.text ?? '', /thing\.conf was changed in the image and is kept as/)
  const foreign = await patchWith(installed([], { 'etc/thing.conf': 'somebody’s' }), [made])
  assert.deepEqual([content(shown(foreign.layer.entries)), foreign.refusals], [[], []])
})

test('a conffile that a script renames goes, or takes its changes with it', async () => {
  const helper = '#!/bin/sh\nset -e\ndpkg-maintscript-helper mv_conffile /etc/thing.conf /etc/new.conf 1.5~ thing -- "$@"\n'
  const made = thing([{ path: './etc/new.conf', content: 'new' }], {
    control: { preinst: helper, postinst: helper, conffiles: '/etc/new.conf\n' },
  })
  const moved = await patchWith(installed(['etc/thing.conf'], {}, recorded('old etc/thing.conf')), [made])
  assert.deepEqual([content(shown(moved.layer.entries)), textOf(moved, 'etc/new.conf')], [['+etc/new.conf', '-etc/thing.conf'], 'new'])
  const kept = await patchWith(installed(['etc/thing.conf'], {}, recorded('another')), [made])
  assert.deepEqual(content(shown(kept.layer.entries)), ['+etc/new.conf', '+etc/new.conf.dpkg-new', '-etc/thing.conf'])
  assert.deepEqual([textOf(kept, 'etc/new.conf'), textOf(kept, 'etc/new.conf.dpkg-new')], ['old etc/thing.conf', 'new'])
  const taken = await patchWith(installed(['etc/thing.conf'], { 'etc/new.conf': 'there' }, recorded('another')), [made])
  assert.deepEqual(
    taken.refusals.map(({ reason }) => reason),
    ['/etc/thing.conf was changed in the image, and would take the place of /etc/new.conf'],
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
