/** From an image to its archive: configuration, keys and network put together. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ImageFiles } from '../../../model/image.ts'
import type { OsRelease } from '../os-release.ts'
import type { OfferedPackage } from '../package.ts'
import type { DpkgDatabase } from '../read-status.ts'
import { supportOf } from '../releases.ts'
import { openAptCache } from './apt-cache.ts'
import { type AptArchive, openArchive } from './archive.ts'
import { readAptConfiguration } from './configuration.ts'
import { downloadDeb } from './download.ts'
import { openKeyrings } from './keyrings.ts'
import { keptOutBy } from './preferences.ts'
import { aptFetch, type Fetch, type Transport } from './transport.ts'

export interface AptRequest {
  readonly files: ImageFiles
  readonly release: OsRelease
  readonly database: DpkgDatabase
  /** `--source`. */
  readonly asked?: readonly string[]
  /** `suture.yaml`, for an image without sources of its own. */
  readonly otherwise?: readonly string[]
  readonly now: () => Date
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where downloads are kept; `defaultAptCache` unless told otherwise. */
  readonly cacheFolder: string
  readonly offline?: boolean
  /** For how long a signed index is not asked for again; 5 minutes. */
  readonly freshMs?: number
  /** PEM file of a certificate authority of one's own. */
  readonly certificates?: string
  readonly acceptUnsigned?: boolean
  readonly machineFolder?: string
  readonly machineKeyrings?: readonly string[]
  /** For tests and for those who have one. */
  readonly fetch?: Fetch
  readonly sleep?: (ms: number) => Promise<void>
  readonly signal?: AbortSignal
}

export interface OpenApt extends AptArchive {
  /** A package's archive, checked. */
  download(item: OfferedPackage): Promise<Buffer>
  /** Why the image's apt preferences keep a version out, as the end of "it is …". */
  readonly keptOut: (item: OfferedPackage) => string | undefined
}

const FRESH_MS = 5 * 60 * 1000

/** Reads configuration only: nothing is fetched before the first question. Throws `apt-sources-missing`, `apt-sources-invalid`. */
export async function openApt(request: AptRequest): Promise<OpenApt> {
  const { files, release, database, now, environment, offline = false } = request
  const machineFolder = request.machineFolder ?? '/etc/apt'
  const configuration = await readAptConfiguration({
    files,
    release,
    asked: request.asked ?? [],
    otherwise: request.otherwise ?? [],
    machineFolder,
    ...(request.acceptUnsigned !== undefined && { acceptUnsigned: request.acceptUnsigned }),
  })
  const { sources, settings, logins } = configuration
  const transport: Transport = {
    fetch: request.fetch ?? aptFetch(environment, settings, request.certificates),
    sleep: request.sleep ?? (ms => new Promise(resolve => setTimeout(resolve, ms))),
    logins,
    ...(request.signal !== undefined && { signal: request.signal }),
  }
  const cache = openAptCache(request.cacheFolder)
  const archive = openArchive({
    sources,
    architectures: [database.native, ...database.foreign],
    installed: database.packages,
    support: supportOf(release.known, now()),
    releaseName: release.name,
    transport,
    cache,
    keyrings: openKeyrings({ files, machineFolder, machineKeyrings: request.machineKeyrings ?? ['/usr/share/keyrings'] }),
    now,
    offline,
    freshMs: request.freshMs ?? FRESH_MS,
  })
  return {
    ...archive,
    notes: () => [...configuration.notes, ...archive.notes()],
    keptOut: keptOutBy(configuration.preferences, database.packages),
    download: item => downloadDeb({ transport, cache, offline, sources }, item),
  }
}

/** `$XDG_CACHE_HOME/suture/apt`, else below the home folder. */
export function defaultAptCache(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'suture', 'apt')
}
