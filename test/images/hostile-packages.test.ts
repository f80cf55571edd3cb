/** Package databases that contradict themselves, lead elsewhere or steer what reads them. */
import assert from 'node:assert/strict'
import { hostileTests } from './hostile.ts'
import { withEntries } from './hostile-image.ts'
import { file, statusOf } from './image.ts'
import { CONFFILE, DIVERTED, INSTALLED, NEW_SSL } from './packages.ts'
import { readBack } from './read-back.ts'
import type { Workshop } from './workshop.ts'

const DPKG = 'var/lib/dpkg'
const STATUS = INSTALLED.map(item => `${statusOf(item)}\n\n`).join('')
const EVIL = '\u001b[2J\u001b]0;x\u0007\u202e'

const status = (change: (text: string) => string) => withEntries([file(`${DPKG}/status`, change(STATUS))])
const stanza = (...lines: readonly string[]) => status(text => `${text}${lines.join('\n')}\n\n`)
const more = (name: string, ...lines: readonly string[]) =>
  stanza(`Package: ${name}`, 'Status: install ok installed', 'Version: 1', 'Architecture: amd64', ...lines)
const back = (shop: Workshop) => readBack(`oci:${shop.root}/image:latest`)
const config = (text: string) => withEntries([file('etc/dpkg/dpkg.cfg.d/evil', text)])

hostileTests([
  { name: 'a package twice', given: status(text => text + text), ends: 'dpkg-status-invalid' },
  { name: 'a field twice', given: status(text => text.replace('Version:', 'Version: 9\nversion:')), ends: 'dpkg-status-invalid' },
  {
    name: 'a record without a version',
    given: stanza('Package: x', 'Status: install ok installed', 'Architecture: amd64'),
    ends: 'dpkg-status-invalid',
  },
  { name: 'a record that is no record', given: stanza(EVIL), ends: 'dpkg-status-invalid' },
  { name: 'a package whose name is a path', given: more('../../../../etc/cron.d/evil'), ends: 'dpkg-status-invalid' },
  { name: 'a package whose name steers the terminal', given: more(`x${EVIL}`), ends: 'dpkg-status-invalid' },
  { name: 'a package called __proto__', given: more('__proto__'), ends: 'dpkg-status-invalid' },
  {
    name: 'a package called constructor',
    given: more('constructor', 'Depends: tostring, valueof', 'Provides: hasownproperty'),
    ends: 'fixed',
  },
  {
    name: 'a version that steers the terminal',
    given: stanza('Package: x', 'Status: install ok installed', `Version: 1${EVIL}`, 'Architecture: amd64'),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'an architecture that is a path',
    given: stanza('Package: x', 'Status: install ok installed', 'Version: 1', 'Architecture: ../../x'),
    ends: 'dpkg-status-invalid',
  },
  { name: 'a source with a line of its own', given: more('x', 'Source: y (1)\u0085evil'), ends: 'dpkg-status-invalid' },
  {
    name: 'a status that is none',
    given: stanza('Package: x', `Status: install ${EVIL}`, 'Version: 1', 'Architecture: amd64'),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'a description that steers the terminal',
    given: more('x', `Description: short ${EVIL}`, ` long\r${EVIL}`),
    ends: 'fixed',
    holds: async shop => assert.ok((await back(shop)).text(`${DPKG}/status`).includes(`Description: short ${EVIL}\n long\r${EVIL}\n`)),
  },
  {
    name: 'a need with 100,000 alternatives',
    given: more('x', `Depends: ${new Array(100_000).fill('aa').join('|')}`),
    ends: 'dpkg-status-invalid',
  },
  { name: 'a need that nothing can read', given: more('x', `Depends: libc6 (>> ${EVIL})`), ends: 'dpkg-status-invalid' },
  { name: 'a stanza of 5 MiB', given: more('x', `Description: ${'x'.repeat(5 * 2 ** 20)}`), ends: 'dpkg-status-invalid' },
  {
    name: 'a conffile that leads out',
    given: more('x', 'Conffiles:', ` /../../etc/passwd ${'0'.repeat(32)}`),
    ends: 'dpkg-status-invalid',
  },
  { name: 'a conffile that cannot be read', given: more('x', 'Conffiles:', ` ${EVIL}`), ends: 'dpkg-status-invalid' },
  {
    name: 'a conffile of a package that moves that leads out',
    given: status(text => text.replace(` /${CONFFILE} `, ' /etc/../../../etc/passwd ')),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'a list of files that leads out',
    given: withEntries([file(`${DPKG}/info/openssl.list`, '/.\n/usr\n/usr/../../../etc/passwd\n')]),
    ends: 'dpkg-status-invalid',
    scan: 'answer',
  },
  {
    name: 'a list of files of a package that claims what says which release this is',
    given: withEntries([file(`${DPKG}/info/openssl.list`, '/.\n/usr\n/etc\n/etc/os-release\n')]),
    scan: 'answer',
    ends: 'distribution-unsupported',
  },
  {
    name: 'digests of files that cannot be read',
    given: withEntries([file(`${DPKG}/info/openssl.md5sums`, `${EVIL}\n`)]),
    ends: 'fixed',
  },
  {
    name: 'diversions with a line missing',
    given: withEntries([file(`${DPKG}/diversions`, `/${DIVERTED}\n/${DIVERTED}.distrib\n`)]),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'a diversion that leads out',
    given: withEntries([file(`${DPKG}/diversions`, `/${DIVERTED}\n/../../../etc/passwd\nevil\n`)]),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'a diversion that makes a file hide another one',
    given: withEntries([file(`${DPKG}/diversions`, '/usr/bin/openssl\n/usr/bin/.wh.sudo\nevil\n')]),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'a diversion to the root',
    given: withEntries([file(`${DPKG}/diversions`, '/usr/bin/openssl\n/\nevil\n')]),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'a diversion below a file',
    given: withEntries([file(`${DPKG}/diversions`, '/usr/bin/openssl\n/usr/bin/sudo/openssl\nevil\n')]),
    ends: 'fixed',
    holds: async shop => assert.equal((await back(shop)).text('usr/bin/sudo'), 'sudo'),
  },
  {
    name: 'modes of files that cannot be read',
    given: withEntries([file(`${DPKG}/statoverride`, `root root 99999 /etc ${EVIL}\n`)]),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'an architecture of the whole image that is a path',
    given: withEntries([file(`${DPKG}/arch`, `../../../evil${EVIL}\n`)]),
    ends: 'dpkg-status-invalid',
  },
  {
    name: 'alternatives that cannot be read',
    given: withEntries([file(`${DPKG}/alternatives/openssl`, `auto\n${EVIL}\n/../../x\n\n/../../y\nmany\n\n`)]),
    ends: 'fixed',
  },
  {
    name: 'triggers that cannot be read',
    given: withEntries([
      file(`${DPKG}/triggers/File`, `/usr/../../.. ${EVIL}\n${EVIL}\n`),
      file(`${DPKG}/triggers/Unincorp`, `${EVIL} x\n`),
    ]),
    ends: 'fixed',
  },
  { name: 'a pattern of files to leave out that is no pattern', given: config('path-exclude=/usr/[z-a]/*\n'), ends: 'fixed' },
  { name: 'a pattern that takes for ever', given: config(`path-exclude=${'*[a-z]'.repeat(100)}*!\n`), ends: 'fixed' },
  {
    name: 'a release that steers the terminal',
    given: withEntries([file('etc/os-release', `ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian ${EVIL}"\nVERSION_CODENAME="${EVIL}"\n`)]),
    ends: 'fixed',
  },
  {
    name: 'a release that is a path',
    given: withEntries([file('etc/os-release', 'ID=../../x\nVERSION_ID=../../y\nVERSION_CODENAME=../../z\n')]),
    ends: 'fixed',
  },
  {
    name: 'a release file of 1 MiB',
    given: withEntries([file('etc/os-release', `ID=debian\n#${'x'.repeat(2 ** 20)}`)]),
    ends: 'file-too-large',
  },
  {
    name: 'accounts that cannot be read',
    given: withEntries([file('etc/passwd', `${EVIL}:x\nroot:x:-1:99999999999\n__proto__:x:0:0\n`), file('etc/group', ':::\n')]),
    ends: 'fixed',
    holds: async shop => assert.match((await back(shop)).text('usr/bin/openssl'), new RegExp(NEW_SSL)),
  },
])
