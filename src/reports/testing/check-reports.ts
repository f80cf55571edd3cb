/** What the three specifications require of a document, checked by schemas that accept no other member than those that are written. */
import assert from 'node:assert/strict'
import { z } from 'zod'

const text = z.string().min(1)
const time = z.iso.datetime({ precision: 0 })
const hex64 = z.string().regex(/^[0-9a-f]{64}$/)
const purl = z.string().regex(/^pkg:[a-z]+\/[^\s@]+@[^\s@?]+(\?[a-z_]+=[^&\s]+(&[a-z_]+=[^&\s]+)*)?$/)
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'

const component = z.strictObject({
  type: z.enum(['container', 'operating-system', 'library']),
  'bom-ref': text,
  name: text,
  version: text.optional(),
  description: text.optional(),
  hashes: z.array(z.strictObject({ alg: z.literal('SHA-256'), content: hex64 })).optional(),
  purl: purl.optional(),
  properties: z.array(z.strictObject({ name: text, value: text })).optional(),
})

const CycloneDx = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(new RegExp(`^urn:uuid:${uuid}$`)),
  version: z.literal(1),
  metadata: z.strictObject({
    timestamp: time,
    tools: z.strictObject({ components: z.array(z.strictObject({ type: z.literal('application'), name: text, version: text })) }),
    component,
  }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref: text, dependsOn: z.array(text).min(1) })),
})

/** References are unique and lead to something, as the specification wants. */
export function checkCycloneDx(document: string) {
  const bill = CycloneDx.parse(JSON.parse(document))
  const refs = [bill.metadata.component, ...bill.components].map(item => item['bom-ref'])
  assert.equal(new Set(refs).size, refs.length)
  assert.equal(new Set(bill.dependencies.map(({ ref }) => ref)).size, bill.dependencies.length)
  for (const { ref, dependsOn } of bill.dependencies) {
    for (const other of [ref, ...dependsOn]) assert.ok(refs.includes(other), other)
    assert.equal(new Set(dependsOn).size, dependsOn.length)
  }
  return bill
}

const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/)
const Spdx = z.strictObject({
  spdxVersion: z.literal('SPDX-2.3'),
  dataLicense: z.literal('CC0-1.0'),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  name: text,
  documentNamespace: z.string().regex(new RegExp(`^https://[^#\\s]+-${uuid}$`)),
  creationInfo: z.strictObject({ created: time, creators: z.array(z.string().regex(/^Tool: \S+-\S+$/)).min(1) }),
  packages: z.array(
    z.strictObject({
      SPDXID: id,
      name: text,
      versionInfo: text.optional(),
      downloadLocation: z.literal('NOASSERTION'),
      filesAnalyzed: z.literal(false),
      primaryPackagePurpose: z.enum(['CONTAINER', 'OPERATING-SYSTEM']).optional(),
      sourceInfo: text.optional(),
      comment: text.optional(),
      checksums: z.array(z.strictObject({ algorithm: z.literal('SHA256'), checksumValue: hex64 })).optional(),
      externalRefs: z
        .array(
          z.strictObject({ referenceCategory: z.literal('PACKAGE-MANAGER'), referenceType: z.literal('purl'), referenceLocator: purl }),
        )
        .optional(),
    }),
  ),
  relationships: z.array(
    z.strictObject({ spdxElementId: id, relationshipType: z.enum(['DESCRIBES', 'CONTAINS', 'DEPENDS_ON']), relatedSpdxElement: id }),
  ),
})

export function checkSpdx(document: string) {
  const bill = Spdx.parse(JSON.parse(document))
  const ids = [bill.SPDXID, ...bill.packages.map(({ SPDXID }) => SPDXID)]
  assert.equal(new Set(ids).size, ids.length)
  for (const { spdxElementId, relatedSpdxElement } of bill.relationships)
    for (const end of [spdxElementId, relatedSpdxElement])
      assert.ok(
        ids.some(known => known === end),
        end,
      )
  return bill
}

const part = { '@id': purl, identifiers: z.strictObject({ purl }) }
const OpenVex = z.strictObject({
  '@context': z.literal('https://openvex.dev/ns/v0.2.0'),
  '@id': z.string().regex(new RegExp(`^urn:uuid:${uuid}$`)),
  author: text,
  role: text,
  timestamp: time,
  version: z.literal(1),
  tooling: text,
  statements: z
    .array(
      z.strictObject({
        vulnerability: z.strictObject({ name: text, aliases: z.array(text).min(1).optional() }),
        products: z
          .array(
            z.strictObject({
              ...part,
              hashes: z.strictObject({ 'sha-256': hex64 }),
              subcomponents: z.array(z.strictObject(part)).min(1),
            }),
          )
          .min(1),
        status: z.literal('fixed'),
      }),
    )
    .min(1),
})

export function checkOpenVex(document: string | undefined) {
  const vex = OpenVex.parse(JSON.parse(document ?? ''))
  const names = vex.statements.map(({ vulnerability }) => vulnerability.name)
  assert.equal(new Set(names).size, names.length)
  return vex
}
