/** What a .deb's members may be compressed with, each undone within a bound. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

/** The ending of a member's name → whether it is known. `''` is for none. */
export const COMPRESSIONS = ['', '.gz', '.xz', '.zst'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** Throws what `invalid` makes for damaged bytes and for more than `limit` bytes of content. */
export async function decompress(
  bytes: Uint8Array,
  compression: Compression,
  limit: number,
  invalid: (what: string, cause?: unknown) => Error,
): Promise<Buffer> {
  const tooLarge = () => invalid(`unpacks to more than ${limit} bytes`)
  if (compression === '') {
    if (bytes.length > limit) throw tooLarge()
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  if (compression === '.xz') return unxz(bytes, limit, tooLarge, invalid)
  try {
    return compression === '.gz' ? gunzipSync(bytes, { maxOutputLength: limit }) : zstdDecompressSync(bytes, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'))
      throw tooLarge()
    throw invalid('cannot be decompressed', error)
  }
}

async function unxz(bytes: Uint8Array, limit: number, tooLarge: () => Error, invalid: (what: string, cause?: unknown) => Error) {
  const { default: xz } = await import('xz-decompress')
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = new xz.XzReadableStream(new Blob([Uint8Array.from(bytes)]).stream()).getReader()
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw invalid('cannot be decompressed', error)
    })
    if (done) break
    length += value.length
    if (length > limit) {
      await reader.cancel().catch(() => {})
      throw tooLarge()
    }
    chunks.push(value)
  }
  return Buffer.concat(chunks, length)
}
