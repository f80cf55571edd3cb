/** Images in a registry on this machine, older and newer ones, for tests of bases. */
import type { TestContext } from 'node:test'
import { type ServerOptions, startRegistry } from '../../src/images/registry/testing/registry-server.ts'
import type { LayeredOptions } from '../../src/images/testing/layered-image.ts'
import type { MadeImage } from '../../src/images/testing/make-image.ts'
import type { ImageSpec } from './image.ts'
import { INSTALLED, SECURE } from './packages.ts'
import { openWorkshop } from './workshop.ts'

/** What is installed, with every security update. */
export const NEWER = INSTALLED.map(item => SECURE.find(({ control }) => nameOf(control) === nameOf(item.control)) ?? item)

export function nameOf(control: string | Readonly<Record<string, string>>): string {
  return typeof control === 'string' ? (/^Package: (.*)$/m.exec(control)?.[1] ?? '') : (control['Package'] ?? '')
}

/** Closed when the test ends. `put` gives the reference of what it put there. */
export async function basesIn(context: TestContext, options: ServerOptions = {}) {
  const shop = await openWorkshop(context)
  const registry = await startRegistry(options)
  context.after(() => registry.close())
  const put = (name: string, { image, blobs }: MadeImage) => {
    const [repository = '', tag = ''] = name.split(':')
    for (const [digest, bytes] of blobs) registry.blobs.set(`${repository} ${digest}`, Buffer.from(bytes))
    const entry = { bytes: Buffer.from(image.manifest.bytes), type: image.manifest.descriptor.mediaType }
    for (const key of [tag, image.manifest.descriptor.digest]) registry.manifests.set(`${repository} ${key}`, entry)
    return `${registry.host}/${name}`
  }
  const old = (options: LayeredOptions = {}, spec: ImageSpec = {}) => shop.image({ ...spec, options })
  const newer = (options: LayeredOptions = {}, spec: ImageSpec = {}) => shop.image({ packages: NEWER, ...spec, options })
  return { shop, registry, put, old, newer }
}
