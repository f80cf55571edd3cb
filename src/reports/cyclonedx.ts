/** CycloneDX 1.6 JSON of an image: the image itself, what is installed in it, where and by which layer, and who needs whom. */
import type { Component } from '../model/inventory.ts'
import { type BillInput, graphOf } from './bill.ts'
import { imagePurl, imageSha256, printJson, uuidOf } from './reported-image.ts'

/** Licences are not said, because they were not read. */
export function cycloneDx({ image, system, inventory, layers, toolVersion, timestamp }: BillInput): string {
  const { components, needs, bundled, tops } = graphOf(inventory)
  const purl = imagePurl(image)
  // No location can be the same: each holds the digest of an image that holds the location.
  const systemRef = `${purl}#system`
  const metadata = {
    timestamp,
    tools: { components: [{ type: 'application', name: 'suture', version: toolVersion }] },
    component: {
      type: 'container',
      'bom-ref': purl,
      name: image.name,
      version: image.digest,
      hashes: [{ alg: 'SHA-256', content: imageSha256(image) }],
      purl,
      properties: [{ name: 'suture:platform', value: image.platform }],
    },
  }
  const operatingSystem = {
    type: 'operating-system',
    'bom-ref': systemRef,
    name: system.id,
    ...(system.version === undefined ? {} : { version: system.version }),
    description: system.name,
  }
  const dependencies = components.flatMap(({ location }) => {
    const dependsOn = new Set([...(needs.get(location) ?? []), ...(bundled.get(location) ?? [])])
    return dependsOn.size === 0 ? [] : [{ ref: location, dependsOn: [...dependsOn] }]
  })
  const content = {
    version: 1,
    metadata,
    components: [operatingSystem, ...components.map(component => printComponent(component, layers))],
    dependencies: [{ ref: purl, dependsOn: [systemRef, ...tops] }, ...dependencies],
  }
  return printJson({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(content)}`,
    ...content,
  })
}

function printComponent({ location, name, version, purl, layer }: Component, layers: BillInput['layers']): object {
  const digest = layer === undefined ? undefined : layers[layer]
  return {
    type: 'library',
    'bom-ref': location,
    name,
    version,
    purl,
    properties: [{ name: 'suture:location', value: location }, ...(digest === undefined ? [] : [{ name: 'suture:layer', value: digest }])],
  }
}
