/** One image patched as a user does it, pushed to a registry, pulled again, and everything that can be asked of the result. */
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { must, type Ran, suture } from './command.ts'
import type { Containers } from './containers.ts'
import { differences, readTree, type TreeFile } from './tree.ts'

export interface Setting {
  /** For everything that is made. */
  readonly scratch: string
  readonly registry: string
  readonly containers: Containers
}

export interface Change {
  readonly name: string
  readonly from?: string
  readonly to?: string
  readonly locations: readonly string[]
}

export interface PatchedCase {
  readonly name: string
  /** In the registry, patched. */
  readonly reference: string
  readonly folder: string
  readonly changes: readonly Change[]
  readonly notes: readonly string[]
  readonly receipt: string
  readonly digest: string
  /** podman's names of both images, and their trees. */
  readonly original: string
  readonly patched: string
  readonly before: ReadonlyMap<string, TreeFile>
  readonly after: ReadonlyMap<string, TreeFile>
  readonly trees: { readonly before: string; readonly after: string }
}

/** Records that name Debian, so that the archive's changelogs need not be read, and no flaw. */
const NO_FLAW = `${JSON.stringify({
  id: 'TEST-1',
  modified: '2024-01-01T00:00:00Z',
  affected: [
    { package: { ecosystem: 'Debian:12', name: 'no-such-package' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] },
  ],
})}\n`

export interface PatchWishes {
  /** Of `suture fix`, besides the image and where it goes. */
  readonly words?: readonly string[]
}

export function patch(
  { scratch, registry, containers }: Setting,
  name: string,
  layout: string,
  { words = ['--update', 'all'] }: PatchWishes = {},
): PatchedCase {
  const folder = join(scratch, 'work', name)
  mkdirSync(folder, { recursive: true })
  const advisories = join(scratch, 'work', 'advisories.ndjson')
  if (!existsSync(advisories)) writeFileSync(advisories, NO_FLAW)
  const reference = `${registry}/suture/${name}:patched`
  const ran = fix(join(scratch, 'work'), folder, ['fix', layout, ...words, '--advisories', advisories, '--output', reference, '--json'])
  const { plan, verification, receipt, image } = JSON.parse(ran.out)
  for (const { check, result, detail } of verification) assert.equal(result, 'passed', `${check}: ${detail}`)
  const [original, patched] = [containers.pull(layout), containers.pull(reference)]
  const trees = { before: containers.tree(original, `${name}-before`), after: containers.tree(patched, `${name}-after`) }
  return {
    name,
    reference,
    folder,
    changes: plan.changes,
    notes: plan.notes,
    receipt: join(folder, receipt),
    digest: image.digest,
    original,
    patched,
    before: readTree(trees.before),
    after: readTree(trees.after),
    trees,
  }
}

/** The home and the cache are shared, the receipts are not. */
function fix(shared: string, folder: string, words: readonly string[]): Ran {
  const ran = suture(shared, words, folder)
  assert.ok(ran.code === 0 || ran.code === 1, `${words.join(' ')} ended with ${ran.code}\n${ran.err}`)
  return ran
}

/** Everything outside what the plan moves is the same, and the layer holds nothing that was there already. */
export function assertOnlyPlanned(made: PatchedCase, { lists }: { readonly lists?: string } = {}): void {
  const planned = plannedPaths(made, lists === undefined ? [] : [lists])
  const stray = differences(made.before, made.after).filter(({ path }) => !planned(path))
  assert.deepEqual(stray, [], 'paths outside the plan differ')
}

/** What dpkg puts beside a conffile that somebody changed. */
const BESIDE = /\.dpkg-(dist|new|old|bak)$/
const CONFFILE = /^(\S+) +c \//

/** Files of the packages that change, before and after, and the database's own; what handlers make anew. */
function plannedPaths({ changes, trees }: PatchedCase, more: readonly string[]): (path: string) => boolean {
  const packages = new Set(changes.flatMap(({ locations }) => locations))
  const names = new Set([...packages].map(key => key.split(':')[0] ?? ''))
  const listed = new Set<string>()
  for (const tree of [trees.before, trees.after, ...more]) {
    const info = join(tree, 'var/lib/dpkg/info')
    for (const file of existsSync(info) ? readdirSync(info) : []) {
      const stem = file.replace(/\.list$/, '')
      if (!file.endsWith('.list') || !(packages.has(stem) || names.has(stem))) continue
      for (const line of readFileSync(join(info, file), 'utf8').split('\n')) listed.add(real(trees.before, line.slice(1)))
    }
  }
  for (const tree of [trees.before, trees.after]) {
    for (const name of names) {
      const sums = join(tree, 'var/lib/dpkg/status.d', `${name}.md5sums`)
      if (!existsSync(sums)) continue
      for (const line of readFileSync(sums, 'utf8').split('\n')) listed.add(real(trees.before, line.slice(34)))
    }
  }
  const database = /^var\/lib\/dpkg\/(status|status\.d\/.*|triggers\/.*|diversions|alternatives\/.*)$|^var\/lib\/apt\/extended_states$/
  const made = /^etc\/ld\.so\.cache$|^etc\/ssl\/certs(\/|$)|^etc\/ca-certificates\.conf$|^etc\/alternatives\/|\/__pycache__(\/|$)/
  return full => {
    const path = full.replace(BESIDE, '')
    const info = /^var\/lib\/dpkg\/info\/([^/]+?)(:[a-z0-9]+)?\.[a-z0-9]+$/.exec(path)
    return listed.has(path) || (info !== null && names.has(info[1] ?? '')) || database.test(path) || made.test(path)
  }
}

/** As the files really lie: with a merged `/usr`, and diverted. */
export function real(tree: string, path: string): string {
  const diversions = join(tree, 'var/lib/dpkg/diversions')
  const lines = existsSync(diversions) ? readFileSync(diversions, 'utf8').split('\n') : []
  const from = lines.findIndex((line, at) => at % 3 === 0 && line === `/${path}`)
  return merged(tree, from < 0 ? path : (lines[from + 1] ?? '').slice(1))
}

function merged(tree: string, path: string): string {
  const [top = ''] = path.split('/')
  const isLink = /^(s?bin|lib(32|64|x32)?)$/.test(top) && (lstatSync(join(tree, top), { throwIfNoEntry: false })?.isSymbolicLink() ?? false)
  return isLink ? `usr/${path}` : path
}

export interface PatchLayer {
  readonly stored: number
  readonly plain: Buffer
}

/** The layer on top, from the registry. */
export async function topLayer({ reference }: PatchedCase): Promise<PatchLayer> {
  const [, host = '', repository = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? []
  const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'
  const manifest: { layers: { digest: string }[] } = JSON.parse(
    await (await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { headers: { accept } })).text(),
  )
  const { digest = '' } = manifest.layers.at(-1) ?? {}
  const bytes = Buffer.from(await (await fetch(`http://${host}/v2/${repository}/blobs/${digest}`)).arrayBuffer())
  return { stored: bytes.length, plain: gunzipSync(bytes) }
}

/** What the layer holds differs from what was there, entry for entry, and it is packed about as well as gzip can. */
export async function assertSmall(made: PatchedCase, { slack = 0.01 }: { readonly slack?: number } = {}): Promise<void> {
  const { stored, plain } = await topLayer(made)
  const floor = gzipSync(plain, { level: 9 }).length
  assert.ok(stored <= floor * (1 + slack), `${stored} bytes, where ${floor} would do`)
  const names = must('tar', ['--list', '--quoting-style=escape'], { input: plain.toString('latin1'), latin1: true })
    .split('\n')
    .filter(name => name !== '' && !name.endsWith('/'))
  const whiteouts = names.filter(name => /(^|\/)\.wh\./.test(name))
  const same = names.filter(name => !whiteouts.includes(name)).filter(name => made.before.get(name)?.what === made.after.get(name)?.what)
  assert.deepEqual(same, [], 'files that were there already are shipped')
  for (const name of whiteouts) assert.ok(made.before.has(name.replace(/\.wh\.([^/]+)$/, '$1')), `${name} hides nothing`)
}

/** What dpkg and apt themselves say of the result. A conffile that differs from its record is somebody's, and judged by comparison with apt. */
export function assertSound({ containers }: Setting, made: PatchedCase): void {
  const ask = (image: string, script: string) => {
    const { out, err, code } = containers.sh(image, script)
    return { said: `${out}${err}`.trim(), code }
  }
  assert.deepEqual(ask(made.patched, 'dpkg --audit'), { said: '', code: 0 }, 'dpkg --audit')
  const complaints = (image: string) =>
    ask(image, 'dpkg --verify')
      .said.split('\n')
      .filter(line => !CONFFILE.test(line))
  const known = new Set(complaints(made.original))
  assert.deepEqual(
    complaints(made.patched).filter(line => line !== '' && !known.has(line)),
    [],
    'dpkg --verify',
  )
  const check = ask(made.patched, 'apt-get check -q=2')
  assert.equal(check.code, 0, `apt-get check: ${check.said}`)
  const offered = containers.sh(made.patched, 'apt-get update -q=2 >/dev/null && apt-get -s upgrade -q=2')
  assert.equal(offered.code, 0, offered.err)
  const names = new Set(made.changes.map(({ name }) => name))
  const again = [...offered.out.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name.split(':')[0] ?? '').filter(name => names.has(name))
  assert.deepEqual(again, [], 'apt would upgrade what was patched')
  const versions = new Map(
    containers
      .sh(made.patched, `dpkg-query -W -f '\${Package} \${Version}\\n'`)
      .out.split('\n')
      .map(line => [line.split(' ')[0] ?? '', line.split(' ')[1]] as const),
  )
  for (const { name, to } of made.changes) if (to !== undefined) assert.equal(versions.get(name), to, name)
}

/** A second party gets the same digest from the same inputs; a second fix has nothing to do; undo gives the original back. */
export function assertRepeatable({ scratch }: Setting, made: PatchedCase, layout: string): void {
  const shared = join(scratch, 'work')
  const verify = suture(shared, ['verify', made.receipt, '--json'], made.folder)
  assert.equal(verify.code, 0, `${verify.out}${verify.err}`)
  const advisories = join(shared, 'advisories.ndjson')
  const again = suture(
    shared,
    ['fix', layout, '--update', 'all', '--advisories', advisories, '--output', `${made.reference}-again`, '--json'],
    made.folder,
  )
  assert.equal(JSON.parse(again.out).image.digest, made.digest, 'made twice, the digests differ')
  const more = suture(
    shared,
    ['fix', made.reference, '--update', 'all', '--advisories', advisories, '--output', `${made.reference}-more`, '--json'],
    made.folder,
  )
  assert.deepEqual(JSON.parse(more.out).plan?.changes, [], `a patched image is patched again: ${more.out.slice(0, 2000)}${more.err}`)
  const undone = suture(shared, ['undo', made.receipt, '--json'], made.folder)
  assert.equal(undone.code, 0, undone.err)
}
