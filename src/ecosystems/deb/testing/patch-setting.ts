/** An image with packages installed, from small .debs, and what a patch of it gives: for tests. */
import { createHash } from 'node:crypto'
import { sha256FromHex } from '../../../model/digest.ts'
import { Fault } from '../../../model/faults.ts'
import type { ImageFile, ImageFiles, LayerEntry } from '../../../model/image.ts'
import { readDeb } from '../archive-file/read-deb.ts'
import { readStanza, stanzaSpans } from '../control.ts'
import type { OfferedPackage } from '../package.ts'
import { type DebPatch, type PackageUpgrade, patchPackages } from '../patch/patch.ts'
import { readPackage } from '../read-package.ts'
import { readDpkg } from '../read-status.ts'
import { type ArchiveParts, makeArchive, type TarItem } from './make-archive.ts'
import { type MemoryEntry, memoryFiles } from './memory-files.ts'

export type Facts = Readonly<Record<string, Partial<Pick<ImageFile, 'mode' | 'uid' | 'gid' | 'xattrs'>>>>

/** The same tree with other modes and owners. */
export function withFacts(files: ImageFiles, facts: Facts): ImageFiles {
  const changed = (file: ImageFile | undefined) => file && { ...file, ...(Object.hasOwn(facts, file.path) && facts[file.path]) }
  return { ...files, get: path => changed(files.get(path)), follow: path => changed(files.follow(path)) }
}

export interface Made extends ArchiveParts {
  readonly name: string
  readonly version: string
  readonly architecture?: string
}

export function offered(bytes: Uint8Array, control: string): OfferedPackage {
  const invalid = (what: string) => new Fault('deb-invalid', what)
  const [span] = stanzaSpans(control, invalid)
  if (span === undefined) throw invalid('is empty')
  const zero = sha256FromHex('0'.repeat(64))
  const suite = {
    uri: 'https://deb.example/debian/',
    suite: 's',
    codename: 's',
    release: { suite: 's', version: '1', origin: 'Debian', label: 'Debian' },
    component: 'main',
    architecture: 'amd64',
    security: true,
    inReleaseSha256: zero,
    indexSha256: zero,
    date: '2026-01-01T00:00:00Z',
  }
  const sha256 = sha256FromHex(createHash('sha256').update(bytes).digest('hex'))
  return { ...readPackage(control, readStanza(control, span, invalid), invalid), filename: 'pool/x.deb', size: bytes.length, sha256, suite }
}

/** Patches an image with one archive for each package made; what is installed under the name is replaced. */
export async function patchWith(files: ImageFiles, made: readonly Made[], allowScripts: readonly string[] = []): Promise<DebPatch> {
  const database = await readDpkg(files)
  if (database === undefined) throw new Error('the image has no packages')
  const upgrades: PackageUpgrade[] = []
  for (const { name, version, architecture = 'amd64', ...parts } of made) {
    const deb = makeArchive(name, version, architecture, parts)
    const from = database.packages.find(item => item.name === name)
    upgrades.push({ ...(from !== undefined && { from }), to: offered(deb, (await readDeb(deb, 'made')).control), deb })
  }
  return patchPackages({ files, database, upgrades, allowScripts: new Set(allowScripts) })
}

/** One line for each entry: `+path` a file, `-path` a whiteout, `path -> target`, `path = target` a hard link, `path/`. */
export function shown(entries: readonly LayerEntry[]): string[] {
  return entries.map(line)
}

function line(entry: LayerEntry): string {
  switch (entry.kind) {
    case 'whiteout':
      return `-${entry.path}`
    case 'symlink':
      return `${entry.path} -> ${entry.target}`
    case 'hardlink':
      return `${entry.path} = ${entry.target}`
    case 'directory':
      return `${entry.path}/`
    case 'file':
      return `+${entry.path}`
  }
}

export function textOf({ layer }: DebPatch, path: string): string {
  const entry = layer.entries.find(item => item.path === path)
  if (entry?.kind !== 'file') throw new Error(`${path} is no file of the layer`)
  return Buffer.from(entry.content).toString('utf8')
}

/** A merged `/usr`, accounts and an empty database, with more on top. */
export function image(entries: Readonly<Record<string, MemoryEntry>>): ImageFiles {
  return memoryFiles({
    lib: { link: 'usr/lib' },
    bin: { link: 'usr/bin' },
    'usr/lib/os-release': '',
    'usr/bin/sh': '',
    'usr/share/doc/any': '',
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nredis:x:101:102::/:/bin/false\n',
    'etc/group': 'root:x:0:\nshadow:x:42:\nredis:x:102:\n',
    ...entries,
  })
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

export const STATUS = 'var/lib/dpkg/status'
export const INFO = 'var/lib/dpkg/info'

export const stanza = (name: string, version: string, more = '') =>
  `Package: ${name}\nStatus: install ok installed\nMaintainer: Somebody <somebody@deb.example>\nArchitecture: amd64\nVersion: ${version}\n${more}Description: made for a test\n`

/** `thing` 1 installed with these files, and others beside. */
export function installed(files: readonly string[], entries: Readonly<Record<string, MemoryEntry>> = {}, more = '') {
  return image({
    ...Object.fromEntries(files.filter(path => !path.endsWith('/')).map(path => [path, `old ${path}`])),
    [`${INFO}/thing.list`]: ['/.', ...files.map(path => `/${path.replace(/\/$/, '')}`)].map(line => `${line}\n`).join(''),
    [STATUS]: `${stanza('another', '1')}\n${stanza('thing', '1', more)}\n${stanza('zebra', '1')}\n`,
    ...entries,
  })
}

export const thing = (files: readonly TarItem[], more: Partial<Made> = {}): Made => ({ name: 'thing', version: '2', files, ...more })
/** What changes beside dpkg's own files. */
export const content = (lines: readonly string[]) => lines.filter(line => !line.includes('var/lib/dpkg'))
