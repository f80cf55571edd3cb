/** A server of repositories on the loopback, for tests: ETag, ranges, and faults on demand. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RepositoryFiles } from './make-repository.ts'

export interface RepositoryServer {
  /** With a final `/`. */
  readonly url: string
  /** Paths that were asked for, in order, with the status that was answered: `200 dists/x/InRelease`. */
  readonly requests: string[]
  /** Changed at will between requests. */
  files: RepositoryFiles
  /** Answers instead of the file where it returns true. */
  before: ((request: IncomingMessage, response: ServerResponse, path: string) => boolean) | undefined
  close(): Promise<void>
}

export async function serveRepository(files: RepositoryFiles): Promise<RepositoryServer> {
  const requests: string[] = []
  const http = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1))
    const log = (): unknown => requests.push(`${response.statusCode} ${path}`)
    response.on('finish', log).on('close', () => response.writableFinished || log())
    if (server.before?.(request, response, path) === true) return
    const bytes = server.files.get(path)
    if (bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end()
      return
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const part = bytes.subarray(from)
    const range = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}
    response.writeHead(from > 0 ? 206 : 200, { etag, 'content-length': part.length, ...range }).end(part)
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const server: RepositoryServer = {
    url: `http://127.0.0.1:${port}/`,
    requests,
    files,
    before: undefined,
    close: () =>
      new Promise(resolve => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
  return server
}
