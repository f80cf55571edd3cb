/** Layers that lead out, contradict themselves, grow without end or lie about what they are. */
import assert from 'node:assert/strict'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { OPAQUE } from '../../src/images/tar/write.ts'
import { makeTar, paxItem, recordsItem, type TarItem, tarHeader } from '../../src/images/testing/make-tar.ts'
import { digestOf } from '../../src/images/verified-bytes.ts'
import { hostileTests } from './hostile.ts'
import { gzipLayer, withEntries, withLayer, withParts } from './hostile-image.ts'
import { file } from './image.ts'
import { readBack } from './read-back.ts'

const HOSTS = file('etc/hosts', 'localhost\n')
const link = (path: string, target: string): TarItem => ({ path, type: 'symlink', target })
const plain = makeTar([HOSTS])
const STATUS = 'var/lib/dpkg/status'

hostileTests([
  { name: 'a layer with a path that leads out', given: withEntries([HOSTS, file('../../../etc/passwd', 'x')]), ends: 'layer-invalid' },
  {
    name: 'a layer with a path that leads out from within, in PAX',
    given: withEntries([{ path: 'x', pax: { path: 'usr/../../../root/.ssh/authorized_keys' } }]),
    ends: 'layer-invalid',
  },
  {
    name: 'a layer with a hard link to a file outside',
    given: withEntries([{ path: 'etc/shadow2', type: 'hardlink', target: '../../etc/shadow' }]),
    ends: 'layer-invalid',
  },
  {
    name: 'a layer with a hard link through a link to outside',
    given: withEntries([link('out', '/../../..'), { path: 'shadow', type: 'hardlink', target: 'out/etc/shadow' }]),
    ends: 'layer-invalid',
  },
  { name: 'a layer with a hard link to itself', given: withEntries([{ path: 'a', type: 'hardlink', target: 'a' }]), ends: 'layer-invalid' },
  {
    name: 'a layer with links in a circle above a file',
    given: withEntries([link('a', 'b'), link('b', 'a'), file('a/c', 'x')]),
    ends: 'layer-invalid',
  },
  { name: 'a layer with a file below a file', given: withEntries([file('opt', 'x'), file('opt/below', 'x')]), ends: 'layer-invalid' },
  { name: 'a layer with NUL in a name', given: withEntries([{ path: 'x', pax: { path: 'etc/pass\0wd' } }]), ends: 'layer-invalid' },
  {
    name: 'a layer with a name that clears the screen, and leads out',
    given: withEntries([file('\u001b[2J\u001b]0;owned\u0007/../../x', 'x')]),
    ends: 'layer-invalid',
  },
  { name: 'a layer with a path of 3,000 folders', given: withEntries([file(`${'a/'.repeat(3000)}x`, 'x')]), ends: 'layer-invalid' },
  { name: 'a whiteout of “..”', given: withEntries([file('etc/.wh...', '')]), ends: 'layer-invalid' },
  { name: 'a whiteout of nothing', given: withEntries([file('etc/.wh.', '')]), ends: 'layer-invalid' },
  { name: 'a whiteout of the package database', given: withEntries([file('var/lib/.wh.dpkg', '')]), ends: 'distribution-unsupported' },
  {
    name: 'an opaque folder high above the package database',
    given: withEntries([file(`var/${OPAQUE}`, '')]),
    ends: 'distribution-unsupported',
  },
  { name: 'a root that hides all below it', given: withEntries([file(OPAQUE, '')]), ends: 'distribution-unsupported' },
  {
    name: 'a tar with a size beyond all numbers',
    given: withParts(tarHeader({ path: 'a', raw: { 124: Buffer.alloc(12, 0xbf) } })),
    ends: 'layer-invalid',
  },
  {
    name: 'a tar with a negative size',
    given: withParts(tarHeader({ path: 'a', raw: { 124: Buffer.alloc(12, 0xff) } })),
    ends: 'layer-invalid',
  },
  {
    name: 'a tar with a file of 8 GiB that is not there',
    given: withParts(tarHeader({ path: 'a', size: 0o77777777777 })),
    ends: 'layer-invalid',
  },
  { name: 'a tar with a wrong checksum', given: withEntries([{ path: 'a', raw: { 148: '0000000\0' } }]), ends: 'layer-invalid' },
  {
    name: 'a tar with a name of 2 GiB',
    given: withParts(tarHeader({ path: 'x', type: 'L', size: 2 ** 31 })),
    ends: 'layer-too-large',
  },
  {
    name: 'a tar with a PAX record longer than it is',
    given: withParts(recordsItem('x', Buffer.from('99999999999 path=a\n')), makeTar([HOSTS])),
    ends: 'layer-invalid',
  },
  {
    name: 'a tar that gives all entries one path, which runtimes pass over',
    given: withParts(paxItem('g', [['path', STATUS]]), makeTar([file('a', 'x'), file('b', '')])),
    ends: 'layer-invalid',
  },
  {
    name: 'a tar that ends within a file',
    given: withEntries(makeTar([file('a', 'x'.repeat(2000))]).subarray(0, 1200)),
    ends: 'layer-invalid',
  },
  { name: 'a sparse file', given: withEntries([{ path: STATUS, type: 'S' }]), ends: 'layer-invalid' },
  {
    name: 'gzip that ends early, under its own digest',
    given: withLayer(() => ({ ...gzipLayer(plain), bytes: gzipLayer(plain).bytes.subarray(0, -9) })),
    ends: 'layer-invalid',
  },
  {
    name: 'gzip followed by something else',
    given: withLayer(() => ({ ...gzipLayer(plain), bytes: Buffer.concat([gzipLayer(plain).bytes, Buffer.from('trailer')]) })),
    ends: 'layer-invalid',
  },
  {
    name: 'a second gzip member that the diff id does not tell of',
    given: withLayer(() => ({ ...gzipLayer(plain), bytes: Buffer.concat([gzipLayer(plain).bytes, gzipLayer(plain).bytes]) })),
    ends: 'image-digest-mismatch',
  },
  {
    name: 'a zstd bomb of 256 MiB in 8 KiB',
    given: withLayer(() => ({ bytes: zstdCompressSync(Buffer.alloc(2 ** 28)), diffId: digestOf(plain) })),
    ends: 'layer-too-large',
  },
  {
    name: 'a gzip bomb of 1.5 GiB in 1.5 MiB',
    given: withLayer(() => ({ bytes: Buffer.concat(Array(24).fill(gzipSync(Buffer.alloc(2 ** 26)))), diffId: digestOf(plain) })),
    ends: 'layer-too-large',
  },
  {
    name: 'zstd that asks for a window of 2 GiB',
    given: withLayer(() => ({ bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0, 0]), diffId: digestOf(plain) })),
    ends: 'layer-invalid',
  },
  {
    name: 'a layer packed with bzip2 that says it is gzip',
    given: withLayer(() => ({ bytes: Buffer.from('BZh91AY&SYxxxxxxxxxxxxxxxx'), diffId: digestOf(plain) })),
    ends: 'compression-unsupported',
  },
  {
    name: 'a layer with the diff id of another one',
    given: withLayer(() => ({ ...gzipLayer(plain), diffId: digestOf(Buffer.from('another')) })),
    ends: 'image-digest-mismatch',
  },
  {
    name: 'a layer with the digest of another one',
    given: withLayer(() => ({ ...gzipLayer(plain), said: { digest: digestOf(Buffer.from('another')) } })),
    ends: 'image-digest-mismatch',
  },
  {
    name: 'a layer that is longer than it says',
    given: withLayer(() => ({ ...gzipLayer(plain), said: { size: 10 } })),
    ends: 'image-digest-mismatch',
  },
  {
    name: 'a layer that is shorter than it says',
    given: withLayer(() => ({ ...gzipLayer(plain), said: { size: 2 ** 40 } })),
    ends: 'image-digest-mismatch',
  },
  {
    name: 'a layer that is kept elsewhere',
    given: withLayer(() => ({
      ...gzipLayer(plain),
      said: { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', urls: ['file:///etc/passwd'] },
    })),
    ends: 'layer-foreign',
  },
  {
    name: 'a package database that is a device',
    given: withEntries([{ path: STATUS, type: '3', raw: { 329: '0000001\0', 337: '0000005\0' } }]),
    ends: 'distribution-unsupported',
  },
  {
    name: 'a package database that is a folder',
    given: withEntries([{ path: STATUS, type: 'directory' }]),
    ends: 'distribution-unsupported',
  },
  { name: 'a package database that links to itself', given: withEntries([link(STATUS, 'status')]), ends: 'distribution-unsupported' },
  {
    name: 'a package database of 65 MiB in 64 KiB',
    given: withEntries([{ path: STATUS, content: Buffer.alloc(65 * 2 ** 20, '\n') }]),
    ends: 'image-file-too-large',
  },
  {
    name: 'a package database that links to this machine’s own',
    given: withEntries([link('var/lib/dpkg', '/../../../../../../../../var/lib/dpkg')]),
    ends: 'distribution-unsupported',
  },
  {
    name: 'a file that says which release this is, and links far above the root',
    given: withEntries([
      link('etc/os-release', '../../../../../../etc/os-release.real'),
      file('etc/os-release.real', 'ID=debian\nVERSION_ID="12"\n'),
    ]),
    ends: 'fixed',
  },
  {
    name: 'names that mean something to JavaScript',
    given: withEntries(['__proto__', 'constructor/prototype', 'etc/__proto__', 'toString'].map(path => file(path, 'x'))),
    ends: 'fixed',
    holds: async shop => {
      const { tree } = await readBack(`oci:${shop.root}/image:latest`)
      assert.ok(tree.has('__proto__') && tree.has('constructor/prototype') && tree.has('etc/__proto__'))
    },
  },
])
