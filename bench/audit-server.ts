/**
 * A registry on loopback for stock npm: it answers npm's bulk audit request from OSV records and passes every other GET
 * on to the registry that npm is configured with, keeping each answer on disk, so that a second run asks nobody.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { affects, type OsvRecord, vulnerableRange } from './osv.ts'

interface BulkAdvisory {
  readonly id: number
  readonly url: string
  readonly title: string
  readonly severity: string
  readonly vulnerable_versions: string
  readonly cwe: readonly string[]
  readonly cvss: { readonly score: number; readonly vectorString: string | null }
}

/** The answer to `POST /-/npm/v1/security/advisories/bulk`: the records that affect any of the versions asked about. */
export function bulkAnswer(
  records: readonly OsvRecord[],
  asked: Readonly<Record<string, readonly string[]>>,
): Record<string, BulkAdvisory[]> {
  const answer = new Map<string, BulkAdvisory[]>()
  for (const record of records) {
    if (record.withdrawn !== undefined) continue
    for (const affected of record.affected ?? []) {
      const name = affected.package?.name
      if (affected.package?.ecosystem !== 'npm' || name === undefined || !Object.hasOwn(asked, name)) continue
      if (!(asked[name] ?? []).some(version => affects(affected, version))) continue
      const advisory: BulkAdvisory = {
        id: createHash('sha256').update(`${record.id}/${name}`).digest().readUInt32BE(),
        url: `https://github.com/advisories/${record.id}`,
        title: record.summary ?? record.id,
        severity: (record.database_specific?.severity ?? 'moderate').toLowerCase(),
        vulnerable_versions: vulnerableRange(affected),
        cwe: record.database_specific?.cwe_ids ?? [],
        cvss: { score: 0, vectorString: record.severity?.find(entry => entry.type === 'CVSS_V3')?.score ?? null },
      }
      answer.set(name, [...(answer.get(name) ?? []), advisory])
    }
  }
  return Object.fromEntries(answer)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
}

export interface AuditServer {
  readonly url: string
  /** Requests that went to the upstream registry. */
  readonly passedOn: () => number
  close(): Promise<void>
}

export async function startAuditServer(options: {
  records: readonly OsvRecord[]
  upstream: string
  cacheFolder: string
  port?: number
}): Promise<AuditServer> {
  mkdirSync(options.cacheFolder, { recursive: true })
  let passedOn = 0
  const passOn = async (path: string, accept: string): Promise<{ status: number; type: string; body: Buffer }> => {
    const file = join(options.cacheFolder, createHash('sha256').update(`${accept}\n${path}`).digest('hex'))
    if (existsSync(file)) {
      const { status, type } = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as { status: number; type: string }
      return { status, type, body: readFileSync(file) }
    }
    passedOn++
    const response = await fetch(new URL(path.replace(/^\//, ''), options.upstream), {
      headers: { accept },
      signal: AbortSignal.timeout(60_000),
    })
    const answer = {
      status: response.status,
      type: response.headers.get('content-type') ?? 'application/json',
      body: Buffer.from(await response.arrayBuffer()),
    }
    if (response.ok || response.status === 404) {
      writeFileSync(`${file}.json`, JSON.stringify({ status: answer.status, type: answer.type, path }))
      // Another run may share the folder: the body appears whole, and last.
      writeFileSync(`${file}.${process.pid}`, answer.body)
      renameSync(`${file}.${process.pid}`, file)
    }
    return answer
  }
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const path = request.url ?? '/'
      if (request.method === 'POST' && path === '/-/npm/v1/security/advisories/bulk') {
        const asked = JSON.parse(await bodyOf(request)) as Record<string, string[]>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(bulkAnswer(options.records, asked)))
      } else if (request.method === 'GET') {
        const { status, type, body } = await passOn(path, request.headers.accept ?? '*/*')
        response.writeHead(status, { 'content-type': type }).end(body)
      } else response.writeHead(404).end()
    }
    answer().catch((error: unknown) => response.writeHead(502).end(String(error)))
  })
  server.keepAliveTimeout = 600_000
  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    passedOn: () => passedOn,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
