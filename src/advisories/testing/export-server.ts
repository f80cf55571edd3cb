/** A loopback server in the layout of OSV.dev's export, that can be told to misbehave. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { RecordJson } from './records.ts'
import { writeZip } from './write-zip.ts'

/** What happens to one request instead of the right answer. */
export type Mishap =
  | { readonly status: number; readonly headers?: Record<string, string> }
  /** Breaks the connection after so many bytes of the body. */
  | { readonly breakAfter: number }
  /** Sends a body with one byte changed. */
  | 'corrupt'
  /** Promises more bytes than it sends, and ends as if all were well. */
  | 'short'
  /** Answers a request for a part with the whole. */
  | 'whole'

export interface ExportServer {
  readonly url: string
  /** `<method> <path>[ <range>]`, in order. */
  readonly requests: string[]
  /** Path → what happens to the next requests for it, one each. */
  readonly mishaps: Map<string, Mishap[]>
  /** Sets an ecosystem's records; the archive too, unless it is to lag behind. */
  publish(ecosystem: string, records: readonly RecordJson[], options?: { readonly archive?: boolean; readonly list?: boolean }): void
  close(): Promise<void>
}

export async function serveExport(): Promise<ExportServer> {
  const files = new Map<string, Buffer>()
  const requests: string[] = []
  const mishaps = new Map<string, Mishap[]>()
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(' '))
    answer(request, response, files.get(path), mishaps.get(path)?.shift())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    mishaps,
    publish(ecosystem, records, { archive = true, list = true } = {}) {
      for (const path of [...files.keys()]) if (path.startsWith(`/${ecosystem}/`) && !path.endsWith('all.zip')) files.delete(path)
      const newestFirst = [...records].sort((a, b) => Date.parse(b.modified) - Date.parse(a.modified))
      if (list)
        files.set(`/${ecosystem}/modified_id.csv`, Buffer.from(newestFirst.map(({ id, modified }) => `${modified},${id}\n`).join('')))
      for (const record of records) files.set(`/${ecosystem}/${record.id}.json`, Buffer.from(JSON.stringify(record)))
      if (archive)
        files.set(
          `/${ecosystem}/all.zip`,
          writeZip(Object.fromEntries(records.map(record => [`${record.id}.json`, JSON.stringify(record)]))),
        )
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(request: IncomingMessage, response: ServerResponse, file: Buffer | undefined, mishap: Mishap | undefined): void {
  if (typeof mishap === 'object' && 'status' in mishap) {
    response.writeHead(mishap.status, mishap.headers).end('no')
    return
  }
  if (file === undefined) {
    response.writeHead(404).end('no such file')
    return
  }
  const etag = `"${createHash('sha256').update(file).digest('hex').slice(0, 16)}"`
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end()
    return
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const partial = from > 0 && request.headers['if-range'] === etag && mishap !== 'whole'
  if (partial && from >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end()
    return
  }
  const body = Buffer.from(partial ? file.subarray(from) : file)
  const headers = {
    etag,
    'content-length': body.length,
    'x-goog-hash': `crc32c=AAAAAA==, md5=${createHash('md5').update(file).digest('base64')}`,
  }
  response.writeHead(
    partial ? 206 : 200,
    partial ? { ...headers, 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : headers,
  )
  if (mishap === 'corrupt') {
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1
    response.end(body)
  } else if (mishap === 'short') {
    response.write(body.subarray(0, -10), () => response.destroy())
  } else if (typeof mishap === 'object') {
    response.write(body.subarray(0, mishap.breakAfter), () => setTimeout(() => response.destroy(), 20))
  } else {
    response.end(body)
  }
}
