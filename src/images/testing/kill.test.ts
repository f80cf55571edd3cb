import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ImageSource } from '../../model/image.ts'
import { archiveSource } from '../archive/source.ts'
import { layoutSource } from '../layout/source.ts'
import { registrySource } from '../registry/source.ts'
import { registryReference, testAccess } from '../registry/testing/access.ts'
import { startRegistry } from '../registry/testing/registry-server.ts'
import { collect } from '../verified-bytes.ts'
import { wholeImage } from '../whole-image.ts'

const KILLS = Number(process.env['SUTURE_TEST_KILLS'] ?? 4)
const WRITER = join(import.meta.dirname, 'endless-writer.ts')

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'suture-kill-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Kills the writer at some moment, again and again; whatever is there must be whole. */
async function killAndRead(reference: string, folder: string, open: () => ImageSource): Promise<void> {
  const seen = new Set<string>()
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [WRITER, reference, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    // Moments spread over some writes, the same in every run of the test.
    await delay((kill * 37) % 90)
    child.kill('SIGKILL')
    await once(child, 'close')
    const source = open()
    try {
      const whole = await wholeImage(source)
      for (const { descriptor } of whole.blobs) await collect(source.blob(descriptor), 1e7, descriptor.digest)
      seen.add(whole.root.descriptor.digest)
    } finally {
      await source.close()
    }
  }
  assert.ok(seen.size > 1)
}

test('a layout whose writer is killed holds the old image or the new one', async context => {
  const folder = await scratch(context)
  const place = { folder: join(folder, 'layout'), tag: 'x', reference: 'the layout' }
  await killAndRead(`oci:${place.folder}:x`, folder, () => layoutSource(place))
})

test('an archive whose writer is killed holds the old image or the new one', async context => {
  const folder = await scratch(context)
  const file = join(folder, 'image.tar')
  const nothing = { scratch: folder, stdin: (async function* () {})() }
  await killAndRead(`docker-archive:${file}`, folder, () => archiveSource({ kind: 'archive', format: 'docker', file }, nothing))
})

test('a tag whose push is killed points to the old image or the new one', async context => {
  const folder = await scratch(context)
  const server = await startRegistry()
  const access = testAccess()
  context.after(async () => {
    await access.transport.close()
    await server.close()
  })
  const reference = registryReference(`${server.host}/team/name:x`)
  const location = { host: server.host, repository: 'team/name', insecure: false, mirror: false, pulls: 'all' } as const
  await killAndRead(`${server.host}/team/name:x`, folder, () => registrySource(access, reference, [location]))
})
