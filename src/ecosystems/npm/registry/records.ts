import { join } from 'node:path'
import type { Sha256 } from '../../../model/digest.ts'
import { Fault } from '../../../model/faults.ts'
import { type Answer, type AnswerHeaders, openClient, type Question } from './client.ts'
import { freshnessOf } from './freshness.ts'
import type { Limits } from './limits.ts'
import { digestOf } from './metadata-block.ts'
import { type MetadataStore, openMetadataStore } from './metadata-store.ts'
import type { NpmConfig } from './npm-config.ts'
import { openTurns } from './turns.ts'

/** Something to know, by its key in the cache: where to ask, and how the answer is reduced to what is kept. */
export interface Wanted {
  readonly key: string
  readonly question: Question
  /** Undefined bytes: the registry does not have it. An undefined record: then nothing is kept. */
  reduce(bytes: Buffer | undefined): Buffer | undefined
  /** Asked instead when the registry does not have it in the first form. */
  readonly otherwise?: Question
  /** Makes the record in another way when the registry does not have it, refuses it or answers with something else. */
  readonly fallback?: (ask: (question: Question) => Promise<Answer>) => Promise<Buffer>
  /** What is known once is known for good. */
  readonly immutable?: true
}

export interface Known {
  readonly record: Buffer
  readonly digest: Sha256
}

export interface Counts {
  /** Answers used from the cache without asking. */
  cached: number
  requests: number
  /** Answers that said the cached one still holds. */
  unchanged: number
}

export interface Records {
  /** One for each that is wanted, in order; the first fault ends the rest. `progress` counts those that had to be asked for. */
  obtain(wanted: readonly Wanted[], progress?: (done: number, total: number) => void): Promise<readonly (Known | undefined)[]>
  /** Never kept. */
  ask(question: Question): Promise<Answer>
  readonly counts: Readonly<Counts>
}

export interface RecordsOptions {
  readonly config: NpmConfig
  /** Undefined: nothing is kept on disk. */
  readonly cacheFolder: string | undefined
  readonly limits: Limits
  readonly now: () => Date
  readonly offline: boolean
  readonly signal?: AbortSignal
  readonly warn?: (sentence: string) => void
}

/** Part of the folder's name, so that another form of records never meets this one. */
const FORM = 'npm-metadata-1'

export function openRecords(options: RecordsOptions): Records {
  const { config, limits, now } = options
  const client = openClient(config, limits)
  const takeTurn = openTurns(limits.concurrency)
  const stores = new Map<string, MetadataStore>()
  const counts: Counts = { cached: 0, requests: 0, unchanged: 0 }
  const preferOffline = options.offline || config.options['preferOffline'] === true
  const preferOnline = config.options['preferOnline'] === true && !options.offline
  let folder = options.cacheFolder

  const storeOf = (registry: string): MetadataStore => {
    const identity = config.identityAt(registry)
    const known = stores.get(identity)
    if (known !== undefined) return known
    const store = openMetadataStore(folder === undefined ? undefined : join(folder, FORM, identity), now)
    stores.set(identity, store)
    return store
  }

  const flush = () => {
    try {
      for (const store of stores.values()) store.flush()
    } catch (cause) {
      if (folder !== undefined)
        options.warn?.(`Registry metadata could not be kept in ${folder}: ${cause instanceof Error ? cause.message : cause}`)
      folder = undefined
    }
  }

  const mayUse = (wanted: Wanted, fetched: number, freshUntil: number) => {
    if (wanted.immutable || preferOffline) return true
    const time = now().getTime()
    // An entry from the future was written by a clock that cannot be trusted.
    return !preferOnline && fetched <= time && time < freshUntil
  }

  const ask = async (question: Question, signal = options.signal): Promise<Answer> => {
    counts.requests++
    return client.ask(question, signal)
  }

  const keep = (wanted: Wanted, record: Buffer, headers: AnswerHeaders): Known => {
    const digest = digestOf(record)
    const freshness = wanted.immutable ? Number.MAX_SAFE_INTEGER / 2 : freshnessOf(headers)
    if (freshness !== undefined) {
      const fetched = now().getTime()
      const entry = { key: wanted.key, digest, length: record.length, fetched, freshUntil: fetched + freshness, ...validators(headers) }
      storeOf(wanted.question.registry).put(entry, record)
    }
    return { record, digest }
  }

  const obtainOne = async (wanted: Wanted, old: Buffer | undefined, signal: AbortSignal): Promise<Known | undefined> => {
    const { fallback } = wanted
    if (fallback === undefined) return askFor(wanted, old, signal)
    const known = await askFor(wanted, old, signal).catch(error => {
      if (error instanceof Fault && error.code !== 'registry-unreachable') return undefined
      throw error
    })
    return known ?? keep(wanted, await fallback(question => ask(question, signal)), {})
  }

  const askFor = async (wanted: Wanted, old: Buffer | undefined, signal: AbortSignal): Promise<Known | undefined> => {
    const store = storeOf(wanted.question.registry)
    const entry = old && store.find(wanted.key)
    let answer = await ask({ ...wanted.question, ...(entry === undefined ? {} : validators(entry)) }, signal)
    if (answer.kind === 'unchanged') {
      if (entry === undefined || old === undefined) {
        throw new Fault('registry-invalid', `The registry says that ${wanted.question.about} has not changed, but was not asked that.`)
      }
      counts.unchanged++
      const fetched = now().getTime()
      store.renew({ ...entry, ...validators(answer.headers), fetched, freshUntil: fetched + (freshnessOf(answer.headers) ?? 0) })
      return { record: old, digest: entry.digest }
    }
    if (answer.kind === 'absent' && wanted.otherwise !== undefined) answer = await ask(wanted.otherwise, signal)
    const record = wanted.reduce(answer.kind === 'content' ? answer.bytes : undefined)
    return record && keep(wanted, record, answer.kind === 'content' ? answer.headers : {})
  }

  return {
    counts,
    ask: question => takeTurn(() => ask(question)),
    async obtain(wanted, progress) {
      const old = readCached(wanted, storeOf)
      const results: (Known | undefined)[] = wanted.map(each => {
        const cached = old.get(each)
        const entry = cached && storeOf(each.question.registry).find(each.key)
        if (cached === undefined || entry === undefined || !mayUse(each, entry.fetched, entry.freshUntil)) return undefined
        counts.cached++
        return { record: cached, digest: entry.digest }
      })
      const missing = [...wanted.entries()].filter(([index]) => results[index] === undefined)
      const first = missing[0]
      if (first !== undefined && options.offline) {
        throw new Fault('registry-unreachable', `${first[1].question.about} is not in the cache, and this run asks no registry.`, {
          hint: 'Run it once without --offline.',
        })
      }
      const failed = new AbortController()
      const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
      let done = 0
      try {
        await Promise.all(
          missing.map(([index, each]) =>
            takeTurn(async () => {
              results[index] = await obtainOne(each, old.get(each), signal)
              progress?.(++done, missing.length)
            }).catch(error => {
              failed.abort(error)
              throw error
            }),
          ),
        )
      } finally {
        flush()
      }
      return results
    },
  }
}

function readCached(wanted: readonly Wanted[], storeOf: (registry: string) => MetadataStore): ReadonlyMap<Wanted, Buffer> {
  const found = new Map<Wanted, Buffer>()
  for (const [registry, group] of Map.groupBy(wanted, each => each.question.registry)) {
    const records = storeOf(registry).read(group.map(each => each.key))
    for (const each of group) {
      const record = records.get(each.key)
      if (record !== undefined) found.set(each, record)
    }
  }
  return found
}

function validators(from: { readonly etag?: string; readonly lastModified?: string }): { etag?: string; lastModified?: string } {
  return {
    ...(from.etag === undefined ? {} : { etag: from.etag }),
    ...(from.lastModified === undefined ? {} : { lastModified: from.lastModified }),
  }
}
