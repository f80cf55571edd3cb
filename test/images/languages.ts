/** What languages' tools leave in an image, for tests: files of npm, pip, Java, Go and Rust, and advisories about them. */
import type { DebSpec } from '../../src/ecosystems/deb/testing/make-deb.ts'
import type { TarItem } from '../../src/images/testing/make-tar.ts'
import { goBuildInfo, makeElf, rustAudit } from '../../src/inventory/testing/make-elf.ts'
import { makeZip } from '../../src/inventory/testing/make-zip.ts'
import { recordsFor } from './packages.ts'

const SITE = 'usr/local/lib/python3.11/site-packages'

export function npm(folder: string, name: string, version: string): TarItem {
  return { path: `${folder}/node_modules/${name}/package.json`, content: JSON.stringify({ name, version }) }
}

export function pip(name: string, version: string): TarItem {
  return { path: `${SITE}/${name}-${version}.dist-info/METADATA`, content: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n` }
}

export function jar(path: string, group: string, artifact: string, version: string): TarItem {
  const content = `groupId=${group}\nartifactId=${artifact}\nversion=${version}\n`
  return { path, content: makeZip([{ name: `META-INF/maven/${group}/${artifact}/pom.properties`, content }]) }
}

export function goProgram(path: string, toolchain: string, modules: readonly string[]): TarItem {
  const bytes = goBuildInfo(
    toolchain,
    modules.map(module => `dep\t${module.replace('@', '\t')}`),
  )
  return { path, content: makeElf({ sections: [{ bytes, writable: true }] }), mode: 0o755 }
}

export function rustProgram(path: string, name: string, version: string): TarItem {
  return { path, content: makeElf({ sections: [{ bytes: rustAudit([{ name, version, source: 'crates.io' }]) }] }), mode: 0o755 }
}

/** A Debian package with a Python distribution in it. */
export function debianUrllib(version: string): DebSpec {
  return {
    control: { Package: 'python3-urllib3', Source: 'python-urllib3', Architecture: 'all', Version: version },
    files: [
      {
        path: 'usr/lib/python3/dist-packages/urllib3-1.26.5.dist-info/METADATA',
        content: `Metadata-Version: 2.1\nName: urllib3\nVersion: 1.26.5\nSummary: as in ${version}\n`,
      },
    ],
  }
}

export const OLD_URLLIB = '1.26.5-1'
export const NEW_URLLIB = '1.26.5-1+deb12u1'

const record = (id: string, ecosystem: string, name: string, events: object, type = 'ECOSYSTEM') =>
  JSON.stringify({
    id,
    modified: '2025-01-01T00:00:00Z',
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
    affected: [{ package: { ecosystem, name }, ranges: [{ type, events: [{ introduced: '0' }, events] }] }],
  })

export const LANGUAGE_RECORDS: readonly string[] = [
  record('GHSA-npm-lodash', 'npm', 'lodash', { fixed: '4.17.21' }, 'SEMVER'),
  record('GHSA-npm-minimist', 'npm', 'minimist', { fixed: '1.2.6' }, 'SEMVER'),
  record('GHSA-npm-never', 'npm', 'never-fixed', { last_affected: '1.0.0' }, 'SEMVER'),
  record('PYSEC-urllib3', 'PyPI', 'urllib3', { fixed: '1.26.18' }),
  record('PYSEC-flask', 'PyPI', 'flask-cors', { fixed: '4.0.1' }),
  record('GHSA-java-text', 'Maven', 'org.example:text', { fixed: '1.10.0' }),
  record('GO-module', 'Go', 'example.org/net', { fixed: '0.17.0' }, 'SEMVER'),
  record('GO-stdlib', 'Go', 'stdlib', { fixed: '1.21.8' }, 'SEMVER'),
  record('RUSTSEC-time', 'crates.io', 'time', { fixed: '0.2.23' }, 'SEMVER'),
]

export const DEBIAN_URLLIB_RECORD = record('CVE-2023-7777', 'Debian:12', 'python-urllib3', { fixed: NEW_URLLIB })

export function everyRecord(): string {
  return [recordsFor(), DEBIAN_URLLIB_RECORD, ...LANGUAGE_RECORDS].join('\n')
}
