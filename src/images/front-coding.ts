/**
 * Sorted paths as bytes: how many bytes each shares with the one before it, and the rest, ended by a NUL. They are decoded into one text
 * that is split once, because a hundred thousand small texts put together one by one take longer than everything else a load does.
 */
import { isUtf8 } from 'node:buffer'
import { decodePath, encodePath } from './tar/path-bytes.ts'

export interface FrontCoded {
  readonly shared: Uint16Array
  readonly rest: Buffer
}

export function encodePaths(paths: readonly string[]): FrontCoded {
  const shared = new Uint16Array(paths.length)
  const rests: Buffer[] = []
  let before: Buffer = Buffer.alloc(0)
  for (const [at, path] of paths.entries()) {
    const bytes = encodePath(path)
    let same = 0
    while (same < before.length && same < bytes.length && before[same] === bytes[same]) same++
    shared[at] = same
    rests.push(bytes.subarray(same), END)
    before = bytes
  }
  return { shared, rest: Buffer.concat(rests) }
}

export function decodePaths(shared: Uint16Array, rest: Uint8Array): string[] {
  const count = shared.length
  if (count === 0) return []
  let length = rest.length
  for (let at = 0; at < count; at++) length += shared[at] ?? 0
  const all = Buffer.allocUnsafe(length)
  let written = 0
  let read = 0
  let start = 0
  for (let at = 0; at < count; at++) {
    const before = start
    start = written
    const same = before + (shared[at] ?? 0)
    for (let place = before; place < same; place++) all[written++] = all[place] ?? 0
    for (let byte = rest[read++] ?? 0; byte !== 0; byte = rest[read++] ?? 0) all[written++] = byte
    all[written++] = 0
  }
  // Without the NUL after the last one.
  const text = all.subarray(0, written - 1)
  return isUtf8(text) ? text.toString('utf8').split('\0') : text.toString('latin1').split('\0').map(decodeLatin1)
}

const END = Buffer.alloc(1)

function decodeLatin1(path: string): string {
  return decodePath(Buffer.from(path, 'latin1'))
}
