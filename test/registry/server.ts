import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { makeDocuments, type TestManifest, type TestPackage, type TestPackages } from './documents.ts'

export type { TestManifest, TestPackage, TestPackages } from './documents.ts'

export interface SeenRequest {
  readonly method: string
  /** Decoded, with the query. */
  readonly path: string
  /** The package asked about, if it was one. */
  readonly name?: string
  readonly kind: 'packument' | 'manifest' | 'archive' | 'audit' | 'other'
  readonly accept: string
  readonly authorization?: string
  readonly isConditional: boolean
  /** How often this path was asked for before. */
  readonly before: number
  /** Set when it was answered. */
  status?: number
}

/** What a registry may do wrong, alone or together. */
export interface Misbehaviour {
  readonly delayMs?: number
  /** Never answers. */
  readonly hang?: true
  /** Drops the connection without a word. */
  readonly reset?: true
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Announces the whole body and sends half of it. */
  readonly truncate?: true
  /** Sends so many bytes of nothing, without end in sight. */
  readonly hugeBytes?: number
}

export interface RegistryOptions {
  readonly packages?: TestPackages
  /** Answers 401 unless this bearer token, or Basic value, is sent. */
  readonly token?: string
  /** A path before every package, such as `/npm/`. */
  readonly base?: string
  readonly cacheControl?: string
  /** False: has no ETag. */
  readonly etags?: boolean
  /** False: answers 404 for `/<name>/<version>`, as some registries do. */
  readonly singleVersions?: boolean
  readonly gzip?: boolean
  readonly misbehave?: (request: SeenRequest) => Misbehaviour | undefined
  /** npm's bulk audit: package → versions in, package → advisories out. Without it the request is answered with 404. */
  readonly audit?: (installed: Readonly<Record<string, readonly string[]>>) => Readonly<Record<string, readonly unknown[]>>
}

export interface LoopbackRegistry extends AsyncDisposable {
  /** Ends in `/`. */
  readonly url: string
  readonly requests: SeenRequest[]
  /** Change it at any time. */
  misbehave: ((request: SeenRequest) => Misbehaviour | undefined) | undefined
  publish(name: string, given: TestPackage): void
  manifest(name: string, version: string): TestManifest | undefined
  archive(name: string, version: string): Buffer | undefined
  close(): Promise<void>
}

/** An npm registry in this process, on loopback: enough of one for `npm ci`, `npm install` and `npm audit`. */
export async function startRegistry(options: RegistryOptions = {}): Promise<LoopbackRegistry> {
  const base = options.base ?? '/'
  const requests: SeenRequest[] = []
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    answer(request, response).catch(error => response.destroy(error instanceof Error ? error : new Error(String(error))))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const url = `http://127.0.0.1:${address.port}${base}`
  const documents = makeDocuments(url)
  for (const [name, given] of Object.entries(options.packages ?? {})) documents.publish(name, given)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = describe(request, base, asked)
    requests.push(seen)
    response.on('finish', () => {
      seen.status = response.statusCode
    })
    const body = await readBody(request)
    const wrong = registry.misbehave?.(seen)
    if (wrong?.delayMs !== undefined) await sleep(wrong.delayMs)
    if (wrong?.hang) return
    if (wrong?.reset) return void request.socket.destroy()
    if (wrong?.hugeBytes !== undefined) return sendHuge(response, wrong.hugeBytes)
    if (options.token !== undefined && seen.authorization?.replace(/^\w+ /, '') !== options.token) {
      return void response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"unauthorized"}')
    }
    const content = wrong?.body === undefined ? find(seen, body) : Buffer.from(wrong.body)
    send(request, response, seen, content, wrong)
  }

  function find(seen: SeenRequest, body: Buffer): Buffer | undefined {
    const { name = '', kind, path } = seen
    if (kind === 'audit') return options.audit && Buffer.from(JSON.stringify(options.audit(JSON.parse(body.toString()))))
    if (kind === 'packument') return documents.packument(name, seen.accept.includes('install-v1') ? 'short' : 'whole')
    const last = path.slice(path.lastIndexOf('/') + 1)
    if (kind === 'archive') return documents.archive(name, last.slice(name.slice(name.indexOf('/') + 1).length + 1, -'.tgz'.length))
    if (kind !== 'manifest' || options.singleVersions === false) return undefined
    const manifest = documents.manifest(name, last)
    return manifest && Buffer.from(JSON.stringify(manifest))
  }

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    seen: SeenRequest,
    content: Buffer | undefined,
    wrong?: Misbehaviour,
  ): void {
    if (content === undefined && wrong?.status === undefined) {
      return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
    }
    const bytes = content ?? Buffer.alloc(0)
    const etag = `"${createHash('sha1').update(bytes).digest('base64url')}"`
    const headers: Record<string, string> = {
      'content-type': seen.kind === 'archive' ? 'application/octet-stream' : 'application/json',
      ...(options.etags === false ? {} : { etag }),
      ...(options.cacheControl === undefined ? {} : { 'cache-control': options.cacheControl }),
      ...wrong?.headers,
    }
    if (wrong?.status === undefined && options.etags !== false && request.headers['if-none-match'] === etag) {
      return void response.writeHead(304, headers).end()
    }
    const zipped = options.gzip && seen.kind !== 'archive' && /gzip/.test(request.headers['accept-encoding'] ?? '')
    const sent = zipped ? gzipSync(bytes, { level: 1 }) : bytes
    if (zipped) headers['content-encoding'] = 'gzip'
    response.writeHead(wrong?.status ?? 200, { ...headers, 'content-length': String(sent.length) })
    if (wrong?.truncate) response.write(sent.subarray(0, sent.length >> 1), () => request.socket.destroy())
    else response.end(sent)
  }

  const registry: LoopbackRegistry = {
    url,
    requests,
    misbehave: options.misbehave,
    publish: documents.publish,
    manifest: documents.manifest,
    archive: documents.archive,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
    [Symbol.asyncDispose]: () => registry.close(),
  }
  return registry
}

function describe(request: IncomingMessage, base: string, asked: Map<string, number>): SeenRequest {
  const raw = request.url ?? '/'
  const path = decodeURIComponent(raw)
  const before = asked.get(path) ?? 0
  asked.set(path, before + 1)
  const below = path.startsWith(base) ? path.slice(base.length).replace(/\?.*$/, '') : ''
  const parts = /^(?<name>(?:@[^/]+\/)?[^/@-][^/]*)(?<archive>\/-\/[^/]+\.tgz)?(?<version>\/[^/]+)?$/.exec(below)?.groups
  const kind = below.startsWith('-/npm/v1/security/advisories/bulk') ? 'audit' : kindOf(parts)
  const { authorization } = request.headers
  return {
    method: request.method ?? 'GET',
    path,
    kind,
    ...(parts?.['name'] === undefined ? {} : { name: parts['name'] }),
    accept: request.headers.accept ?? '',
    ...(authorization === undefined ? {} : { authorization }),
    isConditional: request.headers['if-none-match'] !== undefined || request.headers['if-modified-since'] !== undefined,
    before,
  }
}

function kindOf(parts: Record<string, string | undefined> | undefined): SeenRequest['kind'] {
  if (parts?.['name'] === undefined) return 'other'
  if (parts['archive'] !== undefined) return 'archive'
  return parts['version'] === undefined ? 'packument' : 'manifest'
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const bytes = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
}

async function sendHuge(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' })
  const chunk = Buffer.alloc(64 * 1024, ' ')
  for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length) {
    if (response.write(chunk)) continue
    const stop = new AbortController()
    const events = ['drain', 'close'].map(event => once(response, event, { signal: stop.signal }).catch(() => undefined))
    await Promise.race(events)
    stop.abort()
  }
  response.end()
}
