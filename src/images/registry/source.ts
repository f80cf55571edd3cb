/** An image in a registry, read through its mirrors first. What a mirror lacks, or does not answer, is asked of the registry itself. */
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, Descriptor, ImageSource, RawDocument } from '../../model/image.ts'
import { readManifestOrIndex, typeOfManifest } from '../manifest.ts'
import { isManifestOrIndex, MANIFEST_TYPES } from '../media-types.ts'
import type { RegistryReference } from '../reference.ts'
import { printReference } from '../reference.ts'
import { assertDocumentSize, collect, digestOf, LARGEST_DOCUMENT, verifiedChunks, verifiedDocument } from '../verified-bytes.ts'
import type { RegistryAccess, RegistryClient } from './client.ts'
import { registryClient } from './client.ts'
import type { Location } from './configuration.ts'
import { resumedChunks } from './download.ts'
import { rememberOrigin } from './origin.ts'
import { findReferrers } from './referrers.ts'

/** `locations`: mirrors first, the registry itself last. Closing leaves the transport open for others. */
export function registrySource(access: RegistryAccess, reference: RegistryReference, locations: readonly Location[]): ImageSource {
  const clients = locations.map(location => registryClient(access, location))
  // Where the root was found the rest is most likely too.
  let first = 0
  const anywhere = async <T>(ask: (client: RegistryClient) => Promise<T>): Promise<T> => {
    const order = [...clients.keys()].sort((a, b) => Number(b === first) - Number(a === first) || a - b)
    let last: unknown = new Fault('internal', 'There is no place to read from.')
    for (const at of order) {
      const client = clients[at]
      if (client === undefined) continue
      try {
        const answer = await ask(client)
        first = at
        return answer
      } catch (cause) {
        if (!(cause instanceof Fault) || cause.code === 'image-credentials') throw cause
        // The registry's own word counts, not that of a mirror.
        if (at === clients.length - 1 || !(last instanceof Fault) || last.code === 'internal') last = cause
      }
    }
    throw last
  }
  let root: RawDocument | undefined
  const source: ImageSource = {
    reference: printReference(reference),
    // A tag that moves while the image is read would make two images of it.
    async root() {
      root ??= await anywhere(client => readRoot(client, reference))
      return root
    },
    document: descriptor => anywhere(client => readOne(client, descriptor)),
    async *blob(descriptor) {
      const open = await anywhere(client => resumedChunks(access, client, descriptor))
      yield* verifiedChunks(descriptor, open, reference.host)
    },
    referrers: (digest: BlobDigest) => {
      const own = clients.at(-1)
      return own === undefined ? Promise.resolve([]) : findReferrers(own, digest)
    },
    async close() {},
  }
  const own = locations.at(-1)
  if (own !== undefined) rememberOrigin(source, own)
  return source
}

/** The manifest or index by tag or digest; a digest that is asked for, or that the answer names, must be that of the bytes. */
export async function readRoot(client: RegistryClient, { tag, digest }: RegistryReference): Promise<RawDocument> {
  const { host } = client.place
  const answer = await client.call({
    method: 'GET',
    path: `manifests/${digest ?? tag ?? 'latest'}`,
    headers: { accept: MANIFEST_TYPES.join(', ') },
    expect: [200],
  })
  const bytes = await collect(answer.body, LARGEST_DOCUMENT, `The manifest from ${host}`)
  const found = digestOf(bytes)
  for (const named of [digest, answer.header('docker-content-digest')]) {
    if (named === undefined || found === named || !named.startsWith('sha256:')) continue
    throw new Fault('image-digest-mismatch', `${host} gave ${found} where ${named.slice(0, 80).replace(/[^\w:]/g, '')} was meant.`)
  }
  const said = answer.header('content-type')?.split(';')[0]?.trim() ?? ''
  const mediaType = MANIFEST_TYPES.includes(said) ? said : typeOfManifest(bytes, found)
  const document = { descriptor: { mediaType, digest: found, size: bytes.length }, bytes }
  readManifestOrIndex(document)
  return document
}

async function readOne(client: RegistryClient, descriptor: Descriptor): Promise<RawDocument> {
  const { host } = client.place
  assertDocumentSize(descriptor, host)
  const isManifest = isManifestOrIndex(descriptor)
  const answer = await client.call({
    method: 'GET',
    path: `${isManifest ? 'manifests' : 'blobs'}/${descriptor.digest}`,
    headers: isManifest ? { accept: MANIFEST_TYPES.join(', ') } : {},
    expect: [200],
  })
  return verifiedDocument(descriptor, await collect(answer.body, descriptor.size, `${descriptor.digest} from ${host}`), host)
}
