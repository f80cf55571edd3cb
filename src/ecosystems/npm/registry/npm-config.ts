import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../../model/faults.ts'
import { findNpm } from './find-npm.ts'
import { scopeOf } from './package-name.ts'

/** npm's own configuration for one project, as its client library wants it. */
export interface NpmConfig {
  /** Options for the client library: proxies, certificates, credentials, timeouts. Never print them: they hold secrets. */
  readonly options: Readonly<Record<string, unknown>>
  /** Whether the user, and not npm's default, set this key. */
  isSet(key: string): boolean
  /** The registry that serves a package, by its scope; ends in `/`. */
  registryOf(name: string): string
  /** Who we are at a registry: equal for the same credentials, and tells nothing about them. */
  identityAt(registry: string): string
  /** Where an archive is really fetched from, by npm's `replace-registry-host`. */
  archiveUrl(url: string, name: string): string
  /** npm's `before`, also from `min-release-age`: versions published later are not to be used. ISO 8601. */
  readonly before?: string
  readonly legacyPeerDeps: boolean
}

export interface NpmConfigSource {
  /** The project's folder. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform?: string
  readonly execPath?: string
}

/** Reads every `.npmrc` (built-in, global, user, project) and `npm_config_*` as npm does. Runs nothing. */
export async function loadNpmConfig(source: NpmConfigSource): Promise<NpmConfig> {
  const platform = source.platform ?? process.platform
  const { default: Config } = await import('@npmcli/config')
  const { default: settings } = await import('@npmcli/config/lib/definitions/index.js')
  Config.typeDefs.url.validate = validateUrl
  const npm = findNpm(source.env, platform, source.execPath ?? process.execPath)
  const config = new Config({
    definitions: settings.definitions,
    shorthands: settings.shorthands,
    flatten: settings.flatten,
    nerfDarts: settings.nerfDarts,
    npmPath: npm.npmFolder ?? join(tmpdir(), 'no-npm-is-installed'),
    // A copy: npm's configuration writes into it.
    env: { ...source.env },
    argv: ['node', 'npm'],
    platform,
    execPath: npm.node,
    cwd: source.folder,
    warn: false,
  })
  let options: Readonly<Record<string, unknown>>
  try {
    await config.load()
    const namesRegistry = !config.isDefault('registry')
    config.validate()
    // npm drops what is no URL and goes on with its default, and so would tell a stranger the names of private packages.
    if (namesRegistry && config.isDefault('registry')) throw new Error('its registry is no web address')
    // Without an npm there is no version of it to name.
    options = { ...config.flat, userAgent: String(config.flat['userAgent'] ?? '').replace('npm/undefined', 'npm/0') }
  } catch (cause) {
    throw new Fault('registry-refused', `npm’s configuration cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Run npm config list to see it, and npm config fix where credentials are not tied to a registry.',
      cause,
    })
  }
  return npmConfig(options, key => !config.isDefault(key), String(settings.definitions['registry']?.default ?? ''))
}

/** Instead of npm's own, which calls the deprecated `url.parse` and so makes Node.js print a warning. */
function validateUrl(data: Record<string, unknown>, key: string, value: unknown): boolean {
  const url = URL.parse(String(value))
  if (url !== null) data[key] = url.href
  return url !== null
}

function npmConfig(options: Readonly<Record<string, unknown>>, isSet: (key: string) => boolean, publicRegistry: string): NpmConfig {
  const registryOf = (name: string) => registryFor(options, scopeOf(name))
  const before = options['before']
  return {
    options,
    isSet,
    registryOf,
    identityAt: registry => identityAt(options, registry),
    archiveUrl: (url, name) => archiveUrl(url, registryOf(name), options['replaceRegistryHost'], publicRegistry),
    ...(before instanceof Date && !Number.isNaN(before.getTime()) ? { before: before.toISOString() } : {}),
    legacyPeerDeps: options['legacyPeerDeps'] === true,
  }
}

function registryFor(options: Readonly<Record<string, unknown>>, scope: string | undefined): string {
  const project = typeof options['scope'] === 'string' && options['scope'] !== '' ? options['scope'] : undefined
  const candidates = [scope && options[`${scope}:registry`], project && options[`${project}:registry`], options['registry']]
  const registry = candidates.find(candidate => typeof candidate === 'string' && candidate !== '')
  if (typeof registry !== 'string' || !URL.canParse(registry) || !/^https?:$/.test(new URL(registry).protocol)) {
    throw new Fault('registry-unreachable', 'npm’s configuration names no usable registry.')
  }
  return registry.endsWith('/') ? registry : `${registry}/`
}

/** The credentials npm would send are those whose key is the longest prefix of the URL. */
function identityAt(options: Readonly<Record<string, unknown>>, registry: string): string {
  const { host, pathname, username } = new URL(registry)
  const hash = createHash('sha256').update(`${host}${pathname} ${username}`)
  for (let prefix = `//${host}${pathname}`; prefix.length > 2; prefix = prefix.replace(/(?:[^/]+|\/)$/, '')) {
    const token = options[`${prefix}:_authToken`] ?? options[`${prefix}:_auth`]
    const user = options[`${prefix}:username`]
    const certificate = options[`${prefix}:certfile`]
    if (token === undefined && user === undefined && certificate === undefined) continue
    // A short digest of the secret tells two apart, and is of no use for guessing one.
    const secret = token === undefined ? '' : createHash('sha256').update(String(token)).digest('hex').slice(0, 6)
    return hash
      .update(` ${secret} ${String(user)} ${String(certificate)}`)
      .digest('hex')
      .slice(0, 24)
  }
  return hash.digest('hex').slice(0, 24)
}

/** npm's own rule: a host, `always`, or a URL whose host and path are a prefix, gives way to the configured registry. */
function archiveUrl(url: string, registry: string, replace: unknown, publicRegistry: string): string {
  if (replace === 'never') return url
  const archive = new URL(url)
  const configured = new URL(registry)
  const rule = replace === undefined || replace === 'npmjs' ? new URL(publicRegistry).hostname : String(replace)
  const prefix = URL.canParse(rule) ? new URL(rule) : undefined
  const prefixPath = prefix?.pathname.replace(/\/$/, '') ?? ''
  if (rule !== 'always' && (prefix?.hostname ?? rule) !== archive.hostname) return url
  if (!isUnder(archive.pathname, prefixPath)) return url
  const base = configured.pathname.replace(/\/$/, '')
  const path = archive.pathname.slice(prefixPath.length)
  return new URL((prefixPath === '' && isUnder(path, base) ? '' : base) + path + archive.search, configured.origin).href
}

function isUnder(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`)
}
