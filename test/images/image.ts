/** Images of Debian packages for tests, laid out as dpkg leaves them: files, records, lists, configuration, in as many layers as wanted. */
import { createHash } from 'node:crypto'
import { controlOf, type DebContent, type DebSpec } from '../../src/ecosystems/deb/testing/make-deb.ts'
import { type LayeredImage, type LayeredOptions, layeredImage } from '../../src/images/testing/layered-image.ts'
import type { TarItem } from '../../src/images/testing/make-tar.ts'
import { CONFFILE, DIVERTED, INSTALLED } from './packages.ts'

export const KEYRING = 'usr/share/keyrings/archive.asc'

const OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'

export interface ImageSpec {
  /** Address of the repository; none: the image has no sources. */
  readonly repository?: string
  readonly publicKey?: string
  readonly osRelease?: string
  readonly packages?: readonly DebSpec[]
  /** Content of the conffile, where an administrator changed it. */
  readonly conffile?: string
  /** Names of packages that are held. */
  readonly held?: readonly string[]
  /** Put on top, each a layer of its own. */
  readonly above?: readonly (readonly TarItem[])[]
  readonly options?: LayeredOptions
  readonly suites?: readonly string[]
}

/** An ordinary image: what makes it a system below, packages above. */
export function debianImage(spec: ImageSpec): LayeredImage {
  return layeredImage([systemLayer(spec), packageLayer(spec), ...(spec.above ?? [])], spec.options)
}

/** As images without dpkg are: one record a package, no list of files, no sources. */
export function statusFolderImage(spec: ImageSpec): LayeredImage {
  const packages = spec.packages ?? INSTALLED
  const folder = 'var/lib/dpkg/status.d'
  const records = packages.flatMap((item): TarItem[] => [
    { path: `${folder}/${nameOf(item)}`, content: `${controlOf(item)}\n` },
    { path: `${folder}/${nameOf(item)}.md5sums`, content: sumsOf(item) },
  ])
  const system = [...folders(), file('etc/os-release', spec.osRelease ?? OS_RELEASE)]
  return layeredImage([system, [...packages.flatMap(filesOf), ...records]], spec.options)
}

export function file(path: string, content: string, mode = 0o644): TarItem {
  return { path, content, mode, mtime: 1_600_000_000 }
}

function folders(): TarItem[] {
  const links = ['bin', 'lib', 'sbin'].map((path): TarItem => ({ path, type: 'symlink', target: `usr/${path}` }))
  const made = ['etc', 'usr', 'usr/bin', 'usr/lib', 'usr/sbin', 'var', 'var/lib', 'var/lib/dpkg', 'var/lib/dpkg/info', 'tmp']
  return [...made.map((path): TarItem => ({ path, type: 'directory', mode: path === 'tmp' ? 0o1777 : 0o755 })), ...links]
}

function systemLayer({ repository, publicKey, osRelease = OS_RELEASE, suites = ['bookworm', 'bookworm-security'] }: ImageSpec): TarItem[] {
  const lines = suites.map(suite => `deb [signed-by=/${KEYRING}] ${repository} ${suite} main\n`).join('')
  return [
    ...folders(),
    file('etc/os-release', osRelease),
    file('etc/hostname', 'made-for-a-test\n'),
    file('usr/bin/sudo', 'sudo', 0o4755),
    ...(repository === undefined ? [] : [file('etc/apt/sources.list', lines)]),
    ...(publicKey === undefined ? [] : [file(KEYRING, publicKey)]),
  ]
}

function packageLayer({ packages = INSTALLED, conffile, held = [] }: ImageSpec): TarItem[] {
  const info = 'var/lib/dpkg/info'
  const files = packages.flatMap(filesOf).map(item => {
    if (item.path === CONFFILE && conffile !== undefined) return { ...item, content: conffile }
    return item.path === DIVERTED ? { ...item, path: `${DIVERTED}.distrib` } : item
  })
  const records = packages.flatMap((item): TarItem[] => {
    const stem = /^Multi-Arch: same$/m.test(controlOf(item)) ? `${nameOf(item)}:amd64` : nameOf(item)
    const others = Object.entries(item.controlFiles ?? {}).map(([kind, content]) => file(`${info}/${stem}.${kind}`, content))
    return [file(`${info}/${stem}.list`, listOf(item)), file(`${info}/${stem}.md5sums`, sumsOf(item)), ...others]
  })
  return [
    ...files,
    file(DIVERTED, 'the logo of another package\n'),
    ...records,
    file('var/lib/dpkg/diversions', `/${DIVERTED}\n/${DIVERTED}.distrib\nrebranding\n`),
    file('var/lib/dpkg/status', packages.map(item => `${statusOf(item, held)}\n\n`).join('')),
  ]
}

/** What dpkg notes of an installed package. */
export function statusOf(item: DebSpec, held: readonly string[] = []): string {
  const [first = '', ...rest] = controlOf(item).split('\n')
  const want = held.includes(nameOf(item)) ? 'hold' : 'install'
  const conffiles = (item.controlFiles?.['conffiles'] ?? '').split('\n').filter(path => path !== '')
  const noted = conffiles.map(path => ` ${path} ${md5(contentAt(item, path.slice(1)))}`)
  return [first, `Status: ${want} ok installed`, ...(noted.length === 0 ? [] : ['Conffiles:', ...noted]), ...rest].join('\n')
}

function nameOf(item: DebSpec): string {
  return /^Package: (.*)$/m.exec(controlOf(item))?.[1] ?? ''
}

function filesOf({ files = [] }: DebSpec): TarItem[] {
  return files.map(({ path, content = '', link, mode = 0o644 }) => ({
    path: path.replace(/^(bin|lib|sbin)\//, 'usr/$1/'),
    mtime: 1_600_000_000,
    ...(link === undefined ? { content, mode } : { type: 'symlink', target: link, mode: 0o777 }),
  }))
}

/** In the archive's order, links last, as dpkg writes it. */
function listOf({ files = [] }: DebSpec): string {
  const paths = new Set(['/.'])
  for (const { path } of [...files.filter(({ link }) => link === undefined), ...files.filter(({ link }) => link !== undefined)]) {
    const parts = path.split('/')
    for (let depth = 1; depth <= parts.length; depth++) paths.add(`/${parts.slice(0, depth).join('/')}`)
  }
  return `${[...paths].join('\n')}\n`
}

function sumsOf(item: DebSpec): string {
  const conffiles = item.controlFiles?.['conffiles'] ?? ''
  const isSummed = ({ path, content }: DebContent) => content !== undefined && !conffiles.includes(`/${path}\n`)
  return (item.files ?? [])
    .filter(isSummed)
    .map(({ path, content = '' }) => `${md5(content)}  ${path}\n`)
    .join('')
}

function contentAt({ files = [] }: DebSpec, wanted: string): string | Uint8Array {
  return files.find(({ path }) => path === wanted)?.content ?? ''
}

function md5(content: string | Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}
