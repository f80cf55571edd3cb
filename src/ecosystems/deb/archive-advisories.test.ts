import assert from 'node:assert/strict'
import { test } from 'node:test'
import { archiveAdvisories, archiveMatcher } from './archive-advisories.ts'

const CHANGELOG = `openssl (3.0.11-1~deb12u3) bookworm-security; urgency=medium

  * CVE-2024-0003 (A flaw), cve-2024-0004.
  * The fix of CVE-2023-0001 was incomplete.

 -- A Packager <packager@deb.example>  Mon, 01 Jan 2024 00:00:00 +0000

openssl (3.0.11-1~deb12u2) bookworm-security; urgency=medium

  * CVE-2023-0002

 -- A Packager <packager@deb.example>  Sun, 01 Oct 2023 00:00:00 +0000

openssl (3.0.11-1~deb12u1) bookworm; urgency=medium

  * CVE-2023-0001

 -- A Packager <packager@deb.example>  Fri, 01 Sep 2023 00:00:00 +0000
`

const asked = (installed: string, changelog = CHANGELOG) => archiveAdvisories({ source: 'openssl', installed, changelog })

test('names that first appear above the installed version are its flaws, each fixed where it is named, and are marked as coming from the archive', () => {
  assert.deepEqual(
    asked('3.0.11-1~deb12u1').map(({ id, fixed, from, severity }) => [id, fixed, from, severity]),
    [
      ['CVE-2023-0002', '3.0.11-1~deb12u2', 'archive', 'unscored'],
      ['CVE-2024-0003', '3.0.11-1~deb12u3', 'archive', 'unscored'],
      ['CVE-2024-0004', '3.0.11-1~deb12u3', 'archive', 'unscored'],
    ],
  )
  assert.deepEqual(asked('3.0.11-1~deb12u3'), [])
})

test('versions are compared, so a rebuild between two entries has what the later one fixes', () => {
  assert.deepEqual(
    asked('3.0.11-1~deb12u2+b1').map(({ id }) => id),
    ['CVE-2024-0003', 'CVE-2024-0004'],
  )
})

test('a name that several newer entries give is fixed by the lowest of them', () => {
  const [only] = asked('1-1', 'a (1-3) s; urgency=low\n  * CVE-2020-1000\na (1-2) s; urgency=low\n  * CVE-2020-1000\n')
  assert.equal(only?.fixed, '1-2')
})

test('the matcher knows a flaw by source and version', () => {
  const match = archiveMatcher(asked('3.0.11-1~deb12u1'))
  assert.equal(match('openssl', '3.0.11-1~deb12u1').length, 3)
  assert.equal(match('openssl', '3.0.11-1~deb12u2').length, 2)
  assert.equal(match('openssl', '3.0.11-1~deb12u3').length, 0)
  assert.equal(match('curl', '1').length, 0)
  assert.equal(match('openssl', 'no version').length, 0)
})

test('what is no changelog says nothing, and one without end stays within bounds', () => {
  assert.deepEqual(asked('1-1', 'CVE-2020-1000\n  * CVE-2020-1001\n'), [])
  assert.deepEqual(asked('1-1', 'a (not a version!) s; urgency=low\n  * CVE-2020-1000\n'), [])
  assert.deepEqual(asked('1-1', `a (${'9'.repeat(300)}) s; urgency=low\n  * CVE-2020-1000\n`), [])
  assert.deepEqual(asked('1-1', 'x'.repeat(17 * 1024 * 1024)), [])
  const many = Array.from({ length: 20_000 }, (_, at) => `a (2-${20_000 - at}) s; urgency=low\n  * CVE-2020-${10_000 + at}\n`).join('')
  assert.ok(asked('1-1', many).length <= 5000)
  assert.deepEqual(asked('1-1', `a (2-1) s; urgency=low\n${'('.repeat(100_000)}\n`), [])
})
