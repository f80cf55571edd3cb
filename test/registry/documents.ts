import { integrityOf, makeArchive, shasumOf } from './archive.ts'

/** A version's manifest without what the registry adds: name, version and dist. A `dist` of its own wins. */
export type TestManifest = Readonly<Record<string, unknown>>

export interface TestPackage {
  readonly versions: Readonly<Record<string, TestManifest>>
  /** version → ISO 8601. */
  readonly time?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
  /** More files in the archive of a version, besides package.json. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export type TestPackages = Readonly<Record<string, TestPackage>>

/** What a registry's short document keeps of a manifest. */
const SHORT_FIELDS = [
  'name',
  'version',
  'deprecated',
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bundleDependencies',
  'acceptDependencies',
  'bin',
  'directories',
  'dist',
  'engines',
  'os',
  'cpu',
  'libc',
  'funding',
  'hasInstallScript',
  '_hasShrinkwrap',
]

/** The documents and archives of a registry at a URL, made when they are first asked for. */
export function makeDocuments(url: string) {
  const packages = new Map<string, TestPackage>()
  const archives = new Map<string, Buffer>()
  const rendered = new Map<string, Buffer>()

  const archive = (name: string, version: string): Buffer | undefined => {
    const key = `${name}@${version}`
    const known = archives.get(key)
    const manifest = own(packages.get(name)?.versions, version)
    if (known !== undefined || manifest === undefined) return known
    const { dist: _dist, deprecated: _deprecated, hasInstallScript: _hasInstallScript, ...packed } = manifest
    const content = JSON.stringify({ name, version, ...packed }, undefined, 2)
    const made = makeArchive({ 'package.json': `${content}\n`, ...own(packages.get(name)?.files, version) })
    archives.set(key, made)
    return made
  }

  const manifest = (name: string, version: string): TestManifest | undefined => {
    const given = own(packages.get(name)?.versions, version)
    if (given === undefined) return undefined
    const scripts = given['scripts']
    const runs =
      typeof scripts === 'object' && scripts !== null && ['preinstall', 'install', 'postinstall'].some(key => Object.hasOwn(scripts, key))
    const bytes = given['dist'] === undefined ? archive(name, version) : undefined
    const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`
    const dist = bytes && { tarball: `${url}${name}/-/${file}`, integrity: integrityOf(bytes), shasum: shasumOf(bytes) }
    return { name, version, ...(runs ? { hasInstallScript: true } : {}), ...(dist === undefined ? {} : { dist }), ...given }
  }

  const packument = (name: string, form: 'short' | 'whole'): Buffer | undefined => {
    const key = `${name} ${form}`
    const known = rendered.get(key)
    const given = packages.get(name)
    if (known !== undefined || given === undefined) return known
    const versions = Object.keys(given.versions).map(version => {
      const full = manifest(name, version) ?? {}
      const entries = Object.entries(full).filter(([field]) => form === 'whole' || SHORT_FIELDS.includes(field))
      return [version, Object.fromEntries(entries)] as const
    })
    const latest = versions.at(-1)?.[0]
    const tags = given.tags ?? (latest === undefined ? {} : { latest })
    const document = {
      name,
      'dist-tags': tags,
      versions: Object.fromEntries(versions),
      ...(form === 'whole' && given.time ? { time: given.time } : {}),
    }
    const made = Buffer.from(JSON.stringify(document))
    rendered.set(key, made)
    return made
  }

  return {
    archive,
    manifest,
    packument,
    /** Adds or replaces a package. */
    publish(name: string, given: TestPackage) {
      packages.set(name, given)
      for (const key of rendered.keys()) if (key.startsWith(`${name} `)) rendered.delete(key)
      for (const key of archives.keys()) if (key.startsWith(`${name}@`)) archives.delete(key)
    },
  }
}

function own<Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
