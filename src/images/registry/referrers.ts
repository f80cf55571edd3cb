/**
 * What refers to an image: signatures, attestations, SBOMs. The referrers API where the registry has it, else the tag that the distribution
 * specification falls back to; and the tags that cosign uses beside it.
 */
import type { BlobDigest, Descriptor } from '../../model/image.ts'
import { blobDigest } from '../../model/image.ts'
import { readManifestOrIndex } from '../manifest.ts'
import { MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST } from '../media-types.ts'
import { collect, digestOf, LARGEST_DOCUMENT } from '../verified-bytes.ts'
import type { RegistryClient } from './client.ts'

const MOST_PAGES = 16
const COSIGN = ['sig', 'att', 'sbom']

/** Each once. Faults of the registry, but none where it knows nothing. */
export async function findReferrers(client: RegistryClient, digest: BlobDigest): Promise<readonly Descriptor[]> {
  const listed = (await fromApi(client, digest)) ?? (await readFallback(client, digest))?.manifests ?? []
  const signed = await Promise.all(COSIGN.map(kind => fromTag(client, `${fallbackTag(digest)}.${kind}`)))
  const found = new Map<BlobDigest, Descriptor>()
  for (const descriptor of [...listed, ...signed.flat()]) found.set(descriptor.digest, descriptor)
  return [...found.values()]
}

export function fallbackTag(digest: BlobDigest): string {
  return digest.replace(':', '-')
}

/** The index behind the fallback tag; undefined where there is none. */
export async function readFallback(client: RegistryClient, digest: BlobDigest) {
  const answer = await client.call({
    method: 'GET',
    path: `manifests/${fallbackTag(digest)}`,
    headers: { accept: OCI_INDEX },
    expect: [200, 404],
  })
  if (answer.status === 404) {
    await answer.discard()
    return undefined
  }
  const bytes = await collect(answer.body, LARGEST_DOCUMENT, 'The list of referrers')
  const read = readManifestOrIndex({ descriptor: { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }, bytes })
  return read.kind === 'index' ? { ...read, bytes } : undefined
}

/** Undefined where the registry has no such API. */
async function fromApi(client: RegistryClient, digest: BlobDigest): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = []
  let path: string | URL | undefined = `referrers/${digest}`
  for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
    const answer = await client.call({ method: 'GET', path, headers: { accept: OCI_INDEX }, expect: [200, 400, 404, 405] })
    if (answer.status !== 200 || answer.header('content-type')?.startsWith(OCI_INDEX) !== true) {
      await answer.discard()
      return page === 0 ? undefined : found
    }
    const bytes = await collect(answer.body, LARGEST_DOCUMENT, 'The list of referrers')
    const read = readManifestOrIndex({ descriptor: { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }, bytes })
    if (read.kind === 'index') found.push(...read.manifests)
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.header('link') ?? '')?.[1]
    path = next === undefined ? undefined : client.resolve(next)
  }
  return found
}

async function fromTag(client: RegistryClient, tag: string): Promise<readonly Descriptor[]> {
  const answer = await client.call({
    method: 'HEAD',
    path: `manifests/${tag}`,
    headers: { accept: MANIFEST_TYPES.join(', ') },
    expect: [200, 404],
  })
  await answer.discard()
  const digest = answer.header('docker-content-digest') ?? ''
  if (answer.status !== 200 || !/^sha256:[0-9a-f]{64}$/.test(digest)) return []
  const mediaType = answer.header('content-type') ?? OCI_MANIFEST
  return [{ mediaType, digest: blobDigest(digest), size: Number(answer.header('content-length') ?? 0) }]
}
