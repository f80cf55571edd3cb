import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blobDigest } from '../model/image.ts'
import type { Component, Dependency } from '../model/inventory.ts'
import { type BillInput, graphOf } from './bill.ts'
import { cycloneDx } from './cyclonedx.ts'
import { openVex } from './open-vex.ts'
import type { ReportedImage } from './reported-image.ts'
import { spdx } from './spdx.ts'
import { checkCycloneDx, checkOpenVex, checkSpdx } from './testing/check-reports.ts'

const image: ReportedImage = {
  digest: blobDigest(`sha256:${'a'.repeat(64)}`),
  name: 'App',
  repository: 'registry.example/team/App',
  platform: 'linux/amd64',
}
const layers = [blobDigest(`sha256:${'b'.repeat(64)}`)]
const origin = { toolVersion: '1.2.3', timestamp: '2026-01-12T00:00:00Z' }

function installed(location: string, more: Partial<Component> = {}): Component {
  const name = location.split(':')[0] ?? ''
  return { location, name, version: '1', purl: `pkg:deb/debian/${name}@1`, scope: 'runtime', origin: 'registry', layer: 0, ...more }
}

function need(from: string, to: string): Dependency {
  return { from, to, name: to, range: '', kind: 'runtime', met: true }
}

function bill(components: readonly Component[], dependencies: readonly Dependency[] = [], more: Partial<BillInput> = {}): BillInput {
  const system = { id: 'debian', version: '12', name: 'Debian 12' }
  return { image, system, layers, inventory: { components, dependencies }, ...origin, ...more }
}

const SMALL = bill(
  [installed('tool:amd64'), installed('libc6:amd64'), installed('usr/lib/x', { bundledBy: 'tool:amd64', origin: 'bundled' })],
  [need('tool:amd64', 'libc6:amd64'), need('tool:amd64', 'gone:amd64')],
)

test('a CycloneDX bill names the image by its digest, each component with its place and layer, and who needs whom', () => {
  const { metadata, components, dependencies } = checkCycloneDx(cycloneDx(SMALL))
  assert.equal(metadata.component.purl, `pkg:oci/app@${image.digest}?repository_url=registry.example%2Fteam%2FApp`)
  assert.equal(metadata.component.version, image.digest)
  assert.equal(metadata.timestamp, origin.timestamp)
  assert.deepEqual(
    components.map(({ type, name, version }) => [type, name, version]),
    [
      ['operating-system', 'debian', '12'],
      ['library', 'libc6', '1'],
      ['library', 'tool', '1'],
      ['library', 'usr/lib/x', '1'],
    ],
  )
  assert.deepEqual(components[1]?.properties, [
    { name: 'suture:location', value: 'libc6:amd64' },
    { name: 'suture:layer', value: layers[0] },
  ])
  const of = (ref: string) => dependencies.find(item => item.ref === ref)?.dependsOn
  assert.deepEqual(of('tool:amd64'), ['libc6:amd64', 'usr/lib/x'])
  assert.deepEqual(of(metadata.component['bom-ref']), [components[0]?.['bom-ref'], 'tool:amd64'])
})

test('an SPDX bill says that the image contains each package, and which depends on which', () => {
  const { packages, relationships } = checkSpdx(spdx(SMALL))
  assert.equal(packages[0]?.versionInfo, image.digest)
  assert.equal(packages[0]?.primaryPackagePurpose, 'CONTAINER')
  const nameOf = (id: string) => packages.find(item => item.SPDXID === id)?.name ?? id
  assert.deepEqual(
    relationships.map(({ spdxElementId, relationshipType, relatedSpdxElement }) =>
      [nameOf(spdxElementId), relationshipType, nameOf(relatedSpdxElement)].join(' '),
    ),
    [
      'SPDXRef-DOCUMENT DESCRIBES App',
      'App CONTAINS debian',
      'App CONTAINS libc6',
      'App CONTAINS tool',
      'App CONTAINS usr/lib/x',
      'tool DEPENDS_ON libc6',
      'tool CONTAINS usr/lib/x',
    ],
  )
})

test('ids follow from what is reported: the same gives the same text, anything else another id', () => {
  const again = bill(SMALL.inventory.components.toReversed(), SMALL.inventory.dependencies.toReversed())
  const later = { ...SMALL, timestamp: '2026-01-13T00:00:00Z' }
  const other = { ...SMALL, image: { ...image, digest: blobDigest(`sha256:${'c'.repeat(64)}`) } }
  assert.equal(cycloneDx(again), cycloneDx(SMALL))
  assert.equal(spdx(again), spdx(SMALL))
  const serials = [SMALL, later, other].map(input => checkCycloneDx(cycloneDx(input)).serialNumber)
  const namespaces = [SMALL, later, other].map(input => checkSpdx(spdx(input)).documentNamespace)
  assert.equal(new Set(serials).size, 3)
  assert.equal(new Set(namespaces).size, 3)
})

test('locations that differ in one sign have ids of their own', () => {
  const places = [
    'a-b:c',
    'a:b-c',
    'a.b-c',
    'a.b:c',
    'a:b.c',
    'a+:c',
    'a b',
    'ä',
    '__proto__',
    'constructor:amd64',
    '"\\\u0000\u001b[31m',
    '\ud800',
  ]
  const input = bill(places.map(location => installed(location, { purl: 'pkg:generic/a@1' })))
  assert.equal(checkSpdx(spdx(input)).packages.length, places.length + 2)
  assert.equal(checkCycloneDx(cycloneDx(input)).components.length, places.length + 1)
})

test('every component is reached from the image, in circles too', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names))), pairs => {
      const { needs, tops } = graphOf({
        components: names.map(name => installed(name)),
        dependencies: pairs.map(([from, to]) => need(from, to)),
      })
      const reached = new Set<string>()
      const visit = (location: string): void => {
        if (reached.has(location)) return
        reached.add(location)
        for (const next of needs.get(location) ?? []) visit(next)
      }
      for (const top of tops) visit(top)
      return (
        reached.size === names.length &&
        names.every(name => pairs.some(([from, to]) => to === name && from !== name) || tops.includes(name))
      )
    }),
  )
})

test('OpenVEX names a flaw by its CVE, its other names beside it, and the fixed packages under the image', () => {
  const purl = 'pkg:deb/debian/libssl3@3.0.11?arch=amd64&distro=debian-12&upstream=openssl'
  const vex = openVex({ ...origin, images: [{ image, fixed: [{ ids: ['DEBIAN-CVE-2023-1111', 'DSA-1'], purls: [purl] }] }] })
  const { statements, timestamp } = checkOpenVex(vex)
  assert.equal(timestamp, origin.timestamp)
  assert.equal(statements.length, 1)
  const [statement] = statements
  assert.deepEqual(statement?.vulnerability, { name: 'CVE-2023-1111', aliases: ['DEBIAN-CVE-2023-1111', 'DSA-1'] })
  const [product] = statement?.products ?? []
  assert.equal(product?.['@id'], `pkg:oci/app@${image.digest}?repository_url=registry.example%2Fteam%2FApp`)
  assert.deepEqual(product?.hashes, { 'sha-256': 'a'.repeat(64) })
  assert.deepEqual(product?.subcomponents, [{ '@id': purl, identifiers: { purl: 'pkg:deb/debian/libssl3@3.0.11?arch=amd64' } }])
})

test('OpenVEX: several CVEs of one advisory are statements of their own, one CVE of several platforms is one statement', () => {
  const other = { ...image, digest: blobDigest(`sha256:${'c'.repeat(64)}`), platform: 'linux/arm64' }
  const fixed = (ids: string[]) => [{ ids, purls: ['pkg:deb/debian/x@1'] }]
  const { statements } = checkOpenVex(
    openVex({
      ...origin,
      images: [
        { image: other, fixed: fixed(['DSA-2', 'DEBIAN-CVE-2024-20000', 'CVE-2024-10000']) },
        { image, fixed: [...fixed(['DEBIAN-CVE-2024-10000']), ...fixed(['GHSA-b', 'GHSA-a'])] },
      ],
    }),
  )
  assert.deepEqual(
    statements.map(({ vulnerability: { name, aliases }, products }) => [name, aliases, products.length]),
    [
      ['CVE-2024-10000', ['DEBIAN-CVE-2024-10000', 'DSA-2'], 2],
      ['CVE-2024-20000', ['DEBIAN-CVE-2024-20000', 'DSA-2'], 1],
      ['GHSA-a', ['GHSA-b'], 1],
    ],
  )
})

test('OpenVEX: where nothing was fixed there is no document', () => {
  assert.equal(openVex({ ...origin, images: [{ image, fixed: [] }] }), undefined)
})
