/**
 * Pushes an image: blobs, then manifests by their digests, children first, then artefacts, and the tag last: setting it is the only act
 * that anyone can see.
 */
import { severalAtOnce } from '../../concurrency/several-at-once.ts'
import { Fault, type FaultCode } from '../../model/faults.ts'
import type { BlobDigest, BlobToWrite, ImageSink, ImageToWrite, RawDocument } from '../../model/image.ts'
import { blobDigest } from '../../model/image.ts'
import { isManifestOrIndex, MANIFEST_TYPES } from '../media-types.ts'
import type { RegistryReference } from '../reference.ts'
import { printReference } from '../reference.ts'
import { digestOf } from '../verified-bytes.ts'
import type { Place, RegistryAccess, RegistryClient } from './client.ts'
import { registryClient } from './client.ts'
import { listReferrer } from './fallback-index.ts'
import { originOf } from './origin.ts'
import { uploadBlob } from './upload.ts'

const AT_ONCE = 4
/** What a push that was begun ends in, told as the end of the push. Not found: the registry says it has not what it said it has. */
const STOPS: ReadonlySet<FaultCode> = new Set(['image-registry-unreachable', 'image-registry-invalid', 'image-not-found'])

/** Faults: `image-push-failed`, and those of the registry; the tag then points to what it pointed to before. */
export function registrySink(access: RegistryAccess, reference: RegistryReference, place: Place): ImageSink {
  return {
    reference: printReference(reference),
    async write(image) {
      const alsoPull = new Set(image.blobs.flatMap(({ from }) => originsAt(from, place.host)))
      const client = registryClient(access, place, { push: true, alsoPull: [...alsoPull] })
      try {
        return { reference: printReference(reference), ...(await push(client, image, reference)) }
      } catch (cause) {
        if (!(cause instanceof Fault) || !STOPS.has(cause.code)) throw cause
        throw new Fault('image-push-failed', `The push to ${printReference(reference)} stopped: ${cause.message}`, { cause })
      }
    },
  }
}

async function push(client: RegistryClient, image: ImageToWrite, reference: RegistryReference) {
  const { digest } = image.root.descriptor
  if (reference.tag === undefined && reference.digest !== undefined && reference.digest !== digest) {
    throw new Fault('image-push-failed', `The image is ${digest}, and ${printReference(reference)} names another one.`, {
      hint: 'Name a tag to push to.',
    })
  }
  const tag = reference.tag ?? (reference.digest === undefined ? 'latest' : undefined)
  const before = tag === undefined ? undefined : await pointsTo(client, tag)
  const counted = { blobsWritten: 0, bytesWritten: 0 }
  const send = async (blobs: readonly BlobToWrite[]): Promise<void> => {
    await severalAtOnce(blobs, AT_ONCE, async blob => {
      if ((await uploadBlob(client, blob)) !== 'sent') return
      counted.blobsWritten++
      counted.bytesWritten += blob.descriptor.size
    })
  }
  const configs = image.documents.filter(({ descriptor }) => !isManifestOrIndex(descriptor))
  await send(unique([...image.blobs, ...configs]))
  for (const document of [...image.documents, image.root]) {
    if (isManifestOrIndex(document.descriptor) && (await pointsTo(client, document.descriptor.digest)) === undefined) {
      await putManifest(client, document, document.descriptor.digest)
    }
  }
  for (const { manifest, blobs } of image.referrers) {
    await send(unique(blobs))
    const answered = await putManifest(client, manifest, manifest.descriptor.digest)
    if (!answered.listed) await listReferrer(client, manifest)
  }
  if (tag !== undefined && before !== digest) await putManifest(client, image.root, tag)
  return { digest, ...counted, ...(before === undefined ? {} : { before }) }
}

/** The digest behind a tag, or the digest itself where that manifest is there. */
async function pointsTo(client: RegistryClient, reference: string): Promise<BlobDigest | undefined> {
  const headers = { accept: MANIFEST_TYPES.join(', ') }
  const answer = await client.call({ method: 'HEAD', path: `manifests/${reference}`, headers, expect: [200, 404] })
  await answer.discard()
  const digest = answer.header('docker-content-digest') ?? (reference.startsWith('sha256:') ? reference : '')
  return answer.status === 200 && /^sha256:[0-9a-f]{64}$/.test(digest) ? blobDigest(digest) : undefined
}

/** `listed`: whether the registry keeps the list of referrers itself. */
async function putManifest(client: RegistryClient, { descriptor, bytes }: RawDocument, reference: string): Promise<{ listed: boolean }> {
  if (digestOf(bytes) !== descriptor.digest) throw new Fault('internal', `${descriptor.digest} is not the digest of its document.`)
  const headers = { 'content-type': descriptor.mediaType }
  const answer = await client.call({ method: 'PUT', path: `manifests/${reference}`, headers, body: bytes, expect: [201] })
  await answer.discard()
  const named = answer.header('docker-content-digest')
  if (named !== undefined && named !== descriptor.digest) {
    throw new Fault('image-push-failed', `${client.place.host} took ${descriptor.digest} for something else.`)
  }
  return { listed: answer.header('oci-subject') !== undefined }
}

function unique(blobs: readonly BlobToWrite[]): readonly BlobToWrite[] {
  return [...new Map(blobs.map(blob => [blob.descriptor.digest, blob])).values()]
}

function originsAt(source: BlobToWrite['from'], host: string): readonly string[] {
  const origin = originOf(source)
  return origin?.host === host ? [origin.repository] : []
}
