/** What dpkg does with changes that few packages make, and what Suture makes of the same: packages made for it, in a real image. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeDeb } from '../../../src/ecosystems/deb/testing/make-deb.ts'
import { makeKey, makeRepository } from '../../../src/ecosystems/deb/testing/make-repository.ts'
import { assertAsApt, KEPT } from './as-apt.ts'
import { must } from './command.ts'
import { CAPABILITIES } from './containers.ts'
import { extraLayer } from './extra-layer.ts'
import { makeLayout } from './make-layout.ts'
import { LIVED_IN, ODD } from './odd-packages.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, assertSound, type PatchedCase, patch } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'

/** Before any machine's clock. */
const MADE = new Date('2024-01-01T00:00:00Z')

let setting: ImageSetting
let server: ChildProcess
let layout: string
let made: PatchedCase

before(async () => {
  setting = await openSetting()
  const { scratch, containers } = setting
  const folder = join(scratch, 'odd-repository')
  const key = await makeKey({ made: MADE })
  const files = await makeRepository({
    packages: ODD.after,
    suite: 'bookworm-security',
    codename: 'bookworm-security',
    label: 'Debian-Security',
    key,
    date: MADE,
  })
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  server = spawn(process.execPath, [join(import.meta.dirname, 'serve-folder.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(server.stdout ?? assert.fail('no output'), 'data')
  const source = `deb [signed-by=/etc/apt/keyrings/odd.asc] http://127.0.0.1:${String(port).trim()} bookworm-security main\n`

  const minbase = setting.root({ name: 'minbase', packages: ['ca-certificates'] })
  const debs = extraLayer(join(scratch, 'odd-debs'), place => {
    for (const name of ['debs', 'etc/apt/keyrings', 'etc/apt/sources.list.d']) mkdirSync(join(place, name), { recursive: true })
    ODD.before.forEach((spec, at) => {
      writeFileSync(join(place, 'debs', `${at}.deb`), makeDeb(spec))
    })
    writeFileSync(join(place, 'etc/apt/keyrings/odd.asc'), key.publicKey)
    writeFileSync(join(place, 'etc/apt/sources.list.d/odd.list'), source)
  })
  const raw = containers.pull(makeLayout(join(scratch, 'odd-raw'), [minbase, debs], { compression: 'none' }))
  const root = containers.tree(raw, 'odd-root', LIVED_IN)
  must('setcap', ['cap_net_raw+ep', join(root, 'usr/bin/odd-capable')])
  const tar = join(scratch, 'odd.tar')
  must('tar', ['--create', '--file', tar, '--directory', root, '--numeric-owner', '--sort=name', ...CAPABILITIES, '.'])
  layout = makeLayout(join(scratch, 'odd'), [tar])
  made = patch(setting, 'odd', layout)
})
after(() => {
  server?.kill()
  setting?.close()
})

test('packages that do what few do are patched, sound to dpkg and apt', () => {
  assert.deepEqual(
    made.notes.filter(note => note.includes(' was left out: ')),
    [],
  )
  assert.equal(made.changes.length, ODD.after.length)
  assertSound(setting, made)
})
test('only what the plan moves differs', () => assertOnlyPlanned(made))
// Half of it is one file of text, where the best and the usual effort of gzip differ most.
test('the layer holds nothing that was there already', () => assertSmall(made, { slack: 0.02 }))
test('apt-get install leaves the same, apart from what is explained', () => assertAsApt(setting, made, KEPT))
test('modes, owners and capabilities of what was there stay', () => {
  const facts = (path: string) => made.after.get(path)?.what
  assert.match(facts('usr/bin/odd-no-longer-setuid') ?? '', /^file 4755 0:0 /)
  assert.match(facts('usr/bin/odd-owner') ?? '', /^file 755 0:8 /)
  assert.match(facts('usr/bin/odd-capable') ?? '', /cap_net_raw/)
  assert.match(facts('usr/bin/odd-overridden') ?? '', /^file 750 0:8 /)
  assert.match(facts('usr/bin/odd-new-overridden') ?? '', /^file 710 0:8 /)
  assert.match(facts('usr/share/odd-files/pair-3') ?? '', / as usr\/share\/odd-files\/pair-1$/)
})
test('it is made the same again, has nothing left to do, and is taken back', () => assertRepeatable(setting, made, layout))
