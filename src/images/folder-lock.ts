/**
 * One writer of a folder at a time. The lock is a file that names its owner's process; it is abandoned when that process is gone, or when
 * nobody has touched it for two minutes. Taking an abandoned one over is a rename, which only one can win.
 */
import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '../model/faults.ts'

const TOUCH_MS = 10_000
const ABANDONED_MS = 120_000
const POLL_MS = 25

/** Faults: `image-busy` when another owner does not let go for so many milliseconds. */
export async function withFolderLock<T>(file: string, patienceMs: number, act: () => Promise<T>): Promise<T> {
  const owner = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() })
  const end = performance.now() + patienceMs
  while (!(await take(file, owner))) {
    const content = await contentOf(file)
    if (content !== undefined && (await isAbandoned(file, content))) await remove(file, content)
    else if (performance.now() > end) throw new Fault('image-busy', `Another process holds ${file}.`)
    else await delay(POLL_MS)
  }
  const touching = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => undefined)
  }, TOUCH_MS)
  touching.unref()
  try {
    return await act()
  } finally {
    clearInterval(touching)
    if ((await contentOf(file)) === owner) await rm(file, { force: true })
  }
}

/** Written aside and linked, so that nobody ever sees a lock without its owner. */
async function take(file: string, owner: string): Promise<boolean> {
  const aside = `${file}.${randomUUID()}`
  try {
    await writeFile(aside, owner, { flag: 'wx' })
    await link(aside, file)
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw new Fault('image-write-failed', `${file} cannot be written (${String(codeOf(cause))}).`, { cause })
  } finally {
    await rm(aside, { force: true })
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new Fault('file-unreadable', `${file} cannot be read (${String(codeOf(cause))}).`, { cause })
  }
}

async function isAbandoned(file: string, content: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) return false
  if (Date.now() - found.mtimeMs > ABANDONED_MS) return true
  const owner = /^\{"pid":(\d{1,10}),"host":("[^"]*")/.exec(content)
  return owner === null || (owner[2] === JSON.stringify(hostname()) && !isRunning(Number(owner[1])))
}

/** Whether a process of this machine is there, whoever's it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return codeOf(cause) === 'EPERM'
  }
}

/** Removes the lock if it still is the abandoned one; puts back one that someone took in between. */
async function remove(file: string, content: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
    if ((await contentOf(aside)) !== content) await link(aside, file)
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'EEXIST') {
      throw new Fault('image-write-failed', `${file} cannot be taken over (${String(codeOf(cause))}).`, { cause })
    }
  } finally {
    await rm(aside, { force: true })
  }
}

/** The system's name for what went wrong (`ENOENT` …), where the error has one. */
export function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
