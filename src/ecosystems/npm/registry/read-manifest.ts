import { posix } from 'node:path'
import { Fault } from '../../../model/faults.ts'
import { integrityOfShasum, isIntegrity } from './integrity.ts'
import { isPlainText, isRecord, type Json, ownValue, plainRecord } from './json-values.ts'
import { NO_RANGES, type Ranges, readRanges } from './ranges.ts'
import { readBundled, runsInstallScript } from './read-version.ts'

/** What a version's manifest says that a lockfile repeats. Values are as the registry has them, checked for their type. */
export interface FullManifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Ranges
  readonly optionalDependencies?: Ranges
  readonly peerDependencies?: Ranges
  readonly peerDependenciesMeta?: Readonly<Record<string, Json>>
  /** As npm puts it in order: a name without folders → a path inside the package. */
  readonly bin?: Readonly<Record<string, string>>
  /** An array in manifests of old. */
  readonly engines?: Readonly<Record<string, string>> | readonly string[]
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
  readonly libc?: string | readonly string[]
  /** Of a licence object, its `type`. */
  readonly license?: string
  readonly funding?: Json
  readonly bundleDependencies?: readonly string[] | true
  readonly hasInstallScript?: true
  readonly hasShrinkwrap?: true
  readonly deprecated?: string
  readonly dist: { readonly tarball: string; readonly integrity?: string; readonly shasum?: string }
}

type Draft = { -readonly [Key in keyof FullManifest]: FullManifest[Key] }

/** Faults: `registry-invalid`, where a field that a lockfile repeats cannot be right. */
export function readManifest(document: Readonly<Record<string, unknown>>, name: string, version: string): FullManifest {
  const field = (key: string) => ownValue(document, key)
  const wrong: Wrong = what => new Fault('registry-invalid', `The registry’s answer about ${name}@${version} cannot be right: ${what}.`)
  if (field('name') !== name || field('version') !== version) throw wrong('it is about another version')

  const manifest: Draft = { name, version, dist: readDist(field('dist'), wrong) }
  const set = <Key extends keyof FullManifest>(key: Key, value: FullManifest[Key] | undefined) => {
    if (value !== undefined) manifest[key] = value
  }
  for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies'] as const) {
    const ranges = readRanges(field(key))
    if (ranges === undefined) throw wrong(`${key} is not a list of ranges`)
    set(key, ranges === NO_RANGES ? undefined : ranges)
  }
  for (const key of ['os', 'cpu', 'libc'] as const) set(key, readTextOrList(field(key)))
  const peersMeta = readJson(field('peerDependenciesMeta'))
  if (isRecord(peersMeta)) set('peerDependenciesMeta', peersMeta)
  set('bin', readBin(field('bin'), name))
  set('engines', isTextList(field('engines')) ? readTextList(field('engines')) : readTexts(field('engines')))
  set('license', readLicense(field('license')))
  set('funding', readJson(field('funding')))
  set('bundleDependencies', readBundled(field('bundleDependencies') ?? field('bundledDependencies')))
  if (runsInstallScript(document)) manifest.hasInstallScript = true
  if (field('_hasShrinkwrap') === true || field('hasShrinkwrap') === true) manifest.hasShrinkwrap = true
  const deprecated = field('deprecated')
  if (typeof deprecated === 'string' && deprecated !== '') manifest.deprecated = deprecated.slice(0, 16_384)
  return manifest
}

type Wrong = (what: string) => Fault

function readDist(dist: unknown, wrong: Wrong): FullManifest['dist'] {
  if (!isRecord(dist)) throw wrong('it names no archive')
  const tarball = ownValue(dist, 'tarball')
  const integrity = ownValue(dist, 'integrity')
  const shasum = ownValue(dist, 'shasum')
  if (!isPlainText(tarball) || !URL.canParse(tarball) || !/^https?:$/.test(new URL(tarball).protocol))
    throw wrong('its archive has no web address')
  if (integrity !== undefined && !isIntegrity(integrity)) throw wrong('its integrity value is none')
  if (shasum !== undefined && integrityOfShasum(shasum) === undefined) throw wrong('its shasum is none')
  return { tarball, ...(integrity === undefined ? {} : { integrity }), ...(typeof shasum === 'string' ? { shasum } : {}) }
}

/** npm's rule: a single path goes by the package's name; names lose their folders, and no path leaves the package. */
function readBin(value: unknown, name: string): Readonly<Record<string, string>> | undefined {
  const pairs: readonly (readonly [string, unknown])[] =
    typeof value === 'string'
      ? [[name, value]]
      : Array.isArray(value)
        ? value.map(path => [posix.basename(String(path)), path] as const)
        : isRecord(value)
          ? Object.entries(value)
          : []
  const bins = pairs.flatMap(([key, path]): readonly (readonly [string, string])[] => {
    if (!isPlainText(key) || !isPlainText(path)) return []
    const command = posix.join('/', posix.basename(key.replace(/[\\:]/g, '/'))).slice(1)
    const target = posix.join('/', path.replace(/\\/g, '/')).slice(1)
    return command === '' || target === '' ? [] : [[command, target]]
  })
  return bins.length === 0 ? undefined : plainRecord(bins)
}

function readLicense(value: unknown): string | undefined {
  const text = isRecord(value) ? ownValue(value, 'type') : value
  return isPlainText(text, 1024) && text !== '' ? text : undefined
}

function readTextOrList(value: unknown): string | readonly string[] | undefined {
  return isPlainText(value, 256) && value !== '' ? value : readTextList(value)
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= 256 && value.every(each => isPlainText(each, 512))
}

function readTextList(value: unknown): readonly string[] | undefined {
  return isTextList(value) ? value : undefined
}

/** What in it is text. */
function readTexts(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined
  const texts = Object.entries(value).filter((entry): entry is [string, string] => isPlainText(entry[0]) && isPlainText(entry[1]))
  return texts.length === 0 ? undefined : plainRecord(texts)
}

/** Small and shallow JSON as it is; nothing at all otherwise. */
function readJson(value: unknown, depth = 4): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (isPlainText(value)) return value
  if (depth === 0) return undefined
  if (Array.isArray(value)) {
    const items = value.slice(0, 1000).map(item => readJson(item, depth - 1))
    return items.filter(item => item !== undefined)
  }
  if (!isRecord(value)) return undefined
  const entries = Object.entries(value).slice(0, 1000)
  return plainRecord(
    entries.flatMap(([key, item]) => {
      const read = isPlainText(key) ? readJson(item, depth - 1) : undefined
      return read === undefined ? [] : [[key, read] as const]
    }),
  )
}
