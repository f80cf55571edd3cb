/** docker-registry on loopback, with its storage in a folder. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface Registry {
  readonly host: string
  close(): void
}

export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(folder, { recursive: true })
  const host = `127.0.0.1:${await freePort()}`
  const config = join(folder, 'config.yml')
  writeFileSync(
    config,
    `version: 0.1\nlog: { level: error, accesslog: { disabled: true } }\nstorage:\n  filesystem: { rootdirectory: ${join(folder, 'storage')} }\n  delete: { enabled: true }\nhttp: { addr: "${host}" }\n`,
  )
  const server = spawn('docker-registry', ['serve', config], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  })
  for (let attempt = 0; ; attempt++) {
    const answers = await fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (answers) break
    if (attempt > 100 || server.exitCode !== null) throw new Error('docker-registry does not answer')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  return { host, close: () => void server.kill() }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
