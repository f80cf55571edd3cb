import { mkdir, open, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * The note that makes a write of several files one act. It is written before the first new file (`prepare`: on recovery these are
 * thrown away) and replaced when all new files lie complete beside the old ones (`commit`: on recovery the exchange is finished).
 */
const SHA256 = z.string().regex(/^[0-9a-f]{64}$/)
const Journal = z.object({
  phase: z.enum(['prepare', 'commit']),
  pid: z.number().int(),
  files: z.array(
    z.object({
      /** Relative to the folder, with `/`; may be a link. */
      path: z.string().refine(isInside),
      /** The file name of the new content, in the folder of the link's target. */
      fresh: z.string().regex(/^\.[^/\\\0]+\.suture-[0-9a-f]{16}$/),
      beforeSha256: SHA256.optional(),
      afterSha256: SHA256,
    }),
  ),
})

export type Journal = z.infer<typeof Journal>
export type JournalFile = Journal['files'][number]

export const STATE_FOLDER = '.suture'
const NAME = 'journal.json'
const NEXT = 'journal.next.json'
/** A journal of a process that lives and began less than this ago belongs to a write in progress. */
const YOUNG_MS = 60_000
const MAX_BYTES = 1_000_000

export function isInside(path: string): boolean {
  return path !== '' && !/^([a-z]:|[/\\])/i.test(path) && !path.includes('\0') && !path.split(/[/\\]/).includes('..')
}

export type JournalState = { readonly journal: Journal; readonly busy: boolean } | 'none' | 'unreadable'

/** A journal that cannot be read was cut off while `prepare` was written, before any other file was. */
export async function readJournal(folder: string): Promise<JournalState> {
  const file = join(folder, STATE_FOLDER, NAME)
  const stats = await stat(file).catch(ignoreMissing)
  if (stats === undefined) {
    // A kill can leave the folder empty; a folder that holds something stays.
    await rmdir(join(folder, STATE_FOLDER)).catch(() => undefined)
    return 'none'
  }
  const text = stats.size > MAX_BYTES ? '' : await readFile(file, 'utf8')
  const age = Date.now() - stats.mtimeMs
  const parsed = Journal.safeParse(parseJson(text))
  if (!parsed.success) return 'unreadable'
  const { pid } = parsed.data
  return { journal: parsed.data, busy: pid !== process.pid && age < YOUNG_MS && isAlive(pid) }
}

/** Fails with EEXIST when another write is under way. */
export async function beginJournal(folder: string, files: readonly JournalFile[]): Promise<void> {
  await mkdir(join(folder, STATE_FOLDER), { recursive: true })
  await writeSynced(join(folder, STATE_FOLDER, NAME), journalText('prepare', files), 'wx')
  await syncFolder(join(folder, STATE_FOLDER))
}

export async function commitJournal(folder: string, files: readonly JournalFile[]): Promise<void> {
  const state = join(folder, STATE_FOLDER)
  await writeSynced(join(state, NEXT), journalText('commit', files), 'w')
  await rename(join(state, NEXT), join(state, NAME))
  await syncFolder(state)
}

export async function endJournal(folder: string): Promise<void> {
  const state = join(folder, STATE_FOLDER)
  await unlink(join(state, NEXT)).catch(ignoreMissing)
  await unlink(join(state, NAME)).catch(ignoreMissing)
  // Fails, as it should, unless the folder is empty.
  await rmdir(state).catch(() => undefined)
}

export async function writeSynced(file: string, content: string | Uint8Array, flags: 'w' | 'wx'): Promise<void> {
  const handle = await open(file, flags, 0o666)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes renames in a folder durable; some systems cannot open a folder, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
  throw error
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function journalText(phase: Journal['phase'], files: readonly JournalFile[]): string {
  return JSON.stringify({ phase, pid: process.pid, files })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
