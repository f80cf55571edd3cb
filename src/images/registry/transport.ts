/**
 * One request over the network: proxies of the environment, the machine's and the registry's own certificates, no redirect followed, no
 * answer decoded. The library is loaded when the first request is made.
 */
import { rootCertificates } from 'node:tls'
import type { Dispatcher } from 'undici'
import type { Certificates } from './certificates.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
  /** Whether a certificate that nobody vouches for is accepted. */
  readonly insecure: boolean
}

export interface HttpAnswer {
  readonly status: number
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
  /** Gives up the rest of the body. */
  discard(): Promise<void>
}

export interface Transport {
  send(request: HttpRequest): Promise<HttpAnswer>
  close(): Promise<void>
}

export interface TransportOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly certificates: (host: string) => Promise<Certificates>
}

const CONNECT_MS = 15_000
const HEADERS_MS = 60_000
const IDLE_MS = 60_000
const LONGEST_DISCARDED = 64 * 1024

export function networkTransport({ environment, certificates }: TransportOptions): Transport {
  const dispatchers = new Map<string, Promise<Dispatcher>>()
  const setting = (name: string): string => environment[name.toLowerCase()] || environment[name] || ''
  const make = async (host: string, insecure: boolean): Promise<Dispatcher> => {
    const [undici, { ca, cert, key }] = await Promise.all([import('undici'), certificates(host)])
    const tls = {
      timeout: CONNECT_MS,
      rejectUnauthorized: !insecure,
      ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    }
    const [httpProxy, httpsProxy] = [setting('HTTP_PROXY'), setting('HTTPS_PROXY')]
    const limits = { headersTimeout: HEADERS_MS, bodyTimeout: IDLE_MS }
    if (httpProxy === '' && httpsProxy === '') return new undici.Agent({ ...limits, connect: tls })
    return new undici.EnvHttpProxyAgent({ ...limits, connect: tls, requestTls: tls, httpProxy, httpsProxy, noProxy: setting('NO_PROXY') })
  }
  return {
    async send({ method, url, headers, body, insecure }) {
      const key = `${url.host} ${insecure}`
      const made = dispatchers.get(key) ?? make(url.host, insecure)
      dispatchers.set(key, made)
      const [undici, dispatcher] = await Promise.all([import('undici'), made])
      const { Readable } = await import('node:stream')
      const sent = body === undefined || body instanceof Uint8Array ? body : Readable.from(body, { objectMode: false })
      const answer = await undici.request(url, { method, headers, dispatcher, ...(sent === undefined ? {} : { body: sent }) })
      return {
        status: answer.statusCode,
        header(name) {
          const value = answer.headers[name]
          return Array.isArray(value) ? value.join(', ') : value
        },
        body: answer.body,
        discard: () => answer.body.dump({ limit: LONGEST_DISCARDED }),
      }
    },
    async close() {
      const open = [...dispatchers.values()]
      dispatchers.clear()
      for (const dispatcher of open) await dispatcher.then(made => made.destroy()).catch(() => undefined)
    },
  }
}
