/** Requests that are made again when the network or the server falters, with growing pauses, and that never wait for ever. */
import { Fault } from '../model/faults.ts'

export type Fetch = (url: string, init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>

export interface Http {
  readonly fetch: Fetch
  readonly sleep: (ms: number) => Promise<void>
  readonly signal?: AbortSignal
}

const ATTEMPTS = 5
const MOST_ATTEMPTS = 30
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const IDLE_MS = 30_000

/** Thrown by an attempt that may succeed when made again. */
export class Faltered extends Error {
  readonly pauseMs: number | undefined

  constructor(message: string, options: { pauseMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.pauseMs = options.pauseMs
  }
}

/**
 * Makes a request and hands the answer to `use`, which reads the body. Answers with 5xx and 429, refused connections and bodies that break
 * off are tried again: five times in a row, thirty times when attempts bring something in between (`use` reports bytes).
 */
export async function request<T>(
  http: Http,
  url: string,
  headers: () => Record<string, string>,
  use: (answer: Response, got: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const { address, authorization } = splitCredentials(url)
  for (let failures = 0, attempts = 1; ; attempts++) {
    let received = 0
    try {
      return await attempt(http, address, { ...headers(), ...authorization }, async (answer, alive) =>
        use(answer, bytes => {
          received += bytes
          alive()
        }),
      )
    } catch (cause) {
      http.signal?.throwIfAborted()
      if (!(cause instanceof Faltered)) throw cause
      failures = received > 0 ? 1 : failures + 1
      if (failures >= ATTEMPTS || attempts >= MOST_ATTEMPTS) {
        throw new Fault('download-failed', `${withoutCredentials(url)}: ${cause.message}, after ${attempts} attempts`, { cause })
      }
      await http.sleep(Math.min(cause.pauseMs ?? FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS))
    }
  }
}

async function attempt<T>(
  http: Http,
  address: string,
  headers: Record<string, string>,
  use: (answer: Response, alive: () => void) => Promise<T>,
): Promise<T> {
  const stalled = new AbortController()
  const stall = (): void => stalled.abort(new Error('no data came for 30 seconds'))
  let timer = setTimeout(stall, IDLE_MS)
  const signal = http.signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, http.signal])
  try {
    const answer = await http.fetch(address, { headers, signal })
    if (answer.status >= 500 || answer.status === 429) {
      await answer.body?.cancel()
      throw new Faltered(`the server answered ${answer.status}`, { pauseMs: pauseOf(answer) })
    }
    return await use(answer, () => {
      clearTimeout(timer)
      timer = setTimeout(stall, IDLE_MS)
    })
  } catch (cause) {
    if (cause instanceof Fault || cause instanceof Faltered) throw cause
    throw new Faltered(stalled.signal.aborted ? 'no data came for 30 seconds' : `the connection failed (${reason(cause)})`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** `Retry-After` in seconds; the other form, a date, is rare and left to the normal pause. */
function pauseOf(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get('retry-after') ?? 'none')
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

function reason(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ('code' in inner && typeof inner.code === 'string' ? inner.code : inner.message) : 'unknown reason'
}

/** `fetch` takes no credentials in an address; they travel in a header, and never into messages. */
function splitCredentials(url: string): { address: string; authorization: Record<string, string> } {
  const parsed = new URL(url)
  const { username, password } = parsed
  parsed.username = ''
  parsed.password = ''
  if (username === '' && password === '') return { address: parsed.href, authorization: {} }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { address: parsed.href, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/** An address as it may be shown and stored. */
export function withoutCredentials(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  parsed.search = ''
  parsed.hash = ''
  return parsed.href.replace(/\/$/, '')
}

/** The whole body, up to a size; undefined where the server has no such file. */
export async function getWhole(http: Http, url: string, largest: number): Promise<Buffer | undefined> {
  return request(
    http,
    url,
    () => ({}),
    async (answer, got) => {
      if (answer.status === 404) {
        await answer.body?.cancel()
        return undefined
      }
      if (answer.status !== 200) throw await refused(answer, url)
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of answer.body ?? []) {
        size += chunk.length
        got(chunk.length)
        if (size > largest) throw new Fault('download-failed', `${withoutCredentials(url)} is larger than ${largest} bytes`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    },
  )
}

export async function refused(answer: Response, url: string): Promise<Fault> {
  await answer.body?.cancel()
  return new Fault('download-failed', `${withoutCredentials(url)}: the server answered ${answer.status}`)
}
