/**
 * What `update-ca-certificates` makes of the authorities that are there: one file with all of them, a link for each, and links by the
 * hash of each subject. Learned from the tool's behaviour and compared with what it leaves (test/system).
 */
import { createHash } from 'node:crypto'
import { dirname, posix } from 'node:path'
import type { ImageFiles } from '../../../../model/image.ts'
import { comparePaths, type LayerBuilder, type Origin } from '../layer-builder.ts'
import { certificatesOf, subjectHash } from './subject-hash.ts'

const SHIPPED = 'usr/share/ca-certificates'
const LOCAL = 'usr/local/share/ca-certificates'
const CONFIG = 'etc/ca-certificates.conf'
const FOLDER = 'etc/ssl/certs'
const BUNDLE = `${FOLDER}/ca-certificates.crt`
const HASH_LINK = /^[0-9a-f]{8}\.\d+$/

export interface Renewal {
  readonly files: ImageFiles
  readonly builder: LayerBuilder
  readonly origin: Origin
  /** Dates what is made. Seconds since the epoch. */
  readonly mtime: number
}

export async function renewCertificates(renewal: Renewal): Promise<void> {
  const { files, builder, origin, mtime } = renewal
  if (files.follow(CONFIG)?.type !== 'file' || files.follow(FOLDER)?.type !== 'directory') return
  const shipped = certificateFiles(builder, SHIPPED)
  const local = certificateFiles(builder, LOCAL)
  const contents = await builder.read([CONFIG, ...shipped.map(name => `${SHIPPED}/${name}`), ...local.map(name => `${LOCAL}/${name}`)])
  const before = Buffer.from(contents.get(CONFIG) ?? []).toString('utf8')
  const config = renewConfig(before, shipped, local, await trustsNew(files))
  if (config !== before)
    await builder.write(CONFIG, Buffer.from(config), { mode: 0o644, uid: 0, gid: 0, mtime }, { ...origin, because: 'database' })
  const lines = config.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  const chosen = [
    ...lines.flatMap(line => (!line.startsWith('!') && shipped.includes(line) ? `${SHIPPED}/${line}` : [])),
    ...local.map(name => `${LOCAL}/${name}`),
  ]
  const changed = renewLinks(chosen, lines, renewal)
  const bundle = chosen.map(path => withNewline(Buffer.from(contents.get(path) ?? [])))
  await builder.write(BUNDLE, Buffer.concat(bundle), { mode: 0o644, uid: 0, gid: 0, mtime }, origin)
  if (changed) await renewHashes(renewal)
}

/** `*.crt` below a folder, relative to it, sorted by bytes. */
function certificateFiles(builder: LayerBuilder, folder: string): string[] {
  const found: string[] = []
  const walk = (path: string, depth: number): void => {
    for (const name of builder.children(path)) {
      if (name.endsWith('.crt')) found.push(`${path}/${name}`.slice(folder.length + 1))
      else if (depth < 8) walk(`${path}/${name}`, depth + 1)
    }
  }
  walk(folder, 0)
  return found.sort(comparePaths)
}

/** Debconf's answer to whether new authorities are trusted; yes where it has none. */
async function trustsNew(files: ImageFiles): Promise<boolean> {
  const file = files.follow('var/cache/debconf/config.dat')
  if (file?.type !== 'file') return true
  const text = Buffer.from((await files.read([file.path])).get(file.path) ?? []).toString('utf8')
  const stanza = text.split('\n\n').find(item => /^Name: ca-certificates\/trust_new_crts$/m.test(item))
  return /^Value: (?:no|ask)$/m.exec(stanza ?? '') === null
}

/** One line an authority, `!` before those that are not wanted or not there any more; new ones behind. */
export function renewConfig(before: string, shipped: readonly string[], local: readonly string[], trustNew: boolean): string {
  const known = new Set<string>()
  const lines = before.replace(/\n$/, '').split('\n')
  const renewed = lines.map(line => {
    if (line.startsWith('#') || line === '') return line
    const name = line.replace(/^!/, '')
    known.add(name)
    return line.startsWith('!') || shipped.includes(name) || local.includes(name) ? line : `!${name}`
  })
  const added = shipped.filter(name => !known.has(name)).map(name => (trustNew ? name : `!${name}`))
  return `${[...renewed, ...added].join('\n')}\n`
}

/** Links to authorities by their names; true if any came, went or changed. */
function renewLinks(chosen: readonly string[], lines: readonly string[], { builder, origin, mtime }: Renewal): boolean {
  let changed = false
  for (const line of lines) {
    if (!line.startsWith('!')) continue
    const link = `${FOLDER}/${posix.basename(line.slice(1), '.crt')}.pem`
    if (targetOf(link, builder) === undefined) continue
    builder.hide(link, origin)
    changed = true
  }
  for (const path of chosen) {
    const name = posix.basename(path, '.crt').replaceAll(' ', '_').replace(/[()]/g, '=').replaceAll(',', '_')
    const link = `${FOLDER}/${name}.pem`
    if (targetOf(link, builder) === `/${path}`) continue
    builder.put({ path: link, kind: 'symlink', target: `/${path}`, mode: 0o777, uid: 0, gid: 0, mtime }, origin)
    changed = true
  }
  return changed
}

function targetOf(path: string, builder: LayerBuilder): string | undefined {
  const entry = builder.get(path)
  if (entry !== undefined) return entry.kind === 'symlink' ? entry.target : undefined
  return builder.files.get(path)?.target
}

/** Links that lead nowhere go; each certificate gets a link by its subject's hash, numbered where several share it. */
async function renewHashes({ builder, origin, mtime }: Renewal): Promise<void> {
  const names = builder.children(FOLDER)
  const ends = new Map<string, string>()
  for (const name of names) {
    const end = endOf(`${FOLDER}/${name}`, builder)
    if (end === undefined) builder.hide(`${FOLDER}/${name}`, origin)
    else if (!HASH_LINK.test(name) && /\.(?:pem|crt|cer)$/.test(name)) ends.set(name, end)
  }
  const contents = await builder.read(new Set(ends.values()))
  const wanted = new Map<string, string>()
  const seen = new Set<string>()
  const next = new Map<string, number>()
  for (const [name, end] of [...ends].sort(([a], [b]) => comparePaths(a, b))) {
    const [certificate, more] = certificatesOf(Buffer.from(contents.get(end) ?? []).toString('latin1'))
    const hash = certificate === undefined || more !== undefined ? undefined : subjectHash(certificate)
    if (certificate === undefined || hash === undefined) continue
    const digest = `${hash} ${createHash('sha1').update(certificate).digest('hex')}`
    if (seen.has(digest)) continue
    seen.add(digest)
    const number = next.get(hash) ?? 0
    next.set(hash, number + 1)
    wanted.set(`${hash}.${number}`, name)
  }
  for (const name of names) {
    if (HASH_LINK.test(name) && !wanted.has(name) && targetOf(`${FOLDER}/${name}`, builder) !== undefined)
      builder.hide(`${FOLDER}/${name}`, origin)
  }
  for (const [name, target] of wanted) {
    const path = `${FOLDER}/${name}`
    if (targetOf(path, builder) !== target) builder.put({ path, kind: 'symlink', target, mode: 0o777, uid: 0, gid: 0, mtime }, origin)
    else if (builder.get(path)?.kind === 'symlink' && builder.files.get(path)?.target === target) builder.drop(path)
  }
}

/** Where links lead in the end; undefined where nowhere. */
function endOf(path: string, builder: LayerBuilder): string | undefined {
  let at = path
  for (let links = 0; links < 10; links++) {
    const target = targetOf(at, builder)
    if (target === undefined) return builder.exists(at) ? at : undefined
    at = target.startsWith('/') ? target.slice(1) : posix.join(dirname(at), target)
    at = builder.files.canonical(at) ?? at
  }
  return undefined
}

function withNewline(content: Buffer): Buffer {
  return content.length === 0 || content.at(-1) === 0x0a ? content : Buffer.concat([content, Buffer.from('\n')])
}
