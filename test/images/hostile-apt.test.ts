/** Sources that lead elsewhere, and repositories that forge, replay, withhold or swell what they give. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { clearSign, makeKey, type RepositoryFiles, type RepositorySpec } from '../../src/ecosystems/deb/testing/make-repository.ts'
import { type HostileCase, hostileTests } from './hostile.ts'
import { withEntries } from './hostile-image.ts'
import { file, KEYRING } from './image.ts'
import { NEW_SSL } from './packages.ts'
import { readBack } from './read-back.ts'
import { both, key, NOW, securitySuite, type Workshop } from './workshop.ts'
import { xzBomb } from './xz-bomb.ts'

const EVIL = '\u001b[2J\u001b]0;x\u0007\u202e'
const IN_RELEASE = 'dists/bookworm-security/InRelease'
const DAY_MS = 86_400_000
const foreign = await makeKey({ name: `Archive ${EVIL}` })
const expired = await makeKey({ secondsValid: 9.5 * 86_400 })

const plain: HostileCase['given'] = shop => [shop.layout('image')]
/** Source lines instead of the image's own. */
const sources =
  (lines: (url: string) => string): HostileCase['given'] =>
  shop =>
    withEntries([file('etc/apt/sources.list', lines(shop.repository.url))])(shop)
const source = (line: (url: string) => string) => sources(url => `${good(url)}${line(url)}\n`)
const good = (url: string): string =>
  ['bookworm', 'bookworm-security'].map(suite => `deb [signed-by=/${KEYRING}] ${url} ${suite} main\n`).join('')

const security = (more: Partial<RepositorySpec>) => async () => both(await securitySuite(more))
const index = (change: (text: string) => string) => security({ index: change })
/** The security suite's signed index changed as text. */
const inRelease = (change: (text: string) => string | Promise<string>) => async (): Promise<RepositoryFiles> => {
  const files = both()
  return new Map([...files, [IN_RELEASE, Buffer.from(await change(Buffer.from(files.get(IN_RELEASE) ?? []).toString()))]])
}
const ssl = (field: string, value: string) =>
  index(text => text.replace(new RegExp(`(Package: libssl3\\n(?:.*\\n)*?${field}: ).*`), `$1${value}`))

/** A scan stands without prices where the archive cannot be asked. */
const apt = (name: string, repository: () => Promise<RepositoryFiles>, ends: HostileCase['ends']): HostileCase => ({
  name,
  repository,
  given: plain,
  scan: 'answer',
  ends,
})
const sourced = (name: string, given: HostileCase['given'], ends: HostileCase['ends']): HostileCase => ({
  name,
  given,
  scan: 'answer',
  ends,
})

/** A server that does not stop. */
function endless(path: RegExp): HostileCase['given'] {
  return shop => {
    shop.repository.before = (_, response, asked) => {
      if (!path.test(asked)) return false
      const chunk = Buffer.alloc(2 ** 20, 'x')
      const more = (): void => {
        while (response.writable && response.write(chunk));
      }
      response.on('drain', more)
      more()
      return true
    }
    return [shop.layout('image')]
  }
}

function answering(
  path: RegExp,
  status: number,
  headers: Readonly<Record<string, string>>,
  content: string | Buffer = '',
): HostileCase['given'] {
  return shop => {
    shop.repository.before = (_, response, asked) => {
      if (!path.test(asked)) return false
      response.writeHead(status, headers).end(content)
      return true
    }
    return [shop.layout('image')]
  }
}

/** Signed and listed like a right one. */
async function bombed(): Promise<RepositoryFiles> {
  const bomb = xzBomb(2048)
  const sha256 = createHash('sha256').update(bomb).digest('hex')
  const release = (text: string): string => text.replace(/ [0-9a-f]{64} \d+ (.*\/Packages\.xz)/, ` ${sha256} ${bomb.length} $1`)
  const files = both(await securitySuite({ release, byHash: false }))
  return new Map([...files, ['dists/bookworm-security/main/binary-amd64/Packages.xz', bomb]])
}

/** The image asked for once while all was well, so that what it got is remembered. */
async function replayed(shop: Workshop): Promise<readonly string[]> {
  const reference = shop.layout('image')
  await shop.plan(reference, { world: { now: () => new Date(NOW.getTime() - DAY_MS) } })
  shop.repository.files = both(await securitySuite({ date: new Date('2026-01-09T00:00:00Z') }))
  return [reference]
}

hostileTests([
  sourced(
    'a source that wants no signature',
    source(url => `deb [trusted=yes] ${url} evil main`),
    'apt-signature-invalid',
  ),
  sourced(
    'a source whose suite leads out',
    source(url => `deb ${url} ../../../etc main`),
    'apt-sources-invalid',
  ),
  sourced(
    'a source whose component leads out',
    source(url => `deb ${url} bookworm ../x`),
    'apt-sources-invalid',
  ),
  sourced(
    'a source that steers the terminal',
    source(() => `deb ${EVIL}`),
    'apt-sources-invalid',
  ),
  sourced(
    'a source whose name and password cannot be read',
    source(() => 'deb http://a%zz:b%e0@127.0.0.1:9/ x main'),
    'apt-sources-invalid',
  ),
  sourced(
    '100,000 sources',
    sources(url => `deb ${url} bookworm main\n`.repeat(100_000)),
    'apt-sources-invalid',
  ),
  sourced(
    'a keyring that leads out',
    sources(url => good(url).replaceAll(`/${KEYRING}`, '/../../../../etc/shadow')),
    'apt-key-missing',
  ),
  sourced(
    'a keyring that is no keyring',
    withEntries([file(KEYRING, `-----BEGIN PGP PUBLIC KEY BLOCK-----\n${EVIL}\n`)]),
    'apt-key-missing',
  ),
  sourced('a keyring that links to itself', withEntries([{ path: KEYRING, type: 'symlink', target: `/${KEYRING}` }]), 'apt-key-missing'),
  { name: 'sources on this machine’s disk', given: source(() => 'deb file:///etc x main\ndeb cdrom:[x] x main'), ends: 'fixed' },
  {
    name: 'apt settings nested 100,000 deep, with commands',
    given: withEntries([file('etc/apt/apt.conf', `${'a {'.repeat(100_000)}\nDPkg::Pre-Invoke { "touch /tmp/evil"; }; __proto__::x "1";`)]),
    ends: 'fixed',
  },
  {
    name: 'passwords for hosts that are none',
    given: withEntries([file('etc/apt/auth.conf', `machine ${EVIL} login \0 password\n`)]),
    ends: 'fixed',
  },
  apt(
    'a signed index that is not signed',
    inRelease(text => text.replace(/^-----BEGIN PGP SIGNED[\s\S]*?\n\n|-----BEGIN PGP SIGNATURE[\s\S]*/gm, '')),
    'apt-signature-invalid',
  ),
  apt(
    'a signed index that was changed',
    inRelease(text => text.replace('Debian-Security', 'Debian-Nonsense')),
    'apt-signature-invalid',
  ),
  apt(
    'a signed index with a text before it',
    inRelease(text => `Suite: evil\n${text}`),
    'apt-signature-invalid',
  ),
  apt(
    'a signed index with the signature of another text',
    inRelease(async text =>
      text.replace(
        /-----BEGIN PGP SIGNATURE[\s\S]*/,
        (await clearSign('x', [key], NOW)).replace(/^[\s\S]*(?=-----BEGIN PGP SIGNATURE)/, ''),
      ),
    ),
    'apt-signature-invalid',
  ),
  apt('an index signed by a key that nobody knows', security({ key: foreign }), 'apt-key-missing'),
  {
    name: 'an index signed by a key that has expired',
    repository: security({ key: expired }),
    given: shop =>
      withEntries([
        file('etc/apt/sources.list', good(shop.repository.url).replace(/keyrings\/[^\]]*(?=\] \S+ bookworm-security)/, 'keyrings/old.asc')),
        file('usr/share/keyrings/old.asc', expired.publicKey),
      ])(shop),
    scan: 'answer',
    ends: 'apt-key-expired',
  },
  {
    name: 'an index past its time',
    repository: security({ validUntil: new Date('2026-01-10T12:00:00Z') }),
    // Whatever this machine's own apt says.
    given: withEntries([file('etc/apt/apt.conf', 'Acquire::Check-Valid-Until "true";\n')]),
    scan: 'answer',
    ends: 'apt-release-expired',
  },
  apt('an index from the future', security({ fields: { Date: 'Fri, 10 Jan 2031 00:00:00 UTC' } }), 'apt-release-invalid'),
  apt('an index of another suite', security({ fields: { Suite: 'trixie-security', Codename: 'trixie-security' } }), 'apt-release-invalid'),
  apt('an index with two dates', security({ release: text => `Date: Sat, 10 Jan 2026 00:00:00 UTC\n${text}` }), 'apt-release-invalid'),
  apt('an index whose suite steers the terminal', security({ fields: { Suite: EVIL, Codename: EVIL } }), 'apt-release-invalid'),
  { name: 'an index older than the one before', given: replayed, scan: 'answer', ends: 'apt-release-replayed' },
  { name: 'an index without end', given: endless(/InRelease$/), scan: 'answer', ends: 'apt-release-invalid' },
  { name: 'a package index without end', given: endless(/by-hash|Packages/), scan: 'answer', ends: 'apt-index-stale' },
  { name: 'an archive without end', given: endless(/\.deb$/), scan: 'answer', ends: 'deb-digest-mismatch' },
  apt(
    'package indexes that the signed one does not name',
    async () =>
      new Map([...both()].map(([path, bytes]) => [path, /security.*binary-amd64/.test(path) ? Buffer.from('Package: evil\n') : bytes])),
    'apt-index-stale',
  ),
  apt('a package index that unpacks to 2 GiB from 568 KiB', bombed, 'apt-index-invalid'),
  {
    name: 'a mirror whose answer is packed and unpacks to 64 MiB',
    given: answering(/InRelease$/, 200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(2 ** 26, 'x'))),
    scan: 'answer',
    ends: 'apt-release-invalid',
  },
  {
    name: 'a mirror that wants a password, in colours',
    given: answering(/InRelease$/, 401, { 'www-authenticate': 'Basic realm="x"' }, EVIL),
    scan: 'answer',
    ends: 'apt-refused',
  },
  apt(
    'a package index that is no package index',
    index(() => EVIL),
    'apt-index-invalid',
  ),
  apt('an archive whose name leads out', ssl('Filename', '../../../etc/passwd'), 'apt-index-invalid'),
  apt('an archive whose name leads out in an address’s own way', ssl('Filename', 'pool/%2e%2e/%2e%2e/x.deb'), 'apt-index-invalid'),
  apt('an archive elsewhere', ssl('Filename', 'http://elsewhere.example/x.deb'), 'apt-index-stale'),
  apt('an archive of a petabyte', ssl('Size', '999999999999999'), 'deb-digest-mismatch'),
  apt('an archive with no size', ssl('Size', '-1'), 'apt-index-invalid'),
  apt('an archive of another digest', ssl('SHA256', '0'.repeat(64)), 'deb-digest-mismatch'),
  apt('a version that steers the terminal', ssl('Version', `9${EVIL}`), 'apt-index-invalid'),
  apt('a need of 100,000 alternatives', ssl('Depends', new Array(100_000).fill('aa').join('|')), 'apt-index-invalid'),
  {
    name: 'a description that steers the terminal',
    repository: ssl('Description', `${EVIL}\n long\r${EVIL}`),
    given: plain,
    ends: 'fixed',
  },
  {
    name: 'one version twice, of which one archive is not there',
    repository: index(text => `${text}\n${text.replaceAll('Filename: pool', 'Filename: nowhere')}`),
    given: plain,
    ends: 'fixed',
    holds: async shop => assert.match((await readBack(`oci:${shop.root}/image:latest`)).text('usr/bin/openssl'), new RegExp(NEW_SSL)),
  },
])
