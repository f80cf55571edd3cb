import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { proxiedFetch } from './proxied-fetch.ts'

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

const stop = (server: Server): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

test('requests go through the proxy that the environment names, and not for hosts that it excepts', async () => {
  const origin = createServer((_request, response) => response.writeHead(200, { etag: '"1"' }).end('hello'))
  const originPort = await listen(origin)
  const seen: string[] = []
  const tunnels: { destroy(): unknown }[] = []
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.writeHead(502).end()
  })
  proxy.on('connect', (request, client, head) => {
    seen.push(`${request.method} ${request.url}`)
    const upstream = connect(originPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [upstream, client]) socket.on('error', () => upstream.destroy())
    tunnels.push(client, upstream)
  })
  const proxyPort = await listen(proxy)
  try {
    const init = { headers: {}, signal: new AbortController().signal }
    const through = proxiedFetch({ HTTP_PROXY: `http://127.0.0.1:${proxyPort}` })
    const answer = await through('http://mirror.example/npm/all.zip', init)
    assert.deepEqual([answer.status, answer.headers.get('etag'), await answer.text()], [200, '"1"', 'hello'])
    assert.deepEqual(seen, ['CONNECT mirror.example:80'])
    seen.length = 0
    const around = proxiedFetch({ http_proxy: `http://127.0.0.1:${proxyPort}`, NO_PROXY: '127.0.0.1' })
    for (const fetch of [around, proxiedFetch({})])
      assert.equal(await (await fetch(`http://127.0.0.1:${originPort}/`, init)).text(), 'hello')
    assert.deepEqual(seen, [])
  } finally {
    for (const socket of tunnels) socket.destroy()
    await stop(proxy)
    await stop(origin)
  }
})
