/** An image for another architecture than this machine's: nothing in it could run here, and nothing has to. */
import assert from 'node:assert/strict'
import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { must, run } from './command.ts'
import { makeLayout } from './make-layout.ts'
import { machineMirror, oneLineSources } from './make-root.ts'
import { assertOnlyPlanned, assertRepeatable, assertSmall, type PatchedCase, patch } from './patched.ts'
import { type ImageSetting, openSetting } from './setting.ts'

const ARCHITECTURE = process.arch === 'arm64' ? 'amd64' : 'arm64'
const PACKAGES = ['base-files', 'libc6', 'libssl3', 'openssl', 'liblzma5', 'libpcre2-8-0', 'zlib1g', 'tzdata', 'debian-archive-keyring']

let setting: ImageSetting
let layout: string
let made: PatchedCase

before(async () => {
  setting = await openSetting()
  layout = makeLayout(join(setting.scratch, 'foreign'), [foreignRoot(setting.scratch)], { architecture: ARCHITECTURE })
  made = patch(setting, 'foreign', layout)
})
after(() => setting?.close())

/** Archives unpacked, with the record that dpkg would have of them; no maintainer script has run. */
function foreignRoot(scratch: string): string {
  const mirror = machineMirror()
  const root = join(scratch, 'foreign-root')
  const hook = `mkdir -p ${scratch}/debs && cp "$1"/var/cache/apt/archives/*.deb ${scratch}/debs/`
  must('mmdebstrap', [
    '--variant=extract',
    `--architectures=${ARCHITECTURE}`,
    `--include=${PACKAGES.join(',')}`,
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--skip=download/empty,essential/unlink,cleanup/apt',
    `--extract-hook=${hook}`,
    mirror.codename,
    root,
    `deb ${mirror.main} ${mirror.codename} main`,
  ])
  const info = join(root, 'var/lib/dpkg/info')
  mkdirSync(info, { recursive: true })
  writeFileSync(join(info, 'format'), '1\n')
  const stanzas = globSync(join(scratch, 'debs/*.deb'))
    .sort()
    .map(deb => recordOf(deb, info))
  writeFileSync(join(root, 'var/lib/dpkg/status'), `${stanzas.join('\n\n')}\n`)
  must('rm', ['-rf', join(root, 'var/lib/apt/lists'), join(root, 'etc/apt/sources.list'), join(root, 'dev')])
  mkdirSync(join(root, 'etc/apt/sources.list.d'), { recursive: true })
  writeFileSync(join(root, 'etc/apt/sources.list'), oneLineSources(mirror))
  const tar = join(scratch, 'foreign.tar')
  must('tar', ['--create', '--file', tar, '--directory', root, '--numeric-owner', '--sort=name', '.'])
  return tar
}

function recordOf(deb: string, info: string): string {
  const control = join(info, `${basename(deb)}.control`)
  must('dpkg-deb', ['--control', deb, control])
  const field = (name: string) => must('dpkg-deb', ['--field', deb, name]).trim()
  const stem = field('Multi-Arch') === 'same' ? `${field('Package')}:${field('Architecture')}` : field('Package')
  const conffiles: string[] = []
  for (const file of globSync(join(control, '*'))) {
    if (basename(file) !== 'control') renameSync(file, join(info, `${stem}.${basename(file)}`))
  }
  const listed = must('dpkg-deb', ['--contents', deb])
    .split('\n')
    .flatMap(line => / \.(\/.*?)(?: -> .*)?$/.exec(line)?.[1] ?? [])
  writeFileSync(join(info, `${stem}.list`), `/.\n${listed.flatMap(path => path.replace(/\/$/, '') || []).join('\n')}\n`)
  const declared = join(info, `${stem}.conffiles`)
  if (run('test', ['-e', declared]).code === 0) {
    const root = join(info, '../../../..')
    for (const path of must('cat', [declared])
      .split('\n')
      .filter(line => line.startsWith('/')))
      conffiles.push(` ${path} ${must('md5sum', [join(root, path)]).slice(0, 32)}`)
    must('rm', [declared])
  }
  const [first = '', ...rest] = must('dpkg-deb', ['--field', deb]).trim().split('\n')
  must('rm', ['-rf', control])
  return [first, 'Status: install ok installed', ...rest, ...(conffiles.length === 0 ? [] : ['Conffiles:', ...conffiles])].join('\n')
}

test('packages move, and dpkg finds the result whole', () => {
  assert.ok(made.changes.length > 0)
  const dpkg = (...words: readonly string[]) => run('dpkg', [`--root=${made.trees.after}`, ...words])
  assert.deepEqual([dpkg('--audit').out, dpkg('--verify').out], ['', run('dpkg', [`--root=${made.trees.before}`, '--verify']).out])
  const status = readFileSync(join(made.trees.after, 'var/lib/dpkg/status'), 'utf8').split('\n\n')
  for (const { name, to } of made.changes) {
    const record = status.find(text => text.startsWith(`Package: ${name}\n`)) ?? ''
    assert.equal(/^Version: (.*)$/m.exec(record)?.[1], to, name)
  }
})
test('only what the plan moves differs', () => assertOnlyPlanned(made))
test('the layer holds nothing that was there already, and is packed well', () => assertSmall(made))
test('it is made the same again, has nothing left to do, and is taken back', () => assertRepeatable(setting, made, layout))
