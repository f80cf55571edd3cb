import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { assertAsApt, EXPLAINED, KEPT } from './as-apt.ts'
import { makeLayout } from './make-layout.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, assertSound, type PatchedCase, patch } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'

const PACKAGES = ['nginx', 'openssl', 'curl', 'python3', 'perl', 'postgresql-client', 'redis-server', 'ca-certificates']
/** What starts, and the package whose upstream version it tells. */
const STARTS: readonly (readonly [command: string, source: string])[] = [
  ['nginx -v 2>&1', 'nginx'],
  ['openssl version', 'openssl'],
  ['curl --version', 'curl'],
  ['python3 -c "import ssl, sys, zlib, sqlite3; print(sys.version, ssl.OPENSSL_VERSION)"', 'python3.11'],
  ['perl -MPOSIX -MSocket -e "print sprintf(q{%vd}, $^V)"', 'perl'],
  ['psql --version', 'postgresql-client-15'],
  ['redis-server --version', 'redis-server'],
]

let setting: ImageSetting
let layout: string
let made: PatchedCase

before(async () => {
  setting = await openSetting()
  layout = makeLayout(join(setting.scratch, 'server'), [setting.root({ name: 'server', packages: PACKAGES })], { compression: 'zstd' })
  made = patch(setting, 'server', layout)
})
after(() => setting?.close())

test('a server set gets every security update that the archive has, sound to dpkg and apt', () => {
  assert.ok(made.changes.length >= 10, `${made.changes.length} changes`)
  const refused = made.notes.filter(note => note.includes(' was left out: '))
  assert.ok(refused.length <= made.changes.length * 0.06, refused.join('\n'))
  assertSound(setting, made)
})

test('its programs start, those that moved with their new versions', () => {
  const script = STARTS.map(([command]) => `${command} || echo FAILED; echo ---`).join('\n')
  const { out, err } = setting.containers.sh(made.patched, script)
  const said = out.split('---\n')
  for (const [at, [command, name]] of STARTS.entries()) {
    assert.doesNotMatch(said[at] ?? 'FAILED', /FAILED/, `${command}: ${err}`)
    const to = made.changes.find(change => change.name === name)?.to
    const upstream = to
      ?.replace(/^\d+:/, '')
      .replace(/[-+~][^-]*$/, '')
      .replace(/[-+~].*$/, '')
    if (upstream !== undefined) assert.ok(said[at]?.includes(upstream), `${command} says ${said[at]}, and ${name} is ${to}`)
  }
})

test('only what the plan moves differs', () => assertOnlyPlanned(made))
test('the layer holds nothing that was there already, and is packed well', () => assertSmall(made))

test('what apt-get install leaves differs in nothing that docs/concepts/image-differences.md does not explain', () =>
  assertAsApt(setting, made))

test('it is made the same again, has nothing left to do, and is taken back', () => assertRepeatable(setting, made, layout))

test('what is explained has its heading in the docs', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/concepts/image-differences.md'), 'utf8')
  for (const { heading } of [...EXPLAINED, ...KEPT]) assert.match(text, new RegExp(`^## ${heading}$`, 'm'))
})
