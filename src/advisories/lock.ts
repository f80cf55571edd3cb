/**
 * One update at a time. The lock is a file that names its owner and that the owner touches every few seconds; it is abandoned when its
 * owner's process is gone, or when nobody has touched it for two minutes (another machine, or a process id used again). Taking an
 * abandoned one over is a rename, which only one can win.
 */
import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '../model/faults.ts'

const TOUCH_MS = 10_000
const ABANDONED_MS = 120_000
const POLL_MS = 200

export interface LockOptions {
  /** How long to wait for another owner. */
  readonly patienceMs: number
  /** Called once when there is another owner. */
  readonly waiting: () => void
  readonly signal?: AbortSignal
}

export async function withLock<T>(file: string, options: LockOptions, act: () => Promise<T>): Promise<T> {
  const token = await take(file, options)
  const touching = setInterval(() => {
    const now = new Date()
    // A lock that has gone is noticed where it matters: when the update writes.
    utimes(file, now, now).catch(() => undefined)
  }, TOUCH_MS)
  touching.unref()
  try {
    return await act()
  } finally {
    clearInterval(touching)
    if ((await contentOf(file)) === token) await rm(file, { force: true })
  }
}

async function take(file: string, { patienceMs, waiting, signal }: LockOptions): Promise<string> {
  const token = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() })
  const end = performance.now() + patienceMs
  for (let told = false; ; ) {
    if (await create(file, token)) return token
    const content = await contentOf(file)
    if (content === undefined) continue
    if (await isAbandoned(file, content)) {
      await remove(file, content)
      continue
    }
    if (performance.now() > end) throw new Fault('advisories-locked', `another update holds ${file}`)
    if (!told) waiting()
    told = true
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal })
  }
}

async function create(file: string, token: string): Promise<boolean> {
  // Written aside and linked, so that nobody ever sees a lock without its owner.
  const aside = `${file}.${randomUUID()}`
  try {
    const handle = await open(aside, 'wx')
    try {
      await handle.writeFile(token)
    } finally {
      await handle.close()
    }
    await link(aside, file)
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw new Fault('write-failed', `${file} cannot be written`, { cause })
  } finally {
    await rm(aside, { force: true })
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new Fault('file-unreadable', `${file} cannot be read`, { cause })
  }
}

async function isAbandoned(file: string, content: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) return false
  if (Date.now() - found.mtimeMs > ABANDONED_MS) return true
  const owner = /^\{"pid":(\d{1,10}),"host":("[^"]*")/.exec(content)
  if (owner === null) return true
  return owner[2] === JSON.stringify(hostname()) && !isRunning(Number(owner[1]))
}

function isRunning(pid: number): boolean {
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
    if (codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'EEXIST') throw new Fault('write-failed', `${file} cannot be taken over`, { cause })
  } finally {
    await rm(aside, { force: true })
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
