/**
 * Real Debian root filesystems as tar archives, made by mmdebstrap from the stable suite without its security updates. Where the
 * packages come from is read from the machine's own apt configuration; nothing names a mirror here.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

export interface Mirror {
  readonly main: string
  readonly security: string
  readonly codename: string
}

/** The first `main` repository and the security repository of the machine's apt sources. */
export function machineMirror(): Mirror {
  const lines = [...globSync('/etc/apt/sources.list.d/*.sources'), ...globSync('/etc/apt/sources.list.d/*.list'), '/etc/apt/sources.list']
    .filter(path => existsSync(path))
    .map(path => readFileSync(path, 'utf8'))
    .join('\n\n')
  const found: { uri: string; suite: string }[] = []
  for (const stanza of lines.split(/\n\s*\n/)) {
    const uris = /^URIs:\s*(.+)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? []
    const suites = /^Suites:\s*(.+)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? []
    for (const uri of uris) for (const suite of suites) found.push({ uri, suite })
  }
  for (const [, uri = '', suite = ''] of lines.matchAll(/^deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/gm)) found.push({ uri, suite })
  const main = found.find(({ suite }) => !suite.includes('security') && !/-(updates|backports)$/.test(suite))
  const security = found.find(({ suite }) => suite.includes('security'))
  if (main === undefined || security === undefined) throw new Error('the machine has no apt sources with a security suite')
  return { main: main.uri, security: security.uri, codename: main.suite }
}

export interface RootOptions {
  readonly name: string
  readonly packages?: readonly string[]
  readonly architecture?: string
  /** Shell lines run by mmdebstrap outside the root, with `$1` its folder. */
  readonly hooks?: readonly string[]
  /** Contents of etc/apt/sources.list; a stanza for sources.list.d where it starts with `Types:`. */
  readonly sources?: string
}

export function oneLineSources({ main, security, codename }: Mirror): string {
  const keyring = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  return `deb ${keyring} ${main} ${codename} main\ndeb ${keyring} ${security} ${codename}-security main\n`
}

export function deb822Sources({ main, security, codename }: Mirror): string {
  const stanza = (uri: string, suite: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`
  return `${stanza(main, codename)}\n${stanza(security, `${codename}-security`)}`
}

/** Path of the tar archive; made once in `folder`. */
export function makeRoot(folder: string, mirror: Mirror, options: RootOptions): string {
  const { name, packages = [], architecture, hooks = [], sources = oneLineSources(mirror) } = options
  const path = join(folder, `${name}.tar`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const place = sources.startsWith('Types:') ? 'etc/apt/sources.list.d/debian.sources' : 'etc/apt/sources.list'
  const write = `rm -f "$1/etc/apt/sources.list"; printf '%s' '${sources}' > "$1/${place}"`
  const partial = join(folder, `${name}.partial.tar`)
  const args = ['--variant=minbase', '--aptopt=Acquire::Check-Valid-Until "false"', '--quiet']
  if (architecture !== undefined) args.push(`--architectures=${architecture}`)
  if (packages.length > 0) args.push(`--include=${packages.join(',')}`)
  for (const hook of [write, ...hooks]) args.push(`--customize-hook=${hook}`)
  const run = spawnSync('mmdebstrap', [...args, mirror.codename, partial, `deb ${mirror.main} ${mirror.codename} main`], {
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
  })
  if (run.status !== 0) throw new Error(`mmdebstrap ${name}: ${run.stderr?.slice(-2000) ?? String(run.error)}`)
  renameSync(partial, path)
  return path
}
