/**
 * Indexes that were built from files which the user named, kept by what they were built from: the files' content, and, so that unchanged
 * files need not be read, their signature (path, inode, size, times). A cache only saves time: where it is damaged or cannot be
 * written, the index is built from the files again, and the answer is the same.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { COLD_MAGIC, HOT_MAGIC } from './index-format.ts'
import type { IndexedAdvisories } from './indexed-advisories.ts'
import { openIndex } from './store.ts'

const MOST_KEPT = 8
const RACY_MS = 3000

export function openCached(cache: string, source: string, key: string): IndexedAdvisories | undefined {
  const names = { hot: `${key}.hot`, cold: `${key}.cold` }
  if (!existsSync(join(cache, names.hot)) || !existsSync(join(cache, names.cold))) return undefined
  try {
    const opened = openIndex(cache, { source }, names)
    const now = new Date()
    utimesSync(join(cache, names.hot), now, now)
    return opened
  } catch {
    return undefined
  }
}

export function keep(cache: string, key: string, index: { readonly hot: Buffer; readonly cold: Buffer }): void {
  try {
    mkdirSync(cache, { recursive: true })
    place(cache, `${key}.cold`, index.cold)
    place(cache, `${key}.hot`, index.hot)
    prune(cache)
  } catch {
    return
  }
}

/** The indexes used last stay. */
function prune(cache: string): void {
  const names = readdirSync(cache)
  const kept = names
    .filter(name => name.endsWith('.hot'))
    .map(name => ({ key: name.slice(0, -4), used: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.used - a.used)
    .slice(0, MOST_KEPT)
  const keys = new Set(kept.map(({ key }) => key))
  for (const name of names) {
    const key = name.endsWith('.seen') ? readFileSync(join(cache, name), 'utf8') : name.replace(/\.(?:hot|cold)$/, '')
    if (!keys.has(key)) rmSync(join(cache, name), { force: true })
  }
}

function place(cache: string, name: string, bytes: Buffer | string): void {
  const aside = join(cache, `${name}.${process.pid}`)
  writeFileSync(aside, bytes)
  renameSync(aside, join(cache, name))
}

export interface Signature {
  readonly text: string
  /** A file changed so shortly ago that another change could leave the same signature (as Git treats "racy" entries). */
  readonly racy: boolean
}

/** What tells, without reading them, that files are the same as before. */
export function signatureOf(files: readonly string[]): Signature {
  const digest = createHash('sha256').update(`${HOT_MAGIC} ${COLD_MAGIC}\n`)
  let changed = 0n
  for (const file of files) {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    digest.update(`${JSON.stringify(resolve(file))} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}\n`)
    for (const time of [mtimeNs, ctimeNs]) if (time > changed) changed = time
  }
  return { text: digest.digest('hex').slice(0, 32), racy: BigInt(Date.now() - RACY_MS) * 1_000_000n < changed }
}

export function notice(cache: string, { text, racy }: Signature, key: string): void {
  if (racy) return
  try {
    place(cache, `${text}.seen`, key)
  } catch {
    return
  }
}

export function keyNoticed(cache: string, { text }: Signature): string | undefined {
  try {
    const key = readFileSync(join(cache, `${text}.seen`), 'utf8')
    return /^[0-9a-f]{32}$/.test(key) ? key : undefined
  } catch {
    return undefined
  }
}
