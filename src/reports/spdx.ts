/** SPDX 2.3 JSON of an image: the image contains packages, packages depend on packages. */
import { createHash } from 'node:crypto'
import type { Component } from '../model/inventory.ts'
import { type BillInput, graphOf } from './bill.ts'
import { imagePurl, imageSha256, printJson, uuidOf } from './reported-image.ts'

const DOCUMENT = 'SPDXRef-DOCUMENT'
const IMAGE = 'SPDXRef-Image'
const SYSTEM = 'SPDXRef-OperatingSystem'

/** Licences are not said, because they were not read; nor is where a package was downloaded from, which nothing in an image tells. */
export function spdx({ image, system, inventory, layers, toolVersion, timestamp }: BillInput): string {
  const { components, needs, bundled } = graphOf(inventory)
  const unread = { downloadLocation: 'NOASSERTION', filesAnalyzed: false }
  const root = {
    SPDXID: IMAGE,
    name: image.name,
    versionInfo: image.digest,
    ...unread,
    primaryPackagePurpose: 'CONTAINER',
    comment: `The image for ${image.platform}; its version is its manifest's digest.`,
    checksums: [{ algorithm: 'SHA256', checksumValue: imageSha256(image) }],
    externalRefs: [purlReference(imagePurl(image))],
  }
  const operatingSystem = {
    SPDXID: SYSTEM,
    name: system.id,
    ...(system.version === undefined ? {} : { versionInfo: system.version }),
    ...unread,
    primaryPackagePurpose: 'OPERATING-SYSTEM',
    comment: system.name,
  }
  const packages = components.map(component => ({ ...printPackage(component, layers), ...unread }))
  const related = (type: string, edges: ReadonlyMap<string, readonly string[]>) =>
    components.flatMap(({ location }) => (edges.get(location) ?? []).map(other => relationship(idOf(location), type, idOf(other))))
  const content = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name: `${image.name}@${image.digest}`,
    creationInfo: { created: timestamp, creators: [`Tool: suture-${toolVersion}`] },
    packages: [root, operatingSystem, ...packages],
    relationships: [
      relationship(DOCUMENT, 'DESCRIBES', IMAGE),
      relationship(IMAGE, 'CONTAINS', SYSTEM),
      ...components.map(({ location }) => relationship(IMAGE, 'CONTAINS', idOf(location))),
      ...related('DEPENDS_ON', needs),
      ...related('CONTAINS', bundled),
    ],
  }
  const { spdxVersion, dataLicense, ...rest } = content
  return printJson({ spdxVersion, dataLicense, documentNamespace: `https://spdx.org/spdxdocs/suture-${uuidOf(content)}`, ...rest })
}

function printPackage({ name, version, purl, location, layer }: Component, layers: BillInput['layers']): object {
  const digest = layer === undefined ? undefined : layers[layer]
  return {
    SPDXID: idOf(location),
    name,
    versionInfo: version,
    sourceInfo: `installed at ${location}${digest === undefined ? '' : ` by the layer ${digest}`}`,
    externalRefs: [purlReference(purl)],
  }
}

function purlReference(purl: string): object {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }
}

function relationship(from: string, type: string, to: string): object {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to }
}

/** Identifiers may hold letters, digits, `.` and `-` only: `libc6.amd64`, where an architecture has no dot; any other location is told by its hash. */
function idOf(location: string): string {
  const [, name, architecture] = /^([a-z0-9.-]+):([a-z0-9-]+)$/.exec(location) ?? []
  const id = name === undefined ? createHash('sha256').update(location).digest('hex').slice(0, 32) : `${name}.${architecture}`
  return `SPDXRef-Package-${id}`
}
