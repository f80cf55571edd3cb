/**
 * Chunks of a stream, with the stream kept working while the caller works on the last one: decompression runs in a thread of its own,
 * but stands still where each chunk is handed on before the next is begun.
 */
import type { Readable } from 'node:stream'

const FULL = 12
const LOW = 6

export async function* readAhead(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  const ready: Buffer[] = []
  let ended = false
  let failure: { readonly cause: unknown } | undefined
  let wake: (() => void) | undefined
  const tell = () => {
    wake?.()
    wake = undefined
  }
  stream.on('data', (chunk: Buffer) => {
    ready.push(chunk)
    if (ready.length >= FULL) stream.pause()
    tell()
  })
  stream.on('end', () => {
    ended = true
    tell()
  })
  stream.on('error', cause => {
    failure = { cause }
    tell()
  })
  stream.on('close', () => {
    if (!ended) failure ??= { cause: new Error('the stream was closed early') }
    tell()
  })
  try {
    for (;;) {
      const chunk = ready.shift()
      if (chunk !== undefined) {
        if (ready.length <= LOW && stream.isPaused()) stream.resume()
        yield chunk
      } else if (failure !== undefined) {
        throw failure.cause
      } else if (ended) {
        return
      } else {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    stream.destroy()
  }
}
