/** Gives one blob to a registry: not at all if it is there, by mounting it from a neighbour, in one piece, or in several where one is refused. */
import { Fault } from '../../model/faults.ts'
import type { BlobToWrite, Descriptor } from '../../model/image.ts'
import { contentOf } from '../to-write.ts'
import type { RegistryClient } from './client.ts'
import { originOf } from './origin.ts'
import type { HttpAnswer } from './transport.ts'

const CHUNK = 8 * 1024 * 1024
/** What servers that stand before a registry take when nobody told them otherwise. */
const SMALL_CHUNK = 1024 * 1024
const TOO_LARGE = 413
const LARGEST_CHUNK = 256 * 1024 * 1024
const ATTEMPTS = 3
const OCTETS = { 'content-type': 'application/octet-stream' }
/** Statuses that mean: not in one piece. */
const IN_PIECES = [405, 411, TOO_LARGE, 415, 416, 501]

/** Whether the bytes were sent. Faults: those of the registry and of the blob's source; `image-push-failed`. */
export async function uploadBlob(client: RegistryClient, blob: BlobToWrite): Promise<'there' | 'mounted' | 'sent'> {
  const { descriptor } = blob
  if (await isThere(client, descriptor)) return 'there'
  const origin = originOf(blob.from)
  const { host, repository } = client.place
  const from = origin !== undefined && origin.host === host && origin.repository !== repository ? origin.repository : undefined
  for (let attempt = 1; ; attempt++) {
    const started = await client.call({
      method: 'POST',
      path: `blobs/uploads/${from === undefined ? '' : `?mount=${descriptor.digest}&from=${encodeURIComponent(from)}`}`,
      expect: [201, 202],
    })
    await started.discard()
    if (started.status === 201) return 'mounted'
    const answer = await sendWhole(client, started, blob)
    if (answer.status === 201) return 'sent'
    // A session may have gone with the server that kept it.
    if (answer.status === 404 && attempt < ATTEMPTS) continue
    if (IN_PIECES.includes(answer.status)) {
      await sendInPieces(client, blob, answer.status === TOO_LARGE ? SMALL_CHUNK : CHUNK)
      return 'sent'
    }
    throw new Fault('image-push-failed', `${host} did not take ${descriptor.digest}: it answered ${answer.status}.`)
  }
}

export async function isThere(client: RegistryClient, { digest, size }: Descriptor): Promise<boolean> {
  const answer = await client.call({ method: 'HEAD', path: `blobs/${digest}`, expect: [200, 404] })
  await answer.discard()
  const length = answer.header('content-length')
  return answer.status === 200 && (length === undefined || Number(length) === size)
}

async function sendWhole(client: RegistryClient, started: HttpAnswer, blob: BlobToWrite): Promise<HttpAnswer> {
  const { digest, size } = blob.descriptor
  const url = client.resolve(started.header('location'))
  url.searchParams.set('digest', digest)
  const answer = await client.call({
    method: 'PUT',
    path: url,
    headers: { ...OCTETS, 'content-length': String(size) },
    body: bodyOf(blob),
    expect: [201, 404, ...IN_PIECES],
  })
  await answer.discard()
  const named = answer.header('docker-content-digest')
  if (answer.status === 201 && named !== undefined && named !== digest) {
    throw new Fault('image-push-failed', `${client.place.host} took ${digest} for something else.`)
  }
  return answer
}

async function sendInPieces(client: RegistryClient, blob: BlobToWrite, usual: number): Promise<void> {
  let answer = await client.call({ method: 'POST', path: 'blobs/uploads/', expect: [202] })
  const least = Number(answer.header('oci-chunk-min-length') ?? 0)
  const length = Number.isSafeInteger(least) && least <= LARGEST_CHUNK ? Math.max(usual, least) : usual
  let offset = 0
  for await (const piece of piecesOf(contentOf(blob), length)) {
    await answer.discard()
    const headers = { ...OCTETS, 'content-length': String(piece.length), 'content-range': `${offset}-${offset + piece.length - 1}` }
    answer = await client.call({ method: 'PATCH', path: client.resolve(answer.header('location')), headers, body: piece, expect: [202] })
    offset += piece.length
  }
  await answer.discard()
  const url = client.resolve(answer.header('location'))
  url.searchParams.set('digest', blob.descriptor.digest)
  const ended = await client.call({ method: 'PUT', path: url, headers: { ...OCTETS, 'content-length': '0' }, expect: [201] })
  await ended.discard()
}

function bodyOf(blob: BlobToWrite): Uint8Array | (() => AsyncIterable<Uint8Array>) {
  if (blob.bytes !== undefined) return blob.bytes
  return async function* () {
    yield* contentOf(blob)
  }
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + length - size)
      kept.push(part)
      size += part.length
      at += part.length
      if (size < length) continue
      yield Buffer.concat(kept)
      kept = []
      size = 0
    }
  }
  if (size > 0) yield Buffer.concat(kept)
}
