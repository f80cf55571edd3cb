/**
 * A package index on disk beside its table of names. The table is mapped into memory whole (two megabytes for a large archive); stanzas
 * are read from their place when asked for.
 *
 * Table: magic, CRC-32 of what follows, five lengths, then the five arrays of `ScannedPackages`, all of 32 bits in the
 * machine's order. Neither is hashed again when it is opened: checks of 32 bits notice a disk that failed, not somebody who may write here.
 */
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { endianness } from 'node:os'
import { crc32 } from 'node:zlib'
import { Fault } from '../../../model/faults.ts'
import { nameHash, type ScannedPackages, stanzaCheck } from './packages-scan.ts'

const MAGIC = 0x53504932
const HEAD = 7
const CHECKED = 2

export function writeTable({ starts, checks, names, sources, provided }: ScannedPackages): Uint8Array {
  const parts = [starts, checks, names, sources, provided]
  const table = new Uint32Array(HEAD + parts.reduce((sum, part) => sum + part.length, 0))
  table.set([MAGIC, 0, ...parts.map(part => part.length)])
  let at = HEAD
  for (const part of parts) {
    table.set(part, at)
    at += part.length
  }
  table[CHECKED - 1] = checkOf(table)
  return new Uint8Array(table.buffer)
}

function checkOf(table: Uint32Array): number {
  return crc32(new Uint8Array(table.buffer, table.byteOffset + CHECKED * 4))
}

/** The name of a table's file also says in which order its bytes are. */
export const TABLE_SUFFIX = `.table-${endianness().toLowerCase()}2`

/** An index that is open for questions. */
export interface PackagesIndex {
  readonly size: number
  /**
   * Texts of the stanzas whose name, source or provided name may be the one asked for: the caller compares. Throws `apt-index-invalid` where
   * the file is damaged; it is given up then, so that the next run fetches it anew.
   */
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
    find: (by, name) => Promise.all(numbersOf(packages[by], nameHash(name)).map(number => readText(file, path, packages, number))),
    close: () => file.close(),
  }
}

function readTable(bytes: Buffer): ScannedPackages | undefined {
  if (bytes.length < HEAD * 4 || bytes.length % 4 !== 0) return undefined
  const table = new Uint32Array(Uint8Array.from(bytes).buffer)
  const [magic, check, ...lengths] = table.subarray(0, HEAD)
  if (magic !== MAGIC || check !== checkOf(table) || HEAD + lengths.reduce((sum, length) => sum + length, 0) !== table.length)
    return undefined
  let at = HEAD
  const [starts, checks, names, sources, provided] = lengths.map(length => {
    at += length
    return table.subarray(at - length, at)
  })
  if (starts === undefined || checks === undefined || names === undefined || sources === undefined || provided === undefined)
    return undefined
  return starts.length === 0 ? undefined : { starts, checks, names, sources, provided }
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

async function readText(file: FileHandle, path: string, { starts, checks }: ScannedPackages, number: number): Promise<string> {
  const [start, end] = [starts[number] ?? 0, starts[number + 1] ?? 0]
  const bytes = Buffer.alloc(Math.max(0, end - start))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
  if (bytesRead === bytes.length && bytes.length > 0 && stanzaCheck(bytes) === checks[number]) return bytes.toString('utf8').trimEnd()
  await rm(path + TABLE_SUFFIX, { force: true })
  throw new Fault('apt-index-invalid', `${path} was damaged since it was downloaded`, {
    hint: 'Run the command again: it is downloaded anew.',
  })
}
