/** A web server of a folder on loopback, as a process of its own: tests wait for the tools that read from it. Prints its port. */
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'

const [, , folder = '.'] = process.argv
const server = createServer((request, response) => {
  const path = join(folder, normalize(`/${decodeURIComponent(request.url ?? '/')}`))
  const size = statSync(path, { throwIfNoEntry: false })
  if (size?.isFile() !== true) response.writeHead(404).end()
  else {
    response.writeHead(200, { 'content-length': size.size })
    createReadStream(path).pipe(response)
  }
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' && address !== null ? address.port : 0)
})
