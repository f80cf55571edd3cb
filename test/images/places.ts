/** Every kind of place an image can be in, each with an image in it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { archiveSink } from '../../src/images/archive/sink.ts'
import { parseReference } from '../../src/images/reference.ts'
import type { ServerOptions, TestRegistry } from '../../src/images/registry/testing/registry-server.ts'
import { startRegistry } from '../../src/images/registry/testing/registry-server.ts'
import { type MadeImage, wholeOf } from '../../src/images/testing/make-image.ts'
import { digestOf } from '../../src/images/verified-bytes.ts'
import { sourceOf } from './read-back.ts'
import type { Workshop } from './workshop.ts'

export const REPOSITORY = 'team/app'

/** A registry that holds the image under `team/app:latest`. */
export async function registryWith(image: MadeImage, options: ServerOptions = {}): Promise<TestRegistry> {
  const server = await startRegistry(options)
  const { manifest } = image.image
  for (const [digest, bytes] of image.blobs) server.blobs.set(`${REPOSITORY} ${digest}`, Buffer.from(bytes))
  const entry = { bytes: Buffer.from(manifest.bytes), type: manifest.descriptor.mediaType }
  for (const name of ['latest', manifest.descriptor.digest]) server.manifests.set(`${REPOSITORY} ${name}`, entry)
  return server
}

export interface Place {
  readonly kind: 'layout' | 'docker-archive' | 'oci-archive' | 'registry'
  readonly reference: string
  /** Whether a fix without `--output` goes there. */
  readonly local: boolean
  /** What the reference points to now. */
  digest(): Promise<string>
}

/** The same image in all of them. */
export async function placesOf(shop: Workshop, registry: TestRegistry, image: MadeImage): Promise<readonly Place[]> {
  const layout = shop.layout('place', image)
  const archives: Place[] = []
  for (const kind of ['docker-archive', 'oci-archive'] as const) {
    const name = kind === 'docker-archive' ? 'team/app:latest' : 'latest'
    const reference = `${kind}:${join(shop.root, `${kind}.tar`)}:${name}`
    const parsed = parseReference(reference)
    if (parsed.kind !== 'archive') throw new Error(reference)
    await archiveSink(parsed, { scratch: shop.root, stdout: async () => undefined }).write(wholeOf(image))
    archives.push({ kind, reference, local: true, digest: () => rootOf(reference) })
  }
  const remote = `${registry.host}/${REPOSITORY}:latest`
  return [
    { kind: 'layout', reference: layout, local: true, digest: () => rootOf(layout) },
    ...archives,
    {
      kind: 'registry',
      reference: remote,
      local: false,
      digest: async () => digestOf(registry.manifests.get(`${REPOSITORY} latest`)?.bytes ?? Buffer.of()),
    },
  ]
}

async function rootOf(reference: string): Promise<string> {
  const source = sourceOf(reference)
  try {
    return (await source.root()).descriptor.digest
  } finally {
    await source.close()
  }
}

/** The receipt that a fix wrote, as the statement in it. */
export function statementOf(shop: Workshop, path: string) {
  const envelope = JSON.parse(readFileSync(join(shop.working, path), 'utf8'))
  return { envelope, statement: JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) }
}
