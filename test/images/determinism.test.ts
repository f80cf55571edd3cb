import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBack } from './read-back.ts'
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
      const config = back.image.config.descriptor.digest
      seen.add([back.diffIds.at(-1), back.layers.at(-1), config, back.digest].join(' '))
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
