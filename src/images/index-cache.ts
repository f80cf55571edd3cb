/**
 * Layer indexes on disk, one file for each layer and set of wishes. A cache only saves time: a file that is damaged or of another format
 * is passed over, and where nothing can be written the layer is read again the next time. Files appear by a rename, so readers need no lock.
 *
 * An index whose layer was held against its diff id is kept by that. One that was made by position, without reading the whole, is
 * kept by the diff id and by what tells the local file apart (inode, size, times), and serves for that very file only. By the same it is kept
 * that a blob in a local file was found right, so that another file that claims the same content is looked at.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobDigest } from '../model/image.ts'
import type { ContentWishes } from './content-wishes.ts'
import { wishesId } from './content-wishes.ts'
import { decodeIndex, encodeIndex } from './index-format.ts'
import type { LayerIndex } from './layer-index.ts'

const MOST_FILES = 1024
const MOST_BYTES = 1024 * 1024 * 1024
const ENDING = '.layer'
const LEFT_MS = 60 * 60 * 1000
/** An empty file that says that a blob was found right. */
const SOUND = '.sound'
const OURS = /^[0-9a-f]{64}\.[0-9a-f.]+\.(?:layer|sound)(?:\.\d+)?$/
/** A file that changed so shortly before could change again and look the same. */
const RACY_MS = 3000

/** The name under which a layer's index is kept; `file` is the signature of the local file for one that was made by position. */
export function cacheName(diffId: BlobDigest, wishes: ContentWishes, file = ''): string {
  return `${diffId.slice('sha256:'.length)}.${wishesId(wishes)}${file === '' ? '' : `.${file}`}${ENDING}`
}

/** What tells a local file apart without reading it; undefined where it changed too shortly before `now`, in milliseconds. */
export function fileSignature(path: string, offset: number, now: number): string | undefined {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  const settled = BigInt(Math.floor(now) - RACY_MS) * 1_000_000n
  if (mtimeNs > settled || ctimeNs > settled) return undefined
  return createHash('sha256').update(`${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs} ${offset}`).digest('hex').slice(0, 16)
}

export interface LayerCache {
  /** Milliseconds since the epoch. */
  now(): number
  load(name: string): LayerIndex | undefined
  store(name: string, index: LayerIndex): void
  /** Whether the blob of this digest was found right: in the local file with this signature at any time, or in this one while the cache is held. */
  isSound(digest: BlobDigest, file: LocalFile): boolean
  noteSound(digest: BlobDigest, file: LocalFile): void
}

export interface LocalFile {
  readonly path: string
  readonly offset: number
  readonly signature: string | undefined
}

/** What was loaded or stored once is not decoded a second time while the cache is held: one that is kept beyond a command grows. */
export function layerCache(folder: string, now: () => number): LayerCache {
  const held = new Map<string, LayerIndex>()
  const sound = new Set<string>()
  return {
    now,
    load(name) {
      const index = held.get(name) ?? loadIndex(folder, name, new Date(now()))
      if (index !== undefined) held.set(name, index)
      return index
    },
    store(name, index) {
      held.set(name, index)
      storeFile(folder, name, () => encodeIndex(index))
    },
    isSound(digest, { path, offset, signature }) {
      if (sound.has(`${digest} ${offset} ${path}`)) return true
      const mark = signature === undefined ? undefined : join(folder, soundName(digest, signature))
      if (mark === undefined || !existsSync(mark)) return false
      utimesSync(mark, new Date(now()), new Date(now()))
      return true
    },
    noteSound(digest, { path, offset, signature }) {
      sound.add(`${digest} ${offset} ${path}`)
      if (signature !== undefined) storeFile(folder, soundName(digest, signature), () => '')
    },
  }
}

function loadIndex(folder: string, name: string, now: Date): LayerIndex | undefined {
  const path = join(folder, name)
  try {
    const index = decodeIndex(readFileSync(path))
    if (index !== undefined) utimesSync(path, now, now)
    return index
  } catch {
    return undefined
  }
}

function soundName(digest: BlobDigest, signature: string): string {
  return `${digest.slice('sha256:'.length)}.${signature}${SOUND}`
}

function storeFile(folder: string, name: string, content: () => Uint8Array | string): void {
  try {
    mkdirSync(folder, { recursive: true })
    const aside = join(folder, `${name}.${process.pid}`)
    writeFileSync(aside, content())
    renameSync(aside, join(folder, name))
    prune(folder)
  } catch {
    return
  }
}

/** The files used last stay; what a killed process was writing goes after an hour. */
function prune(folder: string): void {
  const files = readdirSync(folder)
    .filter(name => OURS.test(name))
    .map(name => ({ name, ...statSync(join(folder, name)) }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  let bytes = 0
  for (const [at, { name, size, mtimeMs }] of files.entries()) {
    bytes += size
    const left = /\.\d+$/.test(name) && Date.now() - mtimeMs > LEFT_MS
    if (left || at >= MOST_FILES || bytes > MOST_BYTES) rmSync(join(folder, name), { force: true })
  }
}
