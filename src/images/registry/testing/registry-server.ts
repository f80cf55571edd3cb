/** A registry on loopback for tests: the distribution API in memory, with tokens, mounts, uploads in pieces, ranges, referrers, and ways to misbehave. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { readManifestOrIndex } from '../../manifest.ts'
import { digestOf } from '../../verified-bytes.ts'

export interface ServerOptions {
  /** Asks for a token, which a name and password give. */
  readonly login?: { readonly username: string; readonly password: string }
  /** Answers the referrers API, and says so when a manifest with a subject comes. */
  readonly referrers?: boolean
  /** How many tags one page lists; all unless given. */
  readonly tagsPerPage?: number
  /** The largest body of one PUT or PATCH, in bytes. */
  readonly largest?: number
  /** Sees each request first; true when it has answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse, server: TestRegistry) => boolean
}

export interface TestRegistry {
  readonly host: string
  /** `METHOD /path?query`, in the order they came. */
  readonly requests: string[]
  /** The `Authorization` headers that came, beside the requests. */
  readonly authorizations: (string | undefined)[]
  /** `repository digest` → bytes. */
  readonly blobs: Map<string, Buffer>
  /** `repository tag-or-digest` → manifest. */
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly type: string }>
  close(): Promise<void>
}

const NAME = /^\/v2\/(.+?)\/(blobs|manifests|referrers)\/(.*)$/

export async function startRegistry(options: ServerOptions = {}): Promise<TestRegistry> {
  const uploads = new Map<string, Buffer[]>()
  const tokens = new Set<string>()
  let counter = 0
  const http = createServer((request, response) => {
    handle(request, response).catch(cause => response.destroy(cause instanceof Error ? cause : undefined))
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const server: TestRegistry = {
    host,
    requests: [],
    authorizations: [],
    blobs: new Map(),
    manifests: new Map(),
    close: () =>
      new Promise(resolve => {
        http.closeAllConnections()
        http.close(() => resolve())
      }),
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    server.requests.push(`${request.method} ${request.url}`)
    server.authorizations.push(request.headers.authorization)
    if (options.intercept?.(request, response, server) === true) return
    const url = new URL(request.url ?? '/', `http://${host}`)
    if (url.pathname === '/token') return token(request, response, url)
    if (options.login !== undefined && !tokens.has((request.headers.authorization ?? '').replace('Bearer ', ''))) {
      return end(response, 401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="test",scope="x"` })
    }
    if (url.pathname === '/v2/') return end(response, 200)
    const listed = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname)?.[1]
    if (listed !== undefined) return tags(response, listed, url)
    const [, name = '', kind, rest = ''] = NAME.exec(url.pathname) ?? []
    if (kind === 'manifests') return await manifests(request, response, name, rest)
    if (kind === 'referrers') return referrers(response, name, rest)
    if (kind === 'blobs' && rest.startsWith('uploads/')) return await upload(request, response, name, rest.slice(8), url)
    if (kind === 'blobs') return blob(request, response, server.blobs.get(`${name} ${rest}`))
    return end(response, 404)
  }

  function token(request: IncomingMessage, response: ServerResponse, url: URL): ServerResponse {
    const { username, password } = options.login ?? { username: '', password: '' }
    const right = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    if (request.headers.authorization !== right || url.searchParams.getAll('scope').length === 0) return end(response, 401)
    const value = `token-${++counter}`
    tokens.add(value)
    return end(response, 200, { 'content-type': 'application/json' }, JSON.stringify({ token: value }))
  }

  async function manifests(request: IncomingMessage, response: ServerResponse, name: string, reference: string): Promise<ServerResponse> {
    if (request.method === 'PUT') {
      const bytes = await body(request)
      const digest = sha256(bytes)
      const type = request.headers['content-type'] ?? ''
      if (reference.startsWith('sha256:') && reference !== digest) return end(response, 400)
      const read = readManifestOrIndex({ descriptor: { mediaType: type, digest: digestOf(bytes), size: bytes.length }, bytes })
      const parts = read.kind === 'index' ? [] : [read.config, ...read.layers]
      if (parts.some(part => !server.blobs.has(`${name} ${part.digest}`))) return refuse(response, 404, 'MANIFEST_BLOB_UNKNOWN')
      for (const key of [digest, reference]) server.manifests.set(`${name} ${key}`, { bytes, type })
      const subject = read.kind === 'manifest' ? read.subject?.digest : undefined
      return end(response, 201, {
        'docker-content-digest': digest,
        ...(options.referrers === true && subject !== undefined ? { 'oci-subject': subject } : {}),
      })
    }
    const found = server.manifests.get(`${name} ${reference}`)
    if (found === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN')
    const headers = { 'content-type': found.type, 'docker-content-digest': sha256(found.bytes), 'content-length': `${found.bytes.length}` }
    return end(response, 200, headers, request.method === 'HEAD' ? undefined : found.bytes)
  }

  function tags(response: ServerResponse, name: string, url: URL): ServerResponse {
    const all = [...server.manifests.keys()].flatMap(key =>
      key.startsWith(`${name} `) && !key.includes(' sha256:') ? key.slice(name.length + 1) : [],
    )
    const last = url.searchParams.get('last')
    const rest = last === null ? all : all.slice(all.indexOf(last) + 1)
    const page = rest.slice(0, options.tagsPerPage ?? rest.length)
    const more = page.length < rest.length ? { link: `</v2/${name}/tags/list?last=${page.at(-1)}>; rel="next"` } : {}
    return end(response, 200, { 'content-type': 'application/json', ...more }, JSON.stringify({ name, tags: page }))
  }

  function referrers(response: ServerResponse, name: string, digest: string): ServerResponse {
    if (options.referrers !== true) return end(response, 404)
    const found = new Map<string, object>()
    for (const [key, { bytes, type }] of server.manifests) {
      if (!key.startsWith(`${name} sha256:`)) continue
      const read = readManifestOrIndex({ descriptor: { mediaType: type, digest: digestOf(bytes), size: bytes.length }, bytes })
      if (read.kind === 'manifest' && read.subject?.digest === digest)
        found.set(key, { mediaType: type, digest: sha256(bytes), size: bytes.length })
    }
    const type = 'application/vnd.oci.image.index.v1+json'
    return end(
      response,
      200,
      { 'content-type': type },
      JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [...found.values()] }),
    )
  }

  async function upload(request: IncomingMessage, response: ServerResponse, name: string, id: string, url: URL): Promise<ServerResponse> {
    const digest = url.searchParams.get('mount') ?? url.searchParams.get('digest') ?? ''
    if (request.method === 'POST') {
      const mounted = server.blobs.get(`${url.searchParams.get('from')} ${digest}`)
      if (mounted !== undefined) {
        server.blobs.set(`${name} ${digest}`, mounted)
        return end(response, 201, { 'docker-content-digest': digest })
      }
      const session = `s${++counter}`
      uploads.set(session, [])
      return end(response, 202, { location: `/v2/${name}/blobs/uploads/${session}?state=x` })
    }
    const kept = uploads.get(id)
    const bytes = await body(request)
    if (kept === undefined) return end(response, 404)
    if (bytes.length > (options.largest ?? Number.POSITIVE_INFINITY)) return end(response, 413)
    kept.push(bytes)
    const whole = Buffer.concat(kept)
    if (request.method === 'PATCH') {
      return end(response, 202, { location: `/v2/${name}/blobs/uploads/${id}?state=y`, range: `0-${whole.length - 1}` })
    }
    if (sha256(whole) !== digest) return refuse(response, 400, 'DIGEST_INVALID')
    uploads.delete(id)
    server.blobs.set(`${name} ${digest}`, whole)
    return end(response, 201, { 'docker-content-digest': digest })
  }

  return server
}

function blob(request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined): ServerResponse {
  if (bytes === undefined) return refuse(response, 404, 'BLOB_UNKNOWN')
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const part = bytes.subarray(from)
  const range = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}
  return end(response, from > 0 ? 206 : 200, { 'content-length': `${part.length}`, ...range }, request.method === 'HEAD' ? undefined : part)
}

export function end(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  content?: string | Buffer,
): ServerResponse {
  return response.writeHead(status, headers).end(content)
}

function refuse(response: ServerResponse, status: number, code: string): ServerResponse {
  return end(
    response,
    status,
    { 'content-type': 'application/json' },
    JSON.stringify({ errors: [{ code, message: 'no \u001b[31mred\u001b[0m' }] }),
  )
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
