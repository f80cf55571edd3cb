/** Requests to repositories: proxies, certificates, credentials, bounded sizes, pauses and second tries. */
import { readFile } from 'node:fs/promises'
import { Fault } from '../../../model/faults.ts'
import type { AptSettings } from './apt-conf.ts'
import { type Login, loginFor } from './credentials.ts'

export type Fetch = (url: string, init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>

export interface Transport {
  readonly fetch: Fetch
  readonly sleep: (ms: number) => Promise<void>
  readonly logins: readonly Login[]
  readonly signal?: AbortSignal
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * A `fetch` with the environment's proxies, else apt's, and with a certificate authority of one's own (a PEM file, besides the known ones).
 * The library for both is loaded only where one is needed.
 */
export function aptFetch(environment: Environment, settings: AptSettings, certificates?: string): Fetch {
  const proxies = proxiesOf(environment, settings)
  if (proxies === undefined && certificates === undefined) return (url, init) => fetch(url, init)
  let through: Promise<Fetch> | undefined
  const load = async (): Promise<Fetch> => {
    const undici = await import('undici')
    const { rootCertificates } = await import('node:tls')
    const own = certificates === undefined ? undefined : { ca: [...rootCertificates, await readFile(certificates, 'utf8')] }
    const dispatcher =
      proxies === undefined
        ? new undici.Agent({ ...(own !== undefined && { connect: own }) })
        : new undici.EnvHttpProxyAgent({ ...proxies, ...(own !== undefined && { connect: own, requestTls: own }) })
    return async (url, init) => {
      const { status, headers, body } = await undici.fetch(url, { ...init, dispatcher })
      // The two libraries' answers differ in their types only.
      return new Response(status === 204 || status === 304 ? null : ReadableStream.from(body ?? []), { status, headers: [...headers] })
    }
  }
  return async (url, init) => {
    through ??= load()
    return (await through)(url, init)
  }
}

interface Proxies {
  /** An empty text keeps undici from reading the process's own environment. */
  readonly httpProxy: string
  readonly httpsProxy: string
  readonly noProxy: string
}

function proxiesOf(environment: Environment, settings: AptSettings): Proxies | undefined {
  const variable = (name: string): string | undefined => environment[name.toLowerCase()] || environment[name] || undefined
  const setting = (name: string): string | undefined => {
    const value = settings.get(name)
    return value !== undefined && /^https?:\/\//i.test(value) ? value : undefined
  }
  const http = variable('HTTP_PROXY') ?? setting('acquire::http::proxy')
  const https = variable('HTTPS_PROXY') ?? setting('acquire::https::proxy') ?? http
  if (http === undefined && https === undefined) return undefined
  return { httpProxy: http ?? '', httpsProxy: https ?? '', noProxy: variable('NO_PROXY') ?? '' }
}

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 400
const LONGEST_PAUSE_MS = 10_000
const IDLE_MS = 30_000

export interface Request {
  readonly url: string
  /** `user:password` from the source's address; else apt's own passwords are looked through. */
  readonly credentials?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** The network or the server faltered: the same request may succeed a moment later. */
class Faltered extends Error {
  readonly pauseMs: number | undefined

  constructor(message: string, options: { pauseMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.pauseMs = options.pauseMs
  }
}

/**
 * Makes a request, three times where it falters, and hands the answer to `use`, which reads its body and reports every chunk; `use` may be
 * called again. Throws `apt-mirror-unreachable`, and `apt-refused` for 401 and 403.
 */
export async function request<T>(
  transport: Transport,
  wanted: Request | (() => Request),
  use: (answer: Response, alive: () => void) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const asked = typeof wanted === 'function' ? wanted() : wanted
    try {
      return await once(transport, asked, use)
    } catch (cause) {
      transport.signal?.throwIfAborted()
      if (!(cause instanceof Faltered)) throw cause
      if (attempt >= ATTEMPTS) throw new Fault('apt-mirror-unreachable', `${asked.url}: ${cause.message}, ${attempt} times`, { cause })
      await transport.sleep(Math.min(cause.pauseMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS))
    }
  }
}

async function once<T>(transport: Transport, asked: Request, use: (answer: Response, alive: () => void) => Promise<T>): Promise<T> {
  const stalled = new AbortController()
  const stall = (): void => stalled.abort()
  let timer = setTimeout(stall, IDLE_MS)
  const signal = transport.signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, transport.signal])
  try {
    const answer = await transport.fetch(asked.url, { headers: { ...asked.headers, ...authorization(transport, asked) }, signal })
    if (answer.status >= 500 || answer.status === 429) {
      await answer.body?.cancel()
      throw new Faltered(`the server answered ${answer.status}`, { pauseMs: pauseOf(answer) })
    }
    if (answer.status === 401 || answer.status === 403 || answer.status === 407) {
      await answer.body?.cancel()
      throw new Fault('apt-refused', `${asked.url}: the server answered ${answer.status}`)
    }
    return await use(answer, () => {
      clearTimeout(timer)
      timer = setTimeout(stall, IDLE_MS)
    })
  } catch (cause) {
    if (cause instanceof Fault || cause instanceof Faltered) throw cause
    throw new Faltered(stalled.signal.aborted ? `no data came for ${IDLE_MS / 1000} seconds` : reason(cause), { cause })
  } finally {
    clearTimeout(timer)
  }
}

function authorization({ logins }: Transport, { url, credentials }: Request): Record<string, string> {
  const pair = credentials ?? loginFor(url, logins)
  return pair === undefined ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function pauseOf(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get('retry-after') ?? 'none')
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

function reason(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const word = inner instanceof Error ? ('code' in inner && typeof inner.code === 'string' ? inner.code : inner.message) : 'unknown reason'
  return `the connection failed (${word})`
}

/** A body up to a size, whole. Throws what `tooLarge` makes. */
export async function readBody(answer: Response, alive: () => void, largest: number, tooLarge: () => Fault): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    alive()
    if (size > largest) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}
