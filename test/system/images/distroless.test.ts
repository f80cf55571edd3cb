/** As images without dpkg, apt and a shell are: records and digests under `status.d`, no sources. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from './command.ts'
import { takeOut } from './extra-layer.ts'
import { makeLayout } from './make-layout.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, type PatchedCase, patch } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'
import { STATUS_FOLDER, statusFolderRoot } from './status-folder-root.ts'

let setting: ImageSetting
let layout: string
let made: PatchedCase

before(async () => {
  setting = await openSetting()
  const root = setting.root({ name: 'minbase', packages: ['ca-certificates'] })
  layout = makeLayout(join(setting.scratch, 'distroless'), [statusFolderRoot(root, setting.scratch)])
  made = patch(setting, 'distroless', layout)
})
after(() => setting?.close())

test('packages move, none is refused, and records and digests are in step with the files', () => {
  assert.ok(made.changes.length > 0)
  assert.deepEqual(
    made.notes.filter(note => note.includes(' was left out: ')),
    [],
  )
  const folder = join(made.trees.after, STATUS_FOLDER)
  for (const { name, to } of made.changes)
    assert.match(readFileSync(join(folder, name), 'utf8'), new RegExp(`^Version: ${to?.replace(/[.+]/g, '\\$&')}$`, 'm'))
  for (const name of readdirSync(folder).filter(file => file.endsWith('.md5sums'))) {
    const { code, out, err } = run('md5sum', ['--check', '--quiet', join(folder, name)], { cwd: made.trees.after })
    assert.equal(code, 0, `${name}: ${out}${err}`)
  }
})

test('where its packages come from is said, because the image does not say it', () => assert.match(made.notes.join('\n'), /source|apt/i))

test('what it holds runs with the new libraries', () => {
  const version = made.changes.find(({ name }) => name === 'openssl')?.to?.replace(/-.*/, '')
  const { out, code, err } = run('chroot', [made.trees.after, '/usr/bin/openssl', 'version'])
  assert.equal(code, 0, err)
  if (version !== undefined) assert.ok(out.includes(`OpenSSL ${version}`), out)
})

test('only what the plan moves differs', () => {
  takeOut(setting.root({ name: 'minbase', packages: ['ca-certificates'] }), join(setting.scratch, 'lists'), ['var/lib/dpkg/info'])
  assertOnlyPlanned(made, { lists: join(setting.scratch, 'lists') })
})
test('the layer holds nothing that was there already, and is packed well', () => assertSmall(made))
test('it is made the same again, has nothing left to do, and is taken back', () => assertRepeatable(setting, made, layout))
