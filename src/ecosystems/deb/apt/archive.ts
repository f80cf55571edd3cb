/**
 * What the verified indexes of an image's sources offer. Suites are fetched when they are first asked for: those with security updates
 * first, all others only when somebody asks for more.
 */
import { Fault } from '../../../model/faults.ts'
import type { InstalledPackage, OfferedPackage, OfferingSuite } from '../package.ts'
import type { Archive } from '../plan/archive.ts'
import type { Support } from '../releases.ts'
import { fetchIndex } from './fetch-index.ts'
import { fetchRelease, type ReleaseReader, type SignedRelease } from './fetch-release.ts'
import { readOffered } from './offered.ts'
import type { PackagesIndex } from './packages-index.ts'
import { isSecurityRelease } from './release-file.ts'
import { type AptSource, isSecuritySuite } from './source.ts'

export type Depth = 'security' | 'all'

/** The archive as the command line has it: the planner's port, and a little more. */
export interface AptArchive extends Archive {
  /** Packages that a source package makes, of all versions, from the suites of this depth. */
  fromSource(source: string, depth: Depth): Promise<readonly OfferedPackage[]>
  /** Suites that were used so far, with who signed them. */
  suites(): readonly SignedRelease[]
  /** What a person should know: a machine's key that was used, an age that was not minded. */
  notes(): readonly string[]
  close(): Promise<void>
}

export interface ArchiveRequest extends ReleaseReader {
  readonly sources: readonly AptSource[]
  /** The image's own, then its foreign ones. */
  readonly architectures: readonly string[]
  /** What is installed decides whether a suite that is not automatic counts. */
  readonly installed: readonly Pick<InstalledPackage, 'name' | 'version'>[]
  /** How the image's release stands, and what it is called. */
  readonly support?: Support
  readonly releaseName: string
}

interface OpenIndex {
  readonly index: PackagesIndex
  readonly suite: OfferingSuite
  readonly automatic: boolean
}

const SEPARATELY = 4

/** Nothing is fetched before the first question. */
export function openArchive(request: ArchiveRequest): AptArchive {
  const opened: Record<Depth, Promise<readonly OpenIndex[]> | undefined> = { security: undefined, all: undefined }
  const suites = new Map<string, Promise<readonly OpenIndex[]>>()
  const signed: SignedRelease[] = []
  const notes: string[] = []
  const named = new Map<string, Map<string, OfferedPackage>>()
  const provided = new Map<string, Map<string, OfferedPackage>>()
  const asked: Record<Depth, Set<string>> = { security: new Set(), all: new Set() }
  const installed = new Map<string, string[]>()
  for (const { name, version } of request.installed) installed.set(name, [...(installed.get(name) ?? []), version])

  const open = (depth: Depth): Promise<readonly OpenIndex[]> => {
    opened[depth] ??= (async () => {
      const indexes: OpenIndex[] = []
      for (const group of groupsOf(sourcesAt(request.sources, depth))) {
        const key = `${group[0]?.uri}\n${group[0]?.suite}`
        let suite = suites.get(key)
        if (suite === undefined) {
          suite = openSuite(request, group, signed, notes)
          suites.set(key, suite)
        }
        indexes.push(...(await suite))
      }
      return indexes
    })()
    return opened[depth]
  }

  /** Every package that one index has under a name, and that may be taken from it. */
  const read = async (
    { index, suite, automatic }: OpenIndex,
    by: 'names' | 'sources' | 'provided',
    name: string,
  ): Promise<OfferedPackage[]> => {
    const invalid = (what: string) => new Fault('apt-index-invalid', `${suite.uri} ${suite.suite} ${suite.component} ${what}`)
    const found = (await index.find(by, name)).map(text => readOffered(text, suite, invalid))
    return found.filter(
      item =>
        (item.architecture === 'all' || request.architectures.includes(item.architecture)) &&
        (automatic || cameFromHere(item, installed.get(item.name) ?? [])),
    )
  }

  const loadOne = async (name: string, depth: Depth): Promise<void> => {
    const [byName, byProvided] = [
      named.get(name) ?? new Map<string, OfferedPackage>(),
      provided.get(name) ?? new Map<string, OfferedPackage>(),
    ]
    for (const index of await open(depth)) {
      for (const item of await read(index, 'names', name)) if (item.name === name) keepFirst(byName, item)
      for (const item of await read(index, 'provided', name)) {
        if (item.name !== name && item.provides.some(virtual => virtual.name === name)) keepFirst(byProvided, item)
      }
    }
    named.set(name, byName)
    provided.set(name, byProvided)
  }

  return {
    async load(names, depth) {
      const missing = [...new Set(names)].filter(name => !asked.all.has(name) && !asked[depth].has(name))
      await open(depth)
      for (let i = 0; i < missing.length; i += SEPARATELY) {
        await Promise.all(missing.slice(i, i + SEPARATELY).map(name => loadOne(name, depth)))
      }
      for (const name of missing) asked[depth].add(name)
    },
    offered: name => [...(named.get(name)?.values() ?? [])],
    providers: name => [...(provided.get(name)?.values() ?? [])],
    async fromSource(source, depth) {
      const found = new Map<string, OfferedPackage>()
      for (const index of await open(depth)) {
        for (const item of await read(index, 'sources', source)) if (item.source.name === source) keepFirst(found, item)
      }
      return [...found.values()]
    },
    suites: () => [...signed],
    notes: () => [...new Set([...signed.flatMap(({ notes }) => notes), ...notes])],
    async close() {
      for (const suite of suites.values()) for (const { index } of await suite.catch(() => [])) await index.close()
    },
  }
}

/** The same archive may be offered by several suites: the one that was asked first has it. */
function keepFirst(found: Map<string, OfferedPackage>, item: OfferedPackage): void {
  const key = `${item.name} ${item.architecture} ${item.version} ${item.sha256}`
  if (!found.has(key)) found.set(key, item)
}

/** Security suites alone where any source is known to be one by its name. */
function sourcesAt(sources: readonly AptSource[], depth: Depth): readonly AptSource[] {
  const security = sources.filter(isSecuritySuite)
  if (security.length === 0) return sources
  return depth === 'security' ? security : [...security, ...sources.filter(source => !isSecuritySuite(source))]
}

/** Sources of one suite of one repository, which differ in components. */
function groupsOf(sources: readonly AptSource[]): (readonly AptSource[])[] {
  const groups = new Map<string, AptSource[]>()
  for (const source of sources) {
    const key = `${source.uri}\n${source.suite}`
    groups.set(key, [...(groups.get(key) ?? []), source])
  }
  return [...groups.values()]
}

async function openSuite(
  request: ArchiveRequest,
  group: readonly AptSource[],
  all: SignedRelease[],
  notes: string[],
): Promise<readonly OpenIndex[]> {
  const [first] = group
  if (first === undefined) return []
  const signed = await fetchRelease(request, first).catch((cause: unknown) => {
    throw endedOr(cause, request)
  })
  all.push(signed)
  const { release } = signed
  const indexes: OpenIndex[] = []
  const wanted = new Map<string, { component: string | undefined; architecture: string }>()
  for (const source of group) {
    const own =
      source.architectures === undefined
        ? request.architectures
        : request.architectures.filter(name => source.architectures?.includes(name))
    const architectures = release.architectures.includes('all') && !release.allIsInEach ? [...own, 'all'] : own
    const components = source.components.length > 0 ? source.components : [undefined]
    for (const component of components) {
      for (const architecture of component === undefined ? ['any'] : architectures)
        wanted.set(`${component} ${architecture}`, { component, architecture })
    }
  }
  for (const { component, architecture } of wanted.values()) {
    const fetched = await fetchIndex(request, signed, component, architecture)
    if (fetched === undefined) {
      if (architecture !== 'all') notes.push(`${first.uri} ${first.suite} has no index of ${component ?? 'packages'} for ${architecture}.`)
      continue
    }
    const suite: OfferingSuite = {
      uri: first.uri,
      suite: first.suite,
      codename: release.codename,
      release: { suite: release.suite, version: release.version, origin: release.origin, label: release.label },
      component: component ?? '',
      architecture,
      security: isSecurityRelease(release),
      inReleaseSha256: signed.sha256,
      indexSha256: fetched.sha256,
      date: release.date.toISOString(),
    }
    indexes.push({ index: fetched.index, suite, automatic: !release.notAutomatic })
  }
  return indexes
}

/** Archives of releases that have ended are moved away or grow stale: then that is what is wrong. */
function endedOr(cause: unknown, { support, releaseName }: ArchiveRequest): unknown {
  if (support?.state !== 'ended' || !(cause instanceof Fault)) return cause
  if (!['apt-release-invalid', 'apt-release-expired', 'apt-mirror-unreachable', 'apt-key-expired'].includes(cause.code)) return cause
  const { extended } = support
  return new Fault('suite-end-of-life', `${releaseName} got its last updates on ${support.since}; ${cause.message}`, {
    cause,
    ...(extended !== undefined && {
      hint: `${extended.name} goes on until ${extended.until} for those who have access: name its archive with --source. Else move to a supported release.`,
    }),
  })
}

/** From a suite that is not automatic, only what came from there: the version itself, or one made for the same purpose. */
function cameFromHere({ version }: OfferedPackage, installed: readonly string[]): boolean {
  return installed.some(own => own === version || (/~bpo\d/.test(own) && /~bpo\d/.test(version)))
}
