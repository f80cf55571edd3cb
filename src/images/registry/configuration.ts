/** Which registries this machine knows and how they are reached: containers' registries.conf (version 2) and docker's daemon.json. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { JsonNode } from '../../text/json-source.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { codeOf } from '../folder-lock.ts'
import type { RegistryReference, UnqualifiedNames } from '../reference.ts'

/** One place where a repository may be read. */
export interface Location {
  readonly host: string
  readonly repository: string
  /** Plain HTTP and certificates that nobody vouches for are accepted. */
  readonly insecure: boolean
  readonly mirror: boolean
  /** Which references a mirror is asked for. */
  readonly pulls: 'all' | 'digest-only' | 'tag-only'
}

interface Remote {
  readonly location: string
  readonly insecure: boolean
  readonly pulls: Location['pulls']
}

interface RegistryRule extends Remote {
  readonly prefix: string
  readonly blocked: boolean
  readonly mirrors: readonly Remote[]
}

export interface RegistriesConfiguration extends UnqualifiedNames {
  readonly rules: readonly RegistryRule[]
}

const LARGEST = 1024 * 1024

/** Reads registries.conf, its drop-ins and daemon.json; the user's own file takes the place of the machine's. Faults: `image-registry-config`. */
export async function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
  etc = '/etc',
): Promise<RegistriesConfiguration> {
  const own = join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers')
  const machine = join(etc, 'containers')
  const named = environment['CONTAINERS_REGISTRIES_CONF']
  const first =
    named ||
    ((await readText(join(own, 'registries.conf'))) === undefined ? join(machine, 'registries.conf') : join(own, 'registries.conf'))
  const dropIns = named ? [] : [...(await listed(join(machine, 'registries.conf.d'))), ...(await listed(join(own, 'registries.conf.d')))]
  const searched: string[] = []
  const aliases = new Map<string, string>()
  const rules = new Map<string, RegistryRule>()
  for (const file of [first, ...dropIns]) {
    const text = await readText(file)
    if (text === undefined) continue
    const table = await parseToml(text, file)
    const hosts = list(table['unqualified-search-registries']).filter(host => typeof host === 'string')
    if (hosts.length > 0) searched.splice(0, searched.length, ...hosts)
    for (const [name, full] of Object.entries(record(table['aliases'])))
      if (typeof full === 'string' && full !== '') aliases.set(name, full)
    for (const entry of list(table['registry'])) {
      const rule = readRule(record(entry))
      if (rule !== undefined) rules.set(rule.prefix, rule)
    }
  }
  for (const rule of await daemonRules(join(etc, 'docker', 'daemon.json'), searched))
    if (!rules.has(rule.prefix)) rules.set(rule.prefix, rule)
  return { searched, aliases, rules: [...rules.values()] }
}

/** Where a reference is read, mirrors first; the last one is where it is written. Faults: `image-registry-refused` where the configuration blocks it. */
export function locationsOf({ rules }: RegistriesConfiguration, { host, repository, digest }: RegistryReference): readonly Location[] {
  const name = `${host}/${repository}`
  const fitting = rules.filter(({ prefix }) => fits(prefix, name)).sort((a, b) => b.prefix.length - a.prefix.length)
  const rule = fitting[0]
  if (rule === undefined) return [{ host, repository, insecure: false, mirror: false, pulls: 'all' }]
  if (rule.blocked) throw new Fault('image-registry-refused', `${name} is blocked by registries.conf.`, { hint: 'Change registries.conf.' })
  const mirrors = rule.mirrors.filter(({ pulls }) => pulls === 'all' || (pulls === 'digest-only') === (digest !== undefined))
  return [...mirrors.map(remote => ({ remote, mirror: true })), { remote: rule, mirror: false }].flatMap(({ remote, mirror }) => {
    const rest = rule.prefix.startsWith('*.') ? '' : name.slice(rule.prefix.length)
    const full = remote.location === '' || rule.prefix.startsWith('*.') ? name : remote.location + rest
    const slash = full.indexOf('/')
    if (slash < 1) return []
    const { insecure, pulls } = remote
    return [{ host: full.slice(0, slash).toLowerCase(), repository: full.slice(slash + 1), insecure, mirror, pulls }]
  })
}

function fits(prefix: string, name: string): boolean {
  if (prefix.startsWith('*.')) return (name.split('/')[0] ?? '').endsWith(prefix.slice(1))
  return name === prefix || name.startsWith(`${prefix}/`)
}

function readRule(entry: Readonly<Record<string, unknown>>): RegistryRule | undefined {
  const remote = readRemote(entry)
  const prefix = typeof entry['prefix'] === 'string' && entry['prefix'] !== '' ? entry['prefix'] : remote.location
  if (prefix === '') return undefined
  const mirrors = list(entry['mirror']).map(mirror => readRemote(record(mirror)))
  const only = entry['mirror-by-digest-only'] === true
  return {
    ...remote,
    prefix,
    blocked: entry['blocked'] === true,
    mirrors: mirrors.filter(({ location }) => location !== '').map(mirror => (only ? { ...mirror, pulls: 'digest-only' } : mirror)),
  }
}

function readRemote(entry: Readonly<Record<string, unknown>>): Remote {
  const pulls = entry['pull-from-mirror']
  return {
    location: typeof entry['location'] === 'string' ? entry['location'].replace(/\/+$/, '') : '',
    insecure: entry['insecure'] === true,
    pulls: pulls === 'digest-only' || pulls === 'tag-only' ? pulls : 'all',
  }
}

/** Docker's insecure registries. Its mirrors hold for the registry of names without a host only, so they count where registries.conf names just one. */
async function daemonRules(file: string, searched: readonly string[]): Promise<readonly RegistryRule[]> {
  const text = await readText(file)
  if (text === undefined) return []
  const daemon = readDaemon(text, file)
  const insecure = new Set(textsOf(daemon, 'insecure-registries').filter(host => !host.includes('/')))
  const mirrors = textsOf(daemon, 'registry-mirrors').flatMap(address => mirrorOf(address, insecure))
  const plain = [...insecure].map(host => ({
    prefix: host,
    location: host,
    insecure: true,
    blocked: false,
    pulls: 'all' as const,
    mirrors: [],
  }))
  const [only] = searched
  if (only === undefined || searched.length !== 1 || mirrors.length === 0) return plain
  const mirrored = { prefix: only, location: only, insecure: insecure.has(only), blocked: false, pulls: 'all' as const, mirrors }
  return [mirrored, ...plain.filter(({ prefix }) => prefix !== only)]
}

function mirrorOf(address: string, insecure: ReadonlySet<string>): readonly Remote[] {
  const url = URL.parse(address)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return []
  return [
    { location: url.host + url.pathname.replace(/\/+$/, ''), insecure: url.protocol === 'http:' || insecure.has(url.host), pulls: 'all' },
  ]
}

function readDaemon(text: string, file: string): JsonNode {
  try {
    return readJsonSource(text, { maxDepth: 32, file })
  } catch (cause) {
    throw new Fault('image-registry-config', `${file} is not valid JSON.`, { cause })
  }
}

function textsOf(node: JsonNode, key: string): readonly string[] {
  const array = node.kind === 'object' ? node.get(key) : undefined
  return array?.kind === 'array' ? array.items.flatMap(item => (item.kind === 'string' ? [item.value] : [])) : []
}

async function parseToml(text: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import('smol-toml')
  try {
    return parse(text, { maxDepth: 32 })
  } catch (cause) {
    throw new Fault('image-registry-config', `${file} is not valid TOML.`, { cause })
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const text = await readFile(file, 'utf8')
    if (text.length <= LARGEST) return text
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(codeOf(cause)))) return undefined
    throw new Fault('image-registry-config', `${file} cannot be read (${String(codeOf(cause))}).`, { cause })
  }
  throw new Fault('image-registry-config', `${file} is too large.`)
}

async function listed(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter(name => name.endsWith('.conf'))
    .sort()
    .map(name => join(folder, name))
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
