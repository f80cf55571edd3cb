import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { FixInProcess } from './fix-in-process.ts'
import { type ReadBack, readBack } from './read-back.ts'
import { NOW, openWorkshop } from './workshop.ts'

const RUNS = 20
const ZONES = ['UTC', 'Asia/Tokyo', 'America/St_Johns', 'Pacific/Chatham', 'Africa/Casablanca']
const LANGUAGES = ['C', 'de_DE.UTF-8', 'tr_TR.UTF-8', 'ja_JP.eucJP']

test(`${RUNS} runs with other clocks, time zones, languages, users, folders and caches give one image`, async context => {
  const shop = await openWorkshop(context)
  const made = shop.image()
  const seen = new Set<string>()
  const [zone, language] = [process.env['TZ'], process.env['LANG']]
  try {
    for (let at = 0; at < RUNS; at++) {
      const run = join(shop.root, `run-${at}${'-deeper'.repeat(at % 4)}`)
      const working = join(run, 'working folder ü')
      mkdirSync(working, { recursive: true })
      const [TZ = '', LANG = ''] = [ZONES[at % ZONES.length], LANGUAGES[at % LANGUAGES.length]]
      process.env['TZ'] = TZ
      process.env['LANG'] = LANG
      // Two runs in a row share their caches, so that the second finds them warm.
      const caches = join(shop.root, `caches-${at >> 1}`)
      const environment = {
        HOME: join(run, 'home'),
        SUTURE_HOME: join(caches, 'suture'),
        XDG_CACHE_HOME: join(caches, 'cache'),
        TZ,
        LANG,
        LC_ALL: LANG,
        USER: `user-${at}`,
        SOURCE_DATE_EPOCH: String(at * 1e8),
      }
      const now = () => new Date(NOW.getTime() + at * 5 * 3_600_000)
      const reference = shop.layout(`layouts/${at % 3 === 0 ? 'a' : 'b/c'}/${at}`, made)
      const { image } = await shop.fix(reference, { world: { now, environment, workingFolder: working } })
      const back = await readBack(reference)
      assert.equal(back.digest, image?.digest)
      seen.add(identityOf(back))
    }
  } finally {
    restore('TZ', zone)
    restore('LANG', language)
  }
  assert.equal(seen.size, 1)
})

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

/** Diff id and digest of the new layer, digests of config and manifest. */
function identityOf({ diffIds, layers, image, digest }: ReadBack): string {
  return [diffIds.at(-1), layers.at(-1), image.config.descriptor.digest, digest].join(' ')
}

test('processes of other users, with other masks, languages and places, give the image that this one gives', async context => {
  const shop = await openWorkshop(context)
  const made = shop.image()
  const here = shop.layout('here', made)
  await shop.fix(here)
  const expected = identityOf(await readBack(here))
  chmodSync(shop.root, 0o755)
  const runs = [
    { umask: 0o000, user: 65_534, TZ: 'Pacific/Kiritimati', LC_ALL: 'ar_EG.UTF-8' },
    { umask: 0o077, user: 4_000_000, TZ: 'America/Caracas', LC_ALL: 'C' },
    { umask: 0o027, user: 0, TZ: ':/nowhere', LC_ALL: 'tr_TR.UTF-8' },
  ]
  const codes = runs.map(async ({ umask, user, TZ, LC_ALL }, at) => {
    const folder = join(shop.root, `of-${user}`)
    const reference = shop.layout(`of-${user}/image`, made)
    const workingFolder = join(folder, 'working')
    mkdirSync(workingFolder)
    const environment = { HOME: folder, SUTURE_HOME: join(folder, 's'), XDG_CACHE_HOME: join(folder, 'c'), TZ, LC_ALL, LANG: LC_ALL }
    const task: FixInProcess = {
      images: [[reference, '--advisories', shop.advisories]],
      environment,
      workingFolder,
      now: new Date(NOW.getTime() + at * 86_400_000).toISOString(),
      umask,
      ...(canBecome(user) && { user }),
    }
    if (canBecome(user)) giveTo(user, folder)
    const words = [join(import.meta.dirname, 'fix-in-process.ts'), JSON.stringify(task)]
    const child = spawn(process.execPath, words, {
      cwd: at === 0 ? '/' : workingFolder,
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await once(child, 'exit')
    assert.equal(identityOf(await readBack(reference)), expected, `user ${user}`)
    if (canBecome(user)) assert.equal(statSync(join(folder, 'image', 'index.json')).uid, user)
  })
  await Promise.all(codes)
})

/** Only root can, and only where others may read this program. */
function canBecome(user: number): boolean {
  if (process.getuid?.() !== 0 || user === 0) return false
  for (let at = import.meta.dirname; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false
  return true
}

function giveTo(user: number, folder: string): void {
  for (const name of ['', ...readdirSync(folder, { recursive: true }).map(String)]) chownSync(join(folder, name), user, user)
}

test('how the layers below are packed, and what kind of manifest lists them, changes neither the new layer nor what it unpacks to', async context => {
  const shop = await openWorkshop(context)
  const layers = new Set<string>()
  const digests = new Set<string>()
  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    for (const family of ['oci', 'docker'] as const) {
      if (family === 'docker' && compression === 'zstd') continue
      const reference = shop.layout(`${family}-${compression}`, shop.image({ options: { family, compression } }))
      await shop.fix(reference)
      const { diffIds, layers: stored, digest } = await readBack(reference)
      layers.add(`${diffIds.at(-1)} ${stored.at(-1)}`)
      digests.add(digest)
    }
  }
  assert.equal(layers.size, 1)
  assert.equal(digests.size, 5)
})
