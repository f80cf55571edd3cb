import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../model/faults.ts'
import { content, INFO, installed, patchWith, STATUS, shown, stanza, textOf, thing } from '../testing/patch-setting.ts'

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

test('a script that asks for a package finds it or not, and nobody knows of one that comes beside it', async () => {
  const postinst = '#!/bin/sh\nif ! dpkg -s fresh >/dev/null 2>&1; then rm -f /etc/x; else make-it; fi\n'
  const asking = thing([], { control: { postinst } })
  const files = installed([], { 'etc/x': '' })
  assert.deepEqual(content(shown((await patchWith(files, [asking])).layer.entries)), ['-etc/x'])
  const beside = await patchWith(files, [asking, { name: 'fresh', version: '1' }])
  assert.deepEqual(
    beside.refusals.map(refusal => refusal.package),
    ['thing:amd64'],
  )
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
