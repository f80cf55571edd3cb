import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../model/faults.ts'
import { isRecord } from './json-values.ts'
import type { Limits } from './limits.ts'
import type { NpmConfig } from './npm-config.ts'

export interface Question {
  readonly url: string
  /** Whose credentials may be sent along to its host. */
  readonly registry: string
  readonly name: string
  /** What a person would call it, for faults: the package's name, or name@version. */
  readonly about: string
  readonly accept?: string
  readonly etag?: string
  readonly lastModified?: string
  readonly longest: number
}

export interface AnswerHeaders {
  readonly etag?: string
  readonly lastModified?: string
  readonly cacheControl?: string
  readonly age?: string
}

export type Answer =
  | { readonly kind: 'content'; readonly bytes: Buffer; readonly headers: AnswerHeaders }
  | { readonly kind: 'unchanged'; readonly headers: AnswerHeaders }
  | { readonly kind: 'absent' }

export interface Client {
  /** Faults: `registry-unreachable`, `registry-refused`, `registry-invalid`. An aborted signal rejects with its reason. */
  ask(question: Question, signal?: AbortSignal): Promise<Answer>
}

const ABSENT = new Set([404, 410])
const REFUSED = new Set([401, 403, 407, 451])
const PASSING = new Set([408, 420, 425, 429])
const PASSING_CODES = /^(?:ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EAI_AGAIN|E\w*TIMEOUT|ERR_STREAM_PREMATURE_CLOSE|Z_BUF_ERROR)$/

/**
 * Asks a registry by npm's own client library. Attempts are counted here and not there, because there a body that
 * breaks off is not tried again, the pauses start at ten seconds, and `Retry-After` is not heard.
 */
export function openClient(config: NpmConfig, limits: Limits): Client {
  // npm's HTTP cache would keep a second copy of everything.
  const { cache: _cache, offline: _offline, preferOffline: _preferOffline, preferOnline: _preferOnline, ...shared } = config.options
  return {
    async ask(question, signal) {
      for (let attempt = 1; ; attempt++) {
        signal?.throwIfAborted()
        try {
          return await askOnce(shared, question, limits, signal)
        } catch (cause) {
          signal?.throwIfAborted()
          if (cause instanceof Fault) throw cause
          const pause = isPassing(cause) && attempt < limits.attempts ? pauseBefore(attempt, cause, limits) : undefined
          if (pause === undefined) throw faultOf(question, cause, attempt)
          await sleep(pause, undefined, signal === undefined ? {} : { signal })
        }
      }
    },
  }
}

async function askOnce(
  shared: Readonly<Record<string, unknown>>,
  question: Question,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Answer> {
  const { default: fetch } = await import('npm-registry-fetch')
  const headers: Record<string, string> = {}
  if (question.accept !== undefined) headers['accept'] = question.accept
  if (question.etag !== undefined) headers['if-none-match'] = question.etag
  else if (question.lastModified !== undefined) headers['if-modified-since'] = question.lastModified
  const deadline = AbortSignal.timeout(limits.attemptMs)
  const options = {
    ...shared,
    registry: question.registry,
    spec: question.name,
    headers,
    retry: { retries: 0 },
    timeout: limits.silenceMs,
    maxSockets: limits.concurrency,
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  }
  try {
    const answer = await fetch(question.url, options)
    const known = readHeaders(answer.headers)
    if (answer.status === 304) return { kind: 'unchanged', headers: known }
    if (answer.status !== 200) throw new Fault('registry-invalid', `${describe(question)} answered with HTTP ${answer.status}.`)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of answer.body) {
      length += chunk.length
      if (length > question.longest) {
        answer.body.destroy()
        throw new Fault('registry-invalid', `${describe(question)} sent more than ${Math.round(question.longest / 1e6)} MB.`)
      }
      chunks.push(chunk)
    }
    return { kind: 'content', bytes: Buffer.concat(chunks, length), headers: known }
  } catch (error) {
    if (ABSENT.has(statusOf(error) ?? 0)) return { kind: 'absent' }
    throw error
  }
}

function readHeaders(headers: { get(name: string): string | null }): AnswerHeaders {
  const bounded = (name: string) => {
    const value = headers.get(name)
    return value !== null && value.length <= 512 ? value : undefined
  }
  const [etag, lastModified, cacheControl, age] = ['etag', 'last-modified', 'cache-control', 'age'].map(bounded)
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(age === undefined ? {} : { age }),
  }
}

function isPassing(error: unknown): boolean {
  const status = statusOf(error)
  if (status !== undefined) return PASSING.has(status) || status >= 500
  const code = codeOf(error)
  return (
    isTimeout(error) || (code !== undefined && PASSING_CODES.test(code)) || (error instanceof Error && /socket hang up/.test(error.message))
  )
}

/** Undefined: longer than anyone should wait. */
function pauseBefore(attempt: number, error: unknown, limits: Limits): number | undefined {
  const pause = limits.backoffMs * 3 ** (attempt - 1)
  const asked = statusOf(error) === 429 || statusOf(error) === 503 ? retryAfter(error) : undefined
  const longer = Math.max(pause, asked ?? 0)
  return longer <= limits.longestPauseMs ? longer : undefined
}

function retryAfter(error: unknown): number | undefined {
  const headers = isRecord(error) || error instanceof Error ? Reflect.get(error, 'headers') : undefined
  const value = isRecord(headers) ? headers['retry-after'] : undefined
  const seconds = Number(Array.isArray(value) ? value[0] : value)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}

function faultOf(question: Question, cause: unknown, attempts: number): Fault {
  const status = statusOf(cause)
  const tried = attempts > 1 ? `, ${attempts} times` : ''
  const who = describe(question)
  if (status !== undefined && REFUSED.has(status))
    return new Fault('registry-refused', `${who} was refused with HTTP ${status}.`, { cause })
  if (status === 429) return new Fault('registry-unreachable', `${who} was put off with HTTP 429${tried}: too many requests.`, { cause })
  if (status !== undefined && status >= 500)
    return new Fault('registry-unreachable', `${who} failed with HTTP ${status}${tried}.`, { cause })
  if (status !== undefined) return new Fault('registry-invalid', `${who} failed with HTTP ${status}.`, { cause })
  if (isTimeout(cause)) return new Fault('registry-unreachable', `${who} was not answered in time${tried}.`, { cause })
  return new Fault('registry-unreachable', `${who} failed${tried}: ${codeOf(cause) ?? 'the connection broke'}.`, { cause })
}

/** Only the host of the URL: the rest may hold credentials. */
function describe(question: Question): string {
  return `The request to ${new URL(question.url).host} about ${question.about}`
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'AbortError' ||
      error.name === 'TimeoutError' ||
      /TIMEOUT$/.test(codeOf(error) ?? '') ||
      /timeout/.test(String(Reflect.get(error, 'type'))))
  )
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined
  return typeof status === 'number' ? status : undefined
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : undefined
}
