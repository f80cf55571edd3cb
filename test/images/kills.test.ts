import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { registrySource } from '../../src/images/registry/source.ts'
import { registryReference, testAccess } from '../../src/images/registry/testing/access.ts'
import { collect } from '../../src/images/verified-bytes.ts'
import { wholeImage } from '../../src/images/whole-image.ts'
import type { ImageSource } from '../../src/model/image.ts'
import type { FixInProcess } from './fix-in-process.ts'
import { placesOf, REPOSITORY, registryWith } from './places.ts'
import { sourceOf } from './read-back.ts'
import { NOW, openWorkshop, type Workshop } from './workshop.ts'

/** Processes that are killed; each is fixing eight images at that moment. */
const KILLS = Number(process.env['SUTURE_IMAGE_KILLS'] ?? 13)
const PROGRAM = join(import.meta.dirname, 'fix-in-process.ts')
/** Temporary names of images and their lock, of what was downloaded, and of layers that were read. */
const LEFT = /^\.suture-|\.[0-9a-f]{12}$|\.layer\.\d+$/
/** Two of each kind. */
const PAIR = ['one-', 'other-']
const TWO_HOURS = 2 * 60 * 60

interface Lane {
  readonly reference: string
  open(): ImageSource
  /** Back to the image before; `all`: nothing that was written since is left either. */
  restart(all: boolean): void
}

/** Two layouts, two archives of either kind and two tags of a registry, all with the same image. */
async function openLanes(shop: Workshop, context: Parameters<typeof openWorkshop>[0]): Promise<readonly Lane[]> {
  const image = shop.image({ above: [[{ path: 'srv/data', content: Buffer.alloc(600_000, 'not much') }]] })
  const registry = await registryWith(image)
  const access = testAccess()
  context.after(async () => {
    await access.transport.close()
    await registry.close()
  })
  const [layout, docker, oci] = await placesOf(shop, registry, image)
  const latest = registry.manifests.get(`${REPOSITORY} latest`)
  if (layout === undefined || docker === undefined || oci === undefined || latest === undefined) throw new Error('an image is missing')
  registry.manifests.set(`${REPOSITORY} other`, latest)
  const [blobs, manifests] = [new Map(registry.blobs), new Map(registry.manifests)]
  const kept = (name: string) => join(shop.root, 'kept', name)
  for (const name of ['place', 'docker-archive.tar', 'oci-archive.tar']) cpSync(join(shop.root, name), kept(name), { recursive: true })

  const local = (usual: string, name: string, changed: string, prefix: string): Lane => {
    const [from, to] = [kept(name), join(shop.root, prefix + name)]
    const reference = usual.replace(join(shop.root, name), to)
    return {
      reference,
      open: () => sourceOf(reference),
      restart(all) {
        if (all) rmSync(to, { recursive: true, force: true })
        cpSync(all ? from : join(from, changed), all ? to : join(to, changed), { recursive: true })
      },
    }
  }
  const place = { host: registry.host, repository: REPOSITORY, insecure: false, mirror: false, pulls: 'all' } as const
  const remote = (tag: string): Lane => {
    const reference = `${registry.host}/${REPOSITORY}:${tag}`
    return {
      reference,
      open: () => registrySource(access, registryReference(reference), [place]),
      restart(all) {
        if (all) for (const map of [registry.blobs, registry.manifests]) map.clear()
        for (const [key, bytes] of blobs) registry.blobs.set(key, bytes)
        for (const [key, manifest] of manifests) registry.manifests.set(key, manifest)
      },
    }
  }
  const lanes = [
    ...PAIR.flatMap(prefix => [
      local(layout.reference, 'place', 'index.json', prefix),
      local(docker.reference, 'docker-archive.tar', '', prefix),
      local(oci.reference, 'oci-archive.tar', '', prefix),
    ]),
    remote('latest'),
    remote('other'),
  ]
  for (const lane of lanes) lane.restart(true)
  return lanes
}

/** What the reference points to, with every blob of it read and held against its digest. */
async function wholeDigest({ open }: Lane): Promise<string> {
  const source = open()
  try {
    const { root, blobs } = await wholeImage(source)
    for (const { descriptor } of blobs) await collect(source.blob(descriptor), 1e8, descriptor.digest)
    return root.descriptor.digest
  } finally {
    await source.close()
  }
}

interface Times {
  /** From when it is loaded until the last image is written, in milliseconds. */
  readonly whole: number
  /** From the first image that is being written. */
  readonly writing: number
}

/** Runs until its end or until it is killed: anywhere, soon after an image is begun to be written, or soon after one is there. */
async function fixUntilKilled(task: FixInProcess, kill: number, times?: Times): Promise<Times> {
  // Code once compiled is kept, as it is for a program that is installed.
  const env = { NODE_COMPILE_CACHE: join(task.workingFolder, '..', 'kept', 'code') }
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'], env })
  const ended = once(child, 'exit')
  const said = new Map<string, (at: number) => void>()
  const heard = (word: string) => new Promise<number>(resolve => said.set(word, resolve))
  const moments = { ready: heard('ready'), writing: heard('writing'), done: heard('done') }
  createInterface(child.stdout).on('line', line => {
    const [word = '', , code = '0'] = line.split(' ')
    // 1: the C library has a flaw that nothing fixes.
    assert.ok(['0', '1'].includes(code), `a fix ended with ${code}`)
    said.get(word)?.(performance.now())
  })
  if (times !== undefined) {
    const moment = (['ready', 'writing', 'done', 'writing'] as const)[kill % 4] ?? 'ready'
    await Promise.race([moments[moment], ended])
    const wait = Math.random() * (moment === 'ready' ? times.whole : times.writing * 0.6)
    await Promise.race([sleep(wait), ended])
    child.kill('SIGKILL')
    await ended
    return times
  }
  const [exit] = await ended
  assert.equal(exit, 0)
  const end = performance.now()
  return { whole: end - (await moments.ready), writing: end - (await moments.writing) }
}

test(`fixes of a layout, an archive and a registry’s tag killed ${8 * KILLS} times leave the old image or the new one, and the next one ends with the same`, {
  timeout: 3_600_000,
}, async context => {
  const shop = await openWorkshop(context)
  const lanes = await openLanes(shop, context)
  const images = lanes.map(({ reference }) => [reference, '--output', reference, '--advisories', shop.advisories])
  const environment = {
    ...shop.environment,
    SUTURE_HOME: join(shop.root, 'data', 'suture'),
    XDG_CACHE_HOME: join(shop.root, 'data', 'cache'),
  }
  const task = { images, environment, workingFolder: shop.working, now: NOW.toISOString() }
  const [old = ''] = await Promise.all(lanes.map(wholeDigest))
  const times = await fixUntilKilled(task, 0)
  for (const lane of lanes) await shop.fix(lane.reference, { output: lane.reference, world: { environment } })
  const usual = namesIn(shop)
  const [fixed = ''] = await Promise.all(lanes.map(wholeDigest))
  assert.notEqual(fixed, old)
  const seen = { old: 0, fixed: 0, left: 0 }

  for (let kill = 0; kill < KILLS; kill++) {
    for (const lane of lanes) lane.restart(kill % 2 === 0)
    if (kill % 5 === 0) for (const folder of ['data', 'working/.suture']) rmSync(join(shop.root, folder), { recursive: true, force: true })
    await fixUntilKilled(task, kill, times)
    for (const lane of lanes) {
      const digest = await wholeDigest(lane)
      assert.ok(digest === old || digest === fixed, `${lane.reference} is ${digest}`)
      seen[digest === old ? 'old' : 'fixed']++
      const { written } = await shop.fix(lane.reference, { output: lane.reference, world: { environment } })
      assert.equal(written, digest === old)
      assert.equal(await wholeDigest(lane), fixed)
    }
    seen.left += age(shop)
  }
  assert.ok(seen.old > 0 && seen.fixed > 0, JSON.stringify(seen))

  // What killed runs left is old by now, and goes with the next fix that writes beside it.
  for (const name of namesIn(shop).filter(name => name.startsWith('data/cache') && !LEFT.test(name)))
    if (statSync(join(shop.root, name)).isFile()) rmSync(join(shop.root, name))
  for (const lane of lanes) {
    lane.restart(false)
    await shop.fix(lane.reference, { output: lane.reference, world: { environment } })
  }
  if (process.env['SUTURE_SLOW']) console.log(seen, times)
  const strange = (name: string) => (name.startsWith('data') ? LEFT.test(name) : !usual.includes(name))
  assert.deepEqual(namesIn(shop).filter(strange), [])
})

/** Everything below the folder but its copy of the images. */
function namesIn(shop: Workshop): string[] {
  return readdirSync(shop.root, { recursive: true })
    .map(String)
    .filter(name => !name.startsWith('kept'))
}

/** As if the writers had been killed long ago. How many files they left. */
function age(shop: Workshop): number {
  const long = Date.now() / 1000 - TWO_HOURS
  const left = namesIn(shop).filter(name => LEFT.test(name.split('/').at(-1) ?? '') && statSync(join(shop.root, name)).isFile())
  for (const name of left) utimesSync(join(shop.root, name), long, long)
  return left.length
}
