import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const LARGEST = 8_000_000

let folder: string
let tarball: string
let installed: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suture-package-'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, maxBuffer: 64_000_000 })
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n')))
  tarball = join(folder, packed.filename)
  await run('npm', ['install', '--global', '--offline', '--prefix', join(folder, 'prefix'), tarball])
  installed = join(folder, 'prefix/lib/node_modules/suture')
})

after(() => rm(folder, { recursive: true, force: true }))

function suture(words: readonly string[], options: { node?: string; before?: readonly string[]; cwd?: string } = {}) {
  const { node = process.execPath, before = [], cwd = folder } = options
  const ran = spawnSync(node, [...before, join(installed, 'dist/suture.js'), ...words], { cwd, encoding: 'utf8' })
  return { out: ran.stdout, err: ran.stderr, code: ran.status }
}

test('the tarball is small and runs no script when it is installed', async () => {
  assert.ok((await stat(tarball)).size <= LARGEST)
  const { scripts, dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(scripts[script], undefined)
  assert.equal(dependencies, undefined)
})

test('what is installed works without any other package', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  assert.deepEqual(suture(['--version']), { out: `${version}\n`, err: '', code: 0 })
  assert.match(suture(['--help']).out, /suture fix/)
  assert.match(suture([], { cwd: folder }).out, /There is no package-lock\.json/)
  assert.equal(spawnSync(join(folder, 'prefix/bin/suture'), ['--version'], { env: { PATH: `${join(process.execPath, '..')}` } }).status, 0)
})

test('the licences of what is inside travel along', async () => {
  const notices = await readFile(join(installed, 'dist/THIRD-PARTY.txt'), 'utf8')
  for (const name of ['@stricli/core', 'cadical-wasm', 'semver', 'yaml', 'zod']) assert.match(notices, new RegExp(`^${name} \\d`, 'm'))
})

const TOLD = /^error\[node-too-old\]: Suture needs Node\.js 22\.18 or newer; this is [\d.]+\nhint: .+\n$/

test('an older Node.js gets one sentence and a hint', () => {
  const pretend = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.0'}})"
  const ran = suture(['scan'], { before: ['--import', pretend] })
  assert.match(ran.err, TOLD)
  assert.deepEqual([ran.out, ran.code], ['', 3])
})

test('so does every older Node.js that is installed here', () => {
  for (const place of (process.env['PATH'] ?? '').split(':')) {
    const node = join(place, 'node')
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? ''
    if (!/^v(1[4-9]|20|21)\./.test(version)) continue
    const ran = suture(['scan'], { node })
    assert.match(ran.err, TOLD, `${node} ${version}`)
    assert.equal(ran.code, 3)
  }
})

test('a reader that has seen enough is no fault', () => {
  const command = `"${process.execPath}" "${join(installed, 'dist/suture.js')}" fix --help | head -n 1`
  const ran = spawnSync('bash', ['-c', `set -o pipefail; ${command}`], { encoding: 'utf8' })
  assert.equal(ran.stderr, '')
})
