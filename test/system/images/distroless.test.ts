/** As images without dpkg, apt and a shell are: records and digests under `status.d`, no sources. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { must, run } from './command.ts'
import { takeOut } from './extra-layer.ts'
import { makeLayout } from './make-layout.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, type PatchedCase, patch, real } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'

const PACKAGES = [
  'base-files',
  'libc6',
  'libgcc-s1',
  'gcc-12-base',
  'libssl3',
  'openssl',
  'ca-certificates',
  'libpcre2-8-0',
  'liblzma5',
  'zlib1g',
]
const FOLDER = 'var/lib/dpkg/status.d'

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

/** The files of some packages of a real root, and what dpkg knew of them, laid out without dpkg. */
function statusFolderRoot(root: string, scratch: string): string {
  const whole = join(scratch, 'whole')
  mkdirSync(whole)
  must('tar', ['--extract', '--file', root, '--directory', whole, '--numeric-owner', '--preserve-permissions'])
  const info = join(whole, 'var/lib/dpkg/info')
  mkdirSync(join(whole, FOLDER))
  const stanzas = readFileSync(join(whole, 'var/lib/dpkg/status'), 'utf8').split('\n\n')
  const paths = new Set(['./usr', './etc', './tmp', './bin', './lib', './lib64', './sbin'])
  for (const name of PACKAGES) {
    const stanza = stanzas.find(text => text.startsWith(`Package: ${name}\n`)) ?? assert.fail(name)
    writeFileSync(
      join(whole, FOLDER, name),
      `${stanza
        .replace(/^Status: .*\n/m, '')
        .replace(/^Conffiles:\n(?: .*\n?)*/m, '')
        .trimEnd()}\n`,
    )
    const stem = readdirSync(info).includes(`${name}.list`) ? name : `${name}:amd64`
    writeFileSync(join(whole, FOLDER, `${name}.md5sums`), readFileSync(join(info, `${stem}.md5sums`)))
    for (const line of readFileSync(join(info, `${stem}.list`), 'utf8').split('\n')) {
      if (line !== '' && line !== '/.' && run('test', ['-e', join(whole, line), '-o', '-L', join(whole, line)]).code === 0)
        paths.add(`./${real(whole, line.slice(1))}`)
    }
  }
  for (const path of ['var', 'var/lib', 'var/lib/dpkg', FOLDER]) paths.add(`./${path}`)
  for (const name of readdirSync(join(whole, FOLDER))) paths.add(`./${FOLDER}/${name}`)
  const list = join(scratch, 'paths')
  writeFileSync(list, [...paths].sort().join('\n'))
  const tar = join(scratch, 'distroless.tar')
  must('tar', ['--create', '--file', tar, '--directory', whole, '--numeric-owner', '--no-recursion', '--files-from', list])
  return tar
}

test('packages move, and records and digests are in step with the files', () => {
  assert.ok(made.changes.length > 0)
  const folder = join(made.trees.after, FOLDER)
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
