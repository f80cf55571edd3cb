/** What the images of these tests are made of, and what their repository offers: a library with its tool, a parser, the C library, data. */
import { gzipSync } from 'node:zlib'
import type { DebSpec } from '../../src/ecosystems/deb/testing/make-deb.ts'

export const OLD_SSL = '3.0.9-1'
export const NEW_SSL = '3.0.11-1~deb12u2'
export const OLD_XML = '2.9.14-1'
export const NEW_XML = '2.9.14-1+deb12u1'

export const TRIPLET = 'usr/lib/x86_64-linux-gnu'
export const CONFFILE = 'etc/ssl/openssl.cnf'
/** Diverted by another package in the image. */
export const DIVERTED = 'usr/share/ssl/logo'

function changelog(...entries: readonly (readonly [version: string, flaws: string])[]): Buffer {
  const text = entries.map(
    ([version, flaws]) =>
      `openssl (${version}) bookworm; urgency=medium\n\n  * Fix ${flaws}.\n\n -- Somebody <somebody@deb.example>  Mon, 01 Jan 2024 00:00:00 +0000\n`,
  )
  return gzipSync(text.join('\n'))
}

function libssl(version: string, flaws: string): DebSpec {
  return {
    control: {
      Package: 'libssl3',
      Source: 'openssl',
      Version: version,
      'Multi-Arch': 'same',
      Depends: 'libc6 (>= 2.34)',
    },
    files: [
      { path: `${TRIPLET}/libssl.so.3`, content: `libssl ${version}\n${'x'.repeat(5000)}` },
      { path: `${TRIPLET}/libssl.so`, link: 'libssl.so.3' },
      { path: 'usr/share/doc/libssl3/copyright', content: 'the same in every version\n' },
      {
        path: 'usr/share/doc/libssl3/changelog.Debian.gz',
        content: changelog([version, flaws], ['3.0.9-1', 'CVE-2022-0001']),
      },
    ],
  }
}

function openssl(version: string): DebSpec {
  const gone = version === OLD_SSL ? [{ path: 'usr/share/ssl/gone', content: 'only in the old version\n' }] : []
  return {
    control: { Package: 'openssl', Version: version, Depends: 'libssl3 (>= 3.0.9)' },
    controlFiles: { conffiles: `/${CONFFILE}\n` },
    files: [
      { path: CONFFILE, content: `# openssl ${version}\n` },
      { path: 'usr/bin/openssl', content: `#! openssl ${version}\n`, mode: 0o755 },
      { path: DIVERTED, content: `logo ${version}\n` },
      ...gone,
    ],
  }
}

function libxml(version: string): DebSpec {
  return {
    control: { Package: 'libxml2', Version: version, Depends: 'libc6' },
    files: [
      { path: `${TRIPLET}/libxml2.so.2`, content: `libxml2 ${version}\n` },
      { path: 'usr/share/doc/libxml2/copyright', content: 'the same in every version\n' },
    ],
  }
}

/** Says its paths as before `/lib` became a link. */
const libc: DebSpec = {
  control: { Package: 'libc6', Source: 'glibc', Version: '2.36-9', 'Multi-Arch': 'same' },
  files: [{ path: 'lib/x86_64-linux-gnu/libc.so.6', content: 'libc' }],
}

const tzdata: DebSpec = {
  control: { Package: 'tzdata', Architecture: 'all', Version: '2024a-0' },
  files: [{ path: 'usr/share/zoneinfo/UTC', content: 'UTC' }],
}

export const INSTALLED: readonly DebSpec[] = [libc, libssl(OLD_SSL, 'nothing'), libxml(OLD_XML), openssl(OLD_SSL), tzdata]

/** Of the release itself. */
export const RELEASED: readonly DebSpec[] = INSTALLED
/** Of its security suite. */
export const SECURE: readonly DebSpec[] = [
  libssl(NEW_SSL, 'CVE-2023-1111 and CVE-2023-2222'),
  openssl(NEW_SSL),
  libxml(NEW_XML),
  {
    control: { Package: 'tzdata', Architecture: 'all', Version: '2024b-0+deb12u1' },
    files: [{ path: 'usr/share/zoneinfo/UTC', content: 'UTC, later' }],
  },
]

interface Flaw {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly source: string
  readonly fixed?: string
  readonly score?: 'critical' | 'moderate'
}

const SCORES = {
  critical: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  moderate: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N',
}

function record({ id, aliases = [], source, fixed, score = 'critical' }: Flaw, ecosystem: string): string {
  const events = [{ introduced: '0' }, ...(fixed === undefined ? [] : [{ fixed }])]
  return JSON.stringify({
    id,
    modified: '2025-01-01T00:00:00Z',
    aliases,
    severity: [{ type: 'CVSS_V3', score: SCORES[score] }],
    affected: [{ package: { ecosystem, name: source }, ranges: [{ type: 'ECOSYSTEM', events }] }],
  })
}

export const SSL = 'CVE-2023-1111'
export const XML = 'CVE-2024-3333'
export const LIBC = 'CVE-2024-4444'

/** OSV records: one flaw told twice, one of the parser, one of the C library that nothing fixes. */
export function recordsFor(ecosystem = 'Debian:12'): string {
  return [
    { id: `DEBIAN-${SSL}`, aliases: [SSL], source: 'openssl', fixed: NEW_SSL },
    { id: 'DSA-5500-1', aliases: [SSL], source: 'openssl', fixed: NEW_SSL },
    { id: XML, source: 'libxml2', fixed: NEW_XML, score: 'moderate' as const },
    { id: LIBC, source: 'glibc', score: 'moderate' as const },
  ]
    .map(flaw => record(flaw, ecosystem))
    .join('\n')
}
