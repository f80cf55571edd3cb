/** Which distribution and release an image is. Source: os-release(5). */
import { Fault } from '../../model/faults.ts'
import type { ImageFiles } from '../../model/image.ts'
import { printable } from '../../text/printable.ts'
import { type KnownRelease, RELEASES } from './releases.ts'

export interface OsRelease {
  /** Lower case: `debian`, `ubuntu`. */
  readonly id: string
  readonly like: readonly string[]
  /** `12`, `22.04`; absent for releases that are not out yet. */
  readonly version?: string
  /** `bookworm`. */
  readonly codename?: string
  /** What a person would call it. */
  readonly name: string
  /** The row of the table of releases, where it is one of them. */
  readonly known?: KnownRelease
}

const LONGEST = 64 * 1024

/** Undefined where the image has no such file. */
export async function readOsRelease(files: ImageFiles): Promise<OsRelease | undefined> {
  const file = [files.follow('etc/os-release'), files.follow('usr/lib/os-release')].find(found => found?.type === 'file')
  if (file === undefined) return undefined
  if (file.size > LONGEST) throw new Fault('file-too-large', `${file.path} is larger than ${LONGEST} bytes`)
  return parseOsRelease(Buffer.from((await files.read([file.path])).get(file.path) ?? []).toString('utf8'))
}

export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? []
    if (key !== '') values.set(key, unquote(value))
  }
  const id = printable(values.get('ID') ?? 'linux').toLowerCase()
  const version = printable(values.get('VERSION_ID') ?? '') || undefined
  const codename =
    values.get('VERSION_CODENAME') ?? values.get('UBUNTU_CODENAME') ?? /\((\w+)\)/.exec(values.get('VERSION') ?? '')?.[1]?.toLowerCase()
  const known = RELEASES.find(
    release => release.distribution === id && (version === undefined ? release.codename === codename : release.version === version),
  )
  return {
    id,
    like: (values.get('ID_LIKE') ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter(word => word !== ''),
    ...(version !== undefined && { version }),
    ...((codename ?? known?.codename) !== undefined && { codename: codename ?? known?.codename ?? '' }),
    name: printable(values.get('PRETTY_NAME') ?? values.get('NAME') ?? id),
    ...(known !== undefined && { known }),
  }
}

function unquote(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? []
  return inner === undefined ? value : value.startsWith('"') ? inner.replace(/\\(["\\$`])/g, '$1') : inner
}

/** The ecosystem of OSV records about the release: `Debian:12`, `Ubuntu:22.04:LTS`. Undefined for other distributions. */
export function osvEcosystem({ id, version, known }: OsRelease): string | undefined {
  const release = version ?? known?.version
  if (release === undefined) return undefined
  if (id === 'debian') return `Debian:${release.split('.')[0]}`
  if (id !== 'ubuntu') return undefined
  const lts = known?.lts ?? /^\d[02468]\.04$/.test(release)
  return `Ubuntu:${release}${lts ? ':LTS' : ''}`
}
