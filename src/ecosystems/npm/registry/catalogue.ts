import type { Catalogue, PackageFacts } from '../../../model/catalogue.ts'
import type { Sha256 } from '../../../model/digest.ts'
import type { Question } from './client.ts'
import { plainRecord } from './json-values.ts'
import { type Limits, limitsOf } from './limits.ts'
import { type Manifests, openManifests } from './manifests.ts'
import { digestOf } from './metadata-block.ts'
import type { NpmConfig } from './npm-config.ts'
import { packFacts, unpackFacts } from './pack-facts.ts'
import { escapeName, isPackageName } from './package-name.ts'
import { readPackument } from './read-packument.ts'
import { type Counts, openRecords, type Wanted } from './records.ts'

export interface CatalogueOptions {
  readonly config: NpmConfig
  /** Made when it is needed. Undefined: nothing is kept on disk. */
  readonly cacheFolder: string | undefined
  /** Asks for whole documents, which are several times larger; set when a cool-down is. npm's own `before` implies it. */
  readonly needPublishTimes: boolean
  readonly now: () => Date
  /** Uses what is in the cache, however old, and asks no one. npm's own `offline` implies it. */
  readonly offline?: boolean
  readonly progress?: (done: number, total: number) => void
  /** For what does not stop the work, such as a cache folder that cannot be written. */
  readonly warn?: (sentence: string) => void
  readonly signal?: AbortSignal
  readonly limits?: Partial<Limits>
}

export interface NpmCatalogue extends Catalogue, Manifests {
  /** SHA-256 of the facts that `get` answers with, in the form of `packFacts`. Undefined when the package was never loaded. */
  metadataDigest(name: string): Sha256 | undefined
  readonly counts: Readonly<Counts>
}

// What npm sends: a registry that knows no short documents answers with the whole one.
const SHORT = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*'
const WHOLE = 'application/json'

/** A package's facts, decoded when they are first asked for: a plan loads many more packages than it looks into. */
interface Loaded {
  record?: Buffer
  facts?: PackageFacts
  readonly digest: Sha256
}

/** The packages of npm registries, as npm's own configuration finds them. */
export function openCatalogue(options: CatalogueOptions): NpmCatalogue {
  const { config, now } = options
  const limits = limitsOf(config, options.limits)
  const whole = options.needPublishTimes || config.before !== undefined
  const records = openRecords({
    config,
    cacheFolder: options.cacheFolder,
    limits,
    now,
    offline: options.offline === true || config.options['offline'] === true,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.warn === undefined ? {} : { warn: options.warn }),
  })
  const loaded = new Map<string, Loaded>()
  let last: Promise<void> = Promise.resolve()

  const get = (name: string): PackageFacts | undefined => {
    const known = loaded.get(name)
    if (known === undefined) return undefined
    if (known.record !== undefined) {
      known.facts = unpackFacts(known.record)
      delete known.record
    }
    return known.facts
  }

  const load = async (names: Iterable<string>): Promise<void> => {
    const wanted: Wanted[] = []
    const order: string[] = []
    for (const name of new Set(names)) {
      if (loaded.has(name)) continue
      // No registry can have it, and a path must not become part of a URL.
      if (!isPackageName(name)) loaded.set(name, absent(name))
      else {
        order.push(name)
        wanted.push(wantedPackage(config, limits, name, whole))
      }
    }
    const known = await records.obtain(wanted, options.progress)
    for (const [index, name] of order.entries()) loaded.set(name, known[index] ?? absent(name))
  }

  return {
    ...openManifests(config, limits, records, get),
    load(names) {
      // One after the other, so that no package is asked for twice.
      const next = last.then(() => load(names))
      last = next.catch(() => undefined)
      return next
    },
    get,
    metadataDigest: name => loaded.get(name)?.digest,
    counts: records.counts,
  }
}

function wantedPackage(config: NpmConfig, limits: Limits, name: string, whole: boolean): Wanted {
  const registry = config.registryOf(name)
  const url = `${registry}${escapeName(name)}`
  const question: Question = { url, registry, name, about: name, longest: limits.documentBytes, accept: whole ? WHOLE : SHORT }
  return {
    key: whole ? `${name} whole` : name,
    question,
    ...(whole ? {} : { otherwise: { ...question, accept: WHOLE } }),
    reduce: bytes => packFacts(bytes === undefined ? withoutVersions(name) : readPackument(bytes.toString(), name)),
  }
}

function withoutVersions(name: string): PackageFacts {
  return { name, versions: [], tags: plainRecord([]) }
}

function absent(name: string): Loaded {
  const record = packFacts(withoutVersions(name))
  return { record, digest: digestOf(record) }
}
