/** Debian as people leave it: sources in deb822, a held package, layers that hide, changed and deleted configuration, diversions, overridden modes. */
import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { assertAsApt } from './as-apt.ts'
import { extraLayer, takeOut, whiteout } from './extra-layer.ts'
import { makeLayout } from './make-layout.ts'
import { deb822Sources, machineMirror } from './make-root.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, assertSound, type PatchedCase, patch } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'

const CHANGED = 'etc/logrotate.d/apt'
const DELETED = 'etc/cron.daily/apt-compat'
const DIVERTED = 'usr/bin/apt-cdrom'
const OVERRIDDEN = 'usr/lib/apt/methods/http'

let setting: ImageSetting
let layout: string
let made: PatchedCase

before(async () => {
  setting = await openSetting()
  const root = setting.root({ name: 'minbase', packages: ['ca-certificates'] })
  const settled = extraLayer(join(setting.scratch, 'settled'), folder => {
    takeOut(root, folder, ['var/lib/dpkg/status', CHANGED, DIVERTED, OVERRIDDEN])
    const status = join(folder, 'var/lib/dpkg/status')
    writeFileSync(status, readFileSync(status, 'utf8').replace(/(Package: libpcre2-8-0\nStatus: )install/, '$1hold'))
    appendFileSync(join(folder, CHANGED), '# changed by an administrator\n')
    renameSync(join(folder, DIVERTED), join(folder, `${DIVERTED}.distrib`))
    writeFileSync(join(folder, 'var/lib/dpkg/diversions'), `/${DIVERTED}\n/${DIVERTED}.distrib\n:\n`)
    writeFileSync(join(folder, 'var/lib/dpkg/statoverride'), `root root 700 /${OVERRIDDEN}\n`)
    chmodSync(join(folder, OVERRIDDEN), 0o700)
    for (const path of [DIVERTED, DELETED, 'etc/apt/sources.list']) whiteout(folder, path)
    mkdirSync(join(folder, 'etc/apt/sources.list.d'), { recursive: true })
    writeFileSync(join(folder, 'etc/apt/sources.list.d/debian.sources'), deb822Sources(machineMirror()))
  })
  const slimmed = extraLayer(join(setting.scratch, 'slimmed'), folder => {
    mkdirSync(join(folder, 'usr/share/doc/perl'), { recursive: true })
    writeFileSync(join(folder, 'usr/share/doc/perl/.wh..wh..opq'), '')
    mkdirSync(join(folder, 'opt/app'), { recursive: true })
    writeFileSync(join(folder, 'opt/app/main'), 'an application\n')
  })
  layout = makeLayout(join(setting.scratch, 'layered'), [root, settled, slimmed], { compression: 'none' })
  made = patch(setting, 'layered', layout)
})
after(() => setting?.close())

test('it is patched without what is held, sound to dpkg and apt', () => {
  assert.ok(made.changes.length > 0)
  assert.equal(
    made.changes.some(({ name }) => name === 'libpcre2-8-0'),
    false,
  )
  assert.match(made.notes.join('\n'), /libpcre2-8-0:amd64 was to be updated, but it is on hold/)
  assertSound(setting, made)
})

test('what an administrator changed, deleted, diverted and overrode stays so', () => {
  const { after: tree } = made.trees
  assert.match(readFileSync(join(tree, CHANGED), 'utf8'), /changed by an administrator/)
  assert.equal(existsSync(join(tree, DELETED)), false)
  assert.equal(existsSync(join(tree, DIVERTED)), false)
  assert.notEqual(made.after.get(`${DIVERTED}.distrib`)?.what, made.before.get(`${DIVERTED}.distrib`)?.what)
  assert.equal(statSync(join(tree, OVERRIDDEN)).mode & 0o7777, 0o700)
  assert.notEqual(made.after.get(OVERRIDDEN)?.what, made.before.get(OVERRIDDEN)?.what)
})

test('only what the plan moves differs', () => assertOnlyPlanned(made))
test('the layer holds nothing that was there already, and is packed well', () => assertSmall(made))

test('apt-get install leaves the same, apart from what is explained', () => assertAsApt(setting, made))

test('it is made the same again, has nothing left to do, and is taken back', () => assertRepeatable(setting, made, layout))
