import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeArchive } from '../../src/ecosystems/deb/testing/make-archive.ts'
import { makeTar } from '../../src/images/testing/make-tar.ts'
import { mutateJson, mutateText, type Random, random } from '../hostile/mutate.ts'
import { outcomeOf } from '../hostile/run-suture.ts'
import { gzipLayer, type Twist, twisted } from './hostile-image.ts'
import { file, statusOf } from './image.ts'
import { DIVERTED, INSTALLED, NEW_XML } from './packages.ts'
import { readBack } from './read-back.ts'
import { both, contentOf, openWorkshop, securitySuite, type Workshop } from './workshop.ts'

const TIMES = Number(process.env['SUTURE_IMAGE_FUZZ'] ?? 40)
const DPKG = 'var/lib/dpkg'

/** Files of an image that are read, as they could be. */
const TEXTS: readonly (readonly [path: string, text: (shop: Workshop) => string])[] = [
  [`${DPKG}/status`, () => INSTALLED.map(item => `${statusOf(item)}\n\n`).join('')],
  [`${DPKG}/info/openssl.list`, () => '/.\n/etc\n/etc/ssl\n/etc/ssl/openssl.cnf\n/usr\n/usr/bin\n/usr/bin/openssl\n'],
  [`${DPKG}/info/openssl.md5sums`, () => `${'0'.repeat(32)}  usr/bin/openssl\n`],
  [`${DPKG}/diversions`, () => `/${DIVERTED}\n/${DIVERTED}.distrib\nrebranding\n`],
  [`${DPKG}/statoverride`, () => 'root root 4755 /usr/bin/openssl\n'],
  [`${DPKG}/triggers/File`, () => '/usr/share/ssl libssl3\n'],
  [`${DPKG}/alternatives/ssl`, () => 'auto\n/usr/bin/ssl\n\n/usr/bin/openssl\n10\n\n'],
  ['etc/os-release', () => 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'],
  ['etc/passwd', () => 'root:x:0:0:root:/root:/bin/sh\n'],
  ['etc/apt/apt.conf', () => 'Acquire { Check-Valid-Until "true"; http { Proxy "DIRECT"; }; };\n'],
  ['etc/apt/auth.conf', () => 'machine deb.example/private login me password secret\n'],
  ['etc/apt/preferences', () => 'Package: *\nPin: release a=bookworm\nPin-Priority: 500\n'],
  ['etc/dpkg/dpkg.cfg', () => 'path-exclude=/usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n'],
]

const SCRIPT = `#!/bin/sh
set -e
case "$1" in
  configure)
    if [ -n "$2" ] && dpkg --compare-versions "$2" lt 2.9; then rm -f /etc/xml/old; fi
    for dir in /var/cache/xml /var/lib/xml; do [ -d "$dir" ] || mkdir -p "$dir"; done
    ldconfig || true ;;
esac
while read -r line; do echo "\${line%%=*}" > /dev/null; done < /etc/hostname
exit 0
`

function mutateBytes(bytes: Buffer, next: Random): Buffer {
  const damaged = Buffer.from(bytes)
  for (let times = 1 + next(6); times > 0; times--) damaged[next(damaged.length)] = next(256)
  return next(4) === 0 ? damaged.subarray(0, next(damaged.length)) : damaged
}

/** One thing of the image or of the repository is damaged, all digests and signatures over it right. */
async function damaged(shop: Workshop, next: Random): Promise<Twist> {
  shop.repository.files = both()
  switch (next(6)) {
    case 0:
      return { config: text => (next(2) === 0 ? mutateText : mutateJson)(text, next) }
    case 1:
      return { manifest: text => (next(2) === 0 ? mutateText : mutateJson)(text, next) }
    case 2: {
      const tar = makeTar([
        { path: `${'long/'.repeat(30)}x`, content: 'x', xattrs: { 'user.a': 'b' } },
        { path: 'etc/link', type: 'symlink', target: '../usr/bin/openssl' },
        { path: 'etc/other', type: 'hardlink', target: 'etc/hostname' },
        file('usr/bin/.wh.sudo', ''),
        file('etc/apt/.wh..wh..opq', ''),
      ])
      return { layer: gzipLayer(mutateBytes(tar, next)) }
    }
    case 3: {
      const index = (text: string) => mutateText(text, next)
      const archive = (name: string, made: Buffer) => (name === 'libxml2' ? mutateBytes(made, next) : made)
      shop.repository.files = both(await securitySuite(next(2) === 0 ? { index } : { archive }))
      return {}
    }
    case 4: {
      const control = { postinst: mutateText(SCRIPT, next), conffiles: next(3) === 0 ? mutateText('/etc/xml/a\n', next) : '' }
      const made = makeArchive('libxml2', NEW_XML, 'amd64', { control, files: [{ path: './etc/xml/a', content: 'a' }] })
      shop.repository.files = both(await securitySuite({ archive: (name, usual) => (name === 'libxml2' ? made : usual) }))
      return {}
    }
    default: {
      const [path = '', text = () => ''] = TEXTS[next(TEXTS.length)] ?? []
      return { layer: gzipLayer(makeTar([file(path, mutateText(text(shop), next))])) }
    }
  }
}

test(`${TIMES} images and repositories with something damaged in them are fixed or refused with a coded fault, and then stay as they are`, async context => {
  const shop = await openWorkshop(context)
  const seen = { fixed: 0, refused: 0 }
  const folder = join(shop.root, 'image')
  for (let seed = 1; seed <= TIMES; seed++) {
    for (const kept of ['image', 'cache']) rmSync(join(shop.root, kept), { recursive: true, force: true })
    const reference = shop.layout('image', twisted(shop.image(), await damaged(shop, random(seed * 7919))))
    const before = contentOf(folder)
    try {
      if (outcomeOf(await shop.cli('fix', reference, '--advisories', shop.advisories)) === undefined) {
        await readBack(reference)
        seen.fixed++
      } else {
        assert.deepEqual(contentOf(folder), before)
        seen.refused++
      }
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
  assert.ok(seen.fixed > 0 && seen.refused > 0, JSON.stringify(seen))
  if (process.env['SUTURE_SLOW']) console.log(seen)
})
