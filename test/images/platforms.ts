/** Images for several platforms, and a repository that serves two of them. */
import { join } from 'node:path'
import type { DebSpec } from '../../src/ecosystems/deb/testing/make-deb.ts'
import { makeRepository } from '../../src/ecosystems/deb/testing/make-repository.ts'
import { layeredImage, writeLayout } from '../../src/images/testing/layered-image.ts'
import { documentOf, type MadeImage, makeIndex } from '../../src/images/testing/make-image.ts'
import { file } from './image.ts'
import { INSTALLED, RELEASED, SECURE } from './packages.ts'
import { key, openWorkshop, securitySuite, type Workshop } from './workshop.ts'

const forArm = (packages: readonly DebSpec[]): DebSpec[] =>
  packages.map(item =>
    typeof item.control === 'object'
      ? { ...item, control: { ...item.control, Architecture: item.control['Architecture'] ?? 'arm64' } }
      : item,
  )

export async function openForTwo(context: Parameters<typeof openWorkshop>[0]): Promise<Workshop> {
  const more = { architectures: ['amd64', 'arm64'] }
  const released = await makeRepository({ suite: 'bookworm', packages: [...RELEASED, ...forArm(RELEASED)], key, ...more })
  return openWorkshop(context, new Map([...released, ...(await securitySuite({ packages: [...SECURE, ...forArm(SECURE)], ...more }))]))
}

/** Two platforms of Debian and one of something else, each with an attestation. */
export function indexLayout(shop: Workshop, name: string, change: (index: string) => string = text => text): string {
  const amd = shop.image()
  const arm = shop.image({ packages: forArm(INSTALLED), options: { architecture: 'arm64' } })
  const other = layeredImage([[file('etc/os-release', 'ID=alpine\n')]], { architecture: 'riscv64' })
  const made = makeIndex([amd, arm, other], 2)
  const root = documentOf(made.root.descriptor.mediaType, change(Buffer.from(made.root.bytes).toString('utf8')))
  const blobs = new Map([...made.blobs, [root.descriptor.digest, root.bytes]])
  const whole: MadeImage = { image: { ...amd.image, manifest: root }, blobs }
  writeLayout(join(shop.root, name), whole)
  return `oci:${join(shop.root, name)}:latest`
}
