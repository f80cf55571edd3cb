/** A blob's bytes, gone on with from where they broke off. */
import { Fault } from '../../model/faults.ts'
import type { Descriptor } from '../../model/image.ts'
import type { RegistryAccess, RegistryClient } from './client.ts'
import type { HttpAnswer } from './transport.ts'

const MOST_BREAKS = 5
const FIRST_PAUSE_MS = 400

/**
 * Asks at once, so that a missing blob is known before the first byte is read. A body that breaks off is asked for again by its range, five
 * times without a byte in between. Faults: `image-registry-unreachable`, `image-registry-invalid`, `image-not-found`.
 */
export async function resumedChunks(
  access: RegistryAccess,
  client: RegistryClient,
  { digest, size }: Descriptor,
): Promise<AsyncIterable<Uint8Array>> {
  const path = `blobs/${digest}`
  const first = await client.call({ method: 'GET', path, expect: [200] })
  const from = async (offset: number): Promise<HttpAnswer> => {
    const answer = await client.call({ method: 'GET', path, headers: { range: `bytes=${offset}-` }, expect: [200, 206] })
    if (answer.status === 200 || answer.header('content-range')?.startsWith(`bytes ${offset}-`) === true) return answer
    await answer.discard()
    throw new Fault('image-registry-invalid', `${client.place.host} gave another range of ${digest} than the one that was asked for.`)
  }
  return {
    async *[Symbol.asyncIterator]() {
      let given = 0
      let answer = first
      // Servers that know no ranges begin anew.
      let skip = 0
      for (let breaks = 0; ; ) {
        try {
          for await (const chunk of answer.body) {
            const fresh = skip >= chunk.length ? undefined : skip > 0 ? chunk.subarray(skip) : chunk
            skip = Math.max(0, skip - chunk.length)
            if (fresh === undefined) continue
            given += fresh.length
            breaks = 0
            yield fresh
            if (given > size) return
          }
          if (given >= size || breaks >= MOST_BREAKS) return
        } catch (cause) {
          if (cause instanceof Fault) throw cause
          if (breaks >= MOST_BREAKS) {
            throw new Fault('image-registry-unreachable', `${client.place.host} broke off ${digest} at ${given} of ${size} bytes.`, {
              cause,
            })
          }
        }
        await access.sleep(FIRST_PAUSE_MS * 2 ** breaks)
        breaks++
        answer = await from(given)
        skip = answer.status === 200 ? given : 0
      }
    },
  }
}
