/**
 * Layers are stored as gzip, as zstd or as they are; the first bytes say which, because media types are wrong often enough. Chunks of
 * 256 KiB make zlib four times as fast as its default of 16 KiB. What comes out is bounded, in all and by what went in.
 */
import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { Fault } from '../model/faults.ts'
import { readAhead } from './read-ahead.ts'
import { ZstdFrames } from './zstd-frames.ts'

export type Compression = 'gzip' | 'zstd' | 'none'

export interface DecompressionLimits {
  /** The most bytes that may come out. */
  readonly total: number
  /** The most bytes for each byte that went in, once so many came out. */
  readonly ratios: readonly { readonly most: number; readonly beyond: number }[]
}

/** Deflate cannot reach more than 1,032, and makes what images hold three times smaller; for gigabytes 200 takes making. */
export const DECOMPRESSION_LIMITS: DecompressionLimits = {
  total: 32 * 2 ** 30,
  ratios: [
    { most: 1100, beyond: 64 * 2 ** 20 },
    { most: 200, beyond: 2 ** 30 },
  ],
}
/** How many first bytes tell the compression. */
export const HEAD = 262
const CHUNK = 256 * 1024

/** By the first bytes; `name` tells what is compressed in messages. Faults: `compression-unsupported`. */
export function detectCompression(head: Uint8Array, name = 'A layer'): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  const magic = head.length < 4 ? 0 : Buffer.from(head.subarray(0, 4)).readUInt32LE(0)
  if (magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5) return 'zstd'
  const other =
    { 1484404733: 'xz', 407708164: 'lz4' }[magic] ?? (Buffer.from(head.subarray(0, 3)).equals(Buffer.from('BZh')) ? 'bzip2' : '')
  // A tar may start with any name; its header says `ustar` at 257 or has a checksum, which no compressed stream has by chance.
  if (other !== '' && Buffer.from(head.subarray(257, 262)).toString('latin1') !== 'ustar') {
    throw new Fault('compression-unsupported', `${name} is compressed with ${other}.`)
  }
  return 'none'
}

/**
 * The uncompressed bytes, whatever the compression; `name` tells the layer in messages. The whole is read unless the caller stops. A chunk
 * is good until the next one is asked for, and what is put in is given up: its memory goes as soon as it is decoded.
 * Faults: `layer-invalid`, `layer-too-large`, `compression-unsupported`, and what `chunks` throws.
 */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  limits: DecompressionLimits = DECOMPRESSION_LIMITS,
): AsyncGenerator<Buffer, void, undefined> {
  const bound = new Bound(name, limits)
  const { head, all, close } = await withHead(chunks, HEAD)
  let compression: Compression
  try {
    compression = detectCompression(head)
  } catch (fault) {
    await close()
    throw fault
  }
  const counted = bound.countIn(all)
  if (compression === 'none') {
    for await (const chunk of counted) {
      bound.countOut(chunk.length)
      yield chunk
    }
    return
  }
  const decoder = compression === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK })
  if (compression === 'gzip') feed(counted, decoder, release)
  else feed(frames(counted), decoder, () => undefined)
  try {
    for await (const chunk of readAhead(decoder)) {
      bound.countOut(chunk.length)
      yield chunk
      release(chunk)
    }
  } catch (cause) {
    if (
      cause instanceof Error &&
      'code' in cause &&
      /^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(String(cause.code)) &&
      !(cause instanceof Fault)
    ) {
      throw new Fault('layer-invalid', `${name} cannot be decompressed: ${cause.message}.`, { cause })
    }
    throw cause
  }
}

/**
 * Writes all of it, one chunk decoded while the next one waits; `done` is told of each that was decoded. Ends with the decoder, which is
 * destroyed where the chunks fail.
 */
async function feed(chunks: AsyncIterable<Buffer>, decoder: Transform, done: (chunk: Buffer) => void): Promise<void> {
  const write = (chunk: Buffer) =>
    new Promise<void>((resolve, reject) => {
      decoder.write(chunk, error => (error ? reject(error) : resolve(done(chunk))))
    })
  // A decoder that is destroyed does not say what became of the last chunk.
  const closed = new Promise<never>((_, reject) => decoder.once('close', () => reject(new Error('closed early'))))
  closed.catch(() => undefined)
  try {
    let before: Promise<void> = Promise.resolve()
    for await (const chunk of chunks) {
      const written = write(chunk)
      written.catch(() => undefined)
      await Promise.race([before, closed])
      before = written
    }
    await Promise.race([before, closed])
    decoder.end()
  } catch (cause) {
    decoder.destroy(cause instanceof Error ? cause : new Error(String(cause)))
  }
}

/**
 * Gives the memory of a chunk back that was read or filled to its end: zlib is done with it then, and leaving hundreds of megabytes of them
 * to the garbage collector doubles the memory of the process.
 */
export function release({ buffer, byteOffset, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === CHUNK && byteOffset + length === CHUNK) buffer.transfer(0)
}

class Bound {
  readonly #name: string
  readonly #limits: DecompressionLimits
  #in = 0
  #out = 0

  constructor(name: string, limits: DecompressionLimits) {
    this.#name = name
    this.#limits = limits
  }

  async *countIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of chunks) {
      this.#in += chunk.length
      yield chunk
    }
  }

  countOut(bytes: number): void {
    this.#out += bytes
    const { total, ratios } = this.#limits
    if (this.#out > total) throw new Fault('layer-too-large', `${this.#name} has more than ${total} bytes.`)
    for (const { most, beyond } of ratios) {
      if (this.#out <= beyond || this.#out <= this.#in * most) continue
      throw new Fault('layer-too-large', `${this.#name} grows more than ${most}-fold when decompressed.`)
    }
  }
}

async function* frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const splitter = new ZstdFrames()
  for await (const chunk of chunks) yield* splitter.split(chunk)
  splitter.end()
}

/** At least `length` first bytes, where there are as many, and all bytes. */
async function withHead(
  chunks: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ readonly head: Buffer; readonly all: AsyncGenerator<Buffer, void, undefined>; close(): Promise<void> }> {
  const rest = chunks[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  while (head.length < length) {
    const next = await rest.next()
    if (next.done) break
    head = head.length === 0 ? asBuffer(next.value) : Buffer.concat([head, next.value])
  }
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    try {
      if (head.length > 0) yield head
      for (;;) {
        const next = await rest.next()
        if (next.done) return
        if (next.value.length > 0) yield asBuffer(next.value)
      }
    } finally {
      await rest.return?.()
    }
  }
  const close = async () => {
    await rest.return?.()
  }
  return { head, all: all(), close }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
