/**
 * A package index on disk beside its table of names. The table is mapped into memory whole (two megabytes for a large archive); stanzas
 * are read from their place when asked for.
 *
 * Table: magic, bytes of the index, four lengths, then the four arrays of `ScannedPackages`, all of 32 bits in the machine's order.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { Fault } from '../../../model/faults.ts'
import { nameHash, type ScannedPackages } from './packages-scan.ts'

const MAGIC = 0x53504931
const HEAD = 6

export function writeTable({ starts, names, sources, provided }: ScannedPackages): Uint8Array {
  const parts = [starts, names, sources, provided]
  const table = new Uint32Array(HEAD + parts.reduce((sum, part) => sum + part.length, 0))
  table.set([MAGIC, starts.at(-1) ?? 0, ...parts.map(part => part.length)])
  let at = HEAD
  for (const part of parts) {
    table.set(part, at)
    at += part.length
  }
  return new Uint8Array(table.buffer)
}

/** The name of a table's file also says in which order its bytes are. */
export const TABLE_SUFFIX = `.table-${endianness().toLowerCase()}1`

/** An index that is open for questions. */
export interface PackagesIndex {
  readonly size: number
  /** Texts of the stanzas whose name, source or provided name may be the one asked for: the caller compares. */
  find(by: 'names' | 'sources' | 'provided', name: string): Promise<readonly string[]>
  close(): Promise<void>
}

/** Undefined where there is none, or where it and its table are not whole. */
export async function openPackagesIndex(path: string): Promise<PackagesIndex | undefined> {
  const bytes = await readFile(path + TABLE_SUFFIX).catch(() => undefined)
  const packages = bytes === undefined ? undefined : readTable(bytes)
  if (packages === undefined) return undefined
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return undefined
  const { size } = await file.stat()
  if (size !== (packages.starts.at(-1) ?? 0)) {
    await file.close()
    return undefined
  }
  return {
    size: packages.starts.length - 1,
    find: (by, name) => Promise.all(numbersOf(packages[by], nameHash(name)).map(number => readText(file, path, packages.starts, number))),
    close: () => file.close(),
  }
}

function readTable(bytes: Buffer): ScannedPackages | undefined {
  if (bytes.length < HEAD * 4 || bytes.length % 4 !== 0) return undefined
  const table = new Uint32Array(Uint8Array.from(bytes).buffer)
  const [magic, , ...lengths] = table.subarray(0, HEAD)
  if (magic !== MAGIC || HEAD + lengths.reduce((sum, length) => sum + length, 0) !== table.length) return undefined
  let at = HEAD
  const [starts, names, sources, provided] = lengths.map(length => {
    at += length
    return table.subarray(at - length, at)
  })
  if (starts === undefined || names === undefined || sources === undefined || provided === undefined || starts.length === 0)
    return undefined
  return { starts, names, sources, provided }
}

/** The numbers of the stanzas with a hash, ascending. */
function numbersOf(pairs: Uint32Array, hash: number): number[] {
  let [low, high] = [0, pairs.length / 2]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((pairs[2 * middle] ?? 0) < hash) low = middle + 1
    else high = middle
  }
  const numbers: number[] = []
  for (; 2 * low < pairs.length && pairs[2 * low] === hash; low++) numbers.push(pairs[2 * low + 1] ?? 0)
  return numbers
}

async function readText(file: FileHandle, path: string, starts: Uint32Array, number: number): Promise<string> {
  const [start, end] = [starts[number] ?? 0, starts[number + 1] ?? 0]
  const bytes = Buffer.alloc(Math.max(0, end - start))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
  if (bytesRead !== bytes.length || bytes.length === 0) throw new Fault('apt-index-invalid', `${path} changed while it was read`)
  return bytes.toString('utf8').trimEnd()
}
