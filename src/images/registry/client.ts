/**
 * Talks to one registry: the OCI distribution API with tokens, redirects, retries. Credentials go to the registry's own origin and never
 * along with a redirect; requests that falter are made again with growing pauses.
 */
import { Fault } from '../../model/faults.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { printable } from '../../text/printable.ts'
import { collect } from '../verified-bytes.ts'
import { readChallenge } from './challenge.ts'
import type { FindCredentials } from './credentials.ts'
import { hostnameOf, isLoopback, isPrivateTo } from './hosts.ts'
import { authorize } from './tokens.ts'
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts'

export interface RegistryAccess {
  readonly transport: Transport
  readonly credentials: FindCredentials
  readonly sleep: (milliseconds: number) => Promise<void>
}

export interface Place {
  readonly host: string
  readonly repository: string
  readonly insecure: boolean
}

export interface Call {
  readonly method: HttpRequest['method']
  /** Behind `/v2/<repository>/`, or a whole address that the registry gave. */
  readonly path: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>)
  /** Statuses that the caller understands; any other one is a fault. */
  readonly expect: readonly number[]
}

export interface RegistryClient {
  readonly place: Place
  /** Faults: `image-registry-unreachable`, `-refused`, `-invalid`, `-insecure`. */
  call(call: Call): Promise<HttpAnswer>
  /** An address that an answer's header gave, resolved against the registry's. Faults: `image-registry-invalid`. */
  resolve(location: string | undefined): URL
}

const ATTEMPTS = 5
const FIRST_PAUSE_MS = 400
const LONGEST_PAUSE_MS = 30_000
const MOST_REDIRECTS = 5
const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504])
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** What tokens are asked for beside reading the repository. */
export interface Rights {
  readonly push?: boolean
  /** Other repositories of the registry that blobs are mounted from. */
  readonly alsoPull?: readonly string[]
}

export function registryClient(access: RegistryAccess, place: Place, { push = false, alsoPull = [] }: Rights = {}): RegistryClient {
  const { host, repository, insecure } = place
  const loopback = isLoopback(hostnameOf(host))
  let base = new URL(`https://${host}`)
  let chosen: Promise<URL> | undefined
  let authorization: string | undefined

  const once = (request: HttpRequest): Promise<HttpAnswer> => sendOrFault(access, request)

  /** Plain HTTP is tried only where it may be, and only after HTTPS did not answer. */
  const choose = async (): Promise<URL> => {
    if (!loopback && !insecure) return base
    const plain = new URL(`http://${host}`)
    let wantsTls = false
    for (const url of loopback ? [plain, base] : [base, plain]) {
      try {
        const answer = await access.transport.send({ method: 'GET', url: new URL('/v2/', url), headers: HEADERS, insecure })
        await answer.discard()
        if (answer.status < 500 && !(answer.status === 400 && url === plain)) return url
        // A server that speaks TLS says so to plain HTTP, and it is its certificate that then has to be told of.
        wantsTls ||= answer.status === 400 && url === plain
      } catch {
        // The other one is tried; the call itself tells what went wrong.
      }
    }
    return loopback && !wantsTls ? plain : base
  }

  const follow = async (request: HttpRequest, redirects: number): Promise<HttpAnswer> => {
    const sameOrigin = request.url.origin === base.origin
    const headers = sameOrigin && authorization !== undefined ? { ...request.headers, authorization } : request.headers
    const answer = await once({ ...request, headers })
    if (!REDIRECTS.has(answer.status) || (request.method !== 'GET' && request.method !== 'HEAD')) return answer
    await answer.discard()
    if (redirects >= MOST_REDIRECTS) throw new Fault('image-registry-invalid', `${host} redirects more than ${MOST_REDIRECTS} times.`)
    return await follow({ ...request, url: resolveFrom(request.url, answer.header('location')) }, redirects + 1)
  }

  const resolveFrom = (from: URL, location: string | undefined): URL => {
    const url = location === undefined ? null : URL.parse(location, from)
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
      throw new Fault('image-registry-invalid', `${host} points to ${printable(location ?? 'nowhere').slice(0, 200)}, which is no address.`)
    }
    if (isPrivateTo(url.hostname, host)) {
      throw new Fault('image-registry-invalid', `${host} points to ${url.host}, which lies in this machine or its network.`)
    }
    if (url.protocol === 'http:' && base.protocol === 'https:') {
      throw new Fault('image-registry-insecure', `${host} points to ${url.host} without encryption.`)
    }
    return url
  }

  const login = async (answer: HttpAnswer): Promise<boolean> => {
    const challenge = readChallenge(answer.header('www-authenticate'))
    await answer.discard()
    if (challenge === undefined) return false
    const others = alsoPull.filter(other => other !== repository).map(other => `repository:${other}:pull`)
    const scopes = [`repository:${repository}:${push ? 'pull,push' : 'pull'}`, ...others]
    const credentials = await access.credentials(host, repository)
    authorization = await authorize({ challenge, host, insecure, scopes, credentials, send: once })
    return authorization !== undefined
  }

  return {
    place,
    resolve: location => resolveFrom(base, location),
    async call(call) {
      chosen ??= choose()
      base = await chosen
      const url = typeof call.path === 'string' ? new URL(`/v2/${repository}/${call.path}`, base) : call.path
      let pause = FIRST_PAUSE_MS
      for (let attempt = 1, logins = 0; ; attempt++) {
        const body = typeof call.body === 'function' ? call.body() : call.body
        const request = {
          method: call.method,
          url,
          headers: { ...HEADERS, ...call.headers },
          insecure,
          ...(body === undefined ? {} : { body }),
        }
        const answer = await follow(request, 0).catch((cause: unknown) => {
          if (!(cause instanceof Faltered)) throw cause
          if (attempt < ATTEMPTS) return undefined
          throw new Fault('image-registry-unreachable', `${host} did not answer (${cause.message}), after ${attempt} attempts.`, { cause })
        })
        if (answer?.status === 401 && logins < 2 && url.origin === base.origin) {
          logins++
          authorization = undefined
          if (await login(answer)) {
            attempt--
            continue
          }
          throw new Fault('image-registry-refused', `${host} wants a login for ${repository}, and there is none.`)
        }
        if (answer !== undefined && call.expect.includes(answer.status)) return answer
        if (answer !== undefined && (!RETRIED.has(answer.status) || attempt >= ATTEMPTS)) throw await refusal(answer, place)
        const asked = answer === undefined ? undefined : pauseOf(answer)
        await answer?.discard()
        await access.sleep(Math.min(asked ?? pause, LONGEST_PAUSE_MS))
        pause *= 2
      }
    },
  }
}

const HEADERS = { 'user-agent': 'suture', 'accept-encoding': 'identity' }

/** An attempt that may succeed when it is made again. */
export class Faltered extends Error {}

async function sendOrFault({ transport }: RegistryAccess, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await transport.send(request)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    if (/CERT|SIGNED|TLS|SSL|ALTNAME|UNABLE_TO/.test(code)) {
      throw new Fault('image-registry-unreachable', `${request.url.host} cannot be trusted: ${code}.`, { cause })
    }
    throw new Faltered(code, { cause })
  }
}

/** `Retry-After` in seconds. */
function pauseOf(answer: HttpAnswer): number | undefined {
  const seconds = Number(answer.header('retry-after') ?? 'none')
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

async function refusal(answer: HttpAnswer, { host, repository }: Place): Promise<Fault> {
  const { status } = answer
  const said = await errorOf(answer)
  const message = `${host} answered ${status} for ${repository}${said === '' ? '' : `: ${said}`}.`
  if (status === 401 || status === 403) return new Fault('image-registry-refused', message)
  if (status === 404) return new Fault('image-not-found', message)
  if (RETRIED.has(status)) return new Fault('image-registry-unreachable', message)
  return new Fault(status >= 400 && status < 500 ? 'image-registry-refused' : 'image-registry-invalid', message)
}

/** The distribution specification's error code and message, as far as they can be printed. */
async function errorOf(answer: HttpAnswer): Promise<string> {
  try {
    const text = Buffer.from(await collect(answer.body, 64 * 1024, 'The error')).toString()
    const root = readJsonSource(text, { maxDepth: 16, maxNodes: 1000 })
    const errors = root.kind === 'object' ? root.get('errors') : undefined
    const first = errors?.kind === 'array' ? errors.items[0] : undefined
    const [code, message] = first?.kind === 'object' ? [first.get('code'), first.get('message')] : []
    return [code, message]
      .flatMap(node => (node?.kind === 'string' ? [printable(node.value).replace(/\s+/g, ' ').slice(0, 200)] : []))
      .join(' ')
  } catch {
    // A refusal without a readable reason is told by its status.
    return ''
  }
}
