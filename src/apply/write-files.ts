import { createHash, randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { access, constants, mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Sha256 } from '../model/digest.ts'
import { sha256FromHex } from '../model/digest.ts'
import { Fault } from '../model/faults.ts'
import type { JournalFile } from './journal.ts'
import { beginJournal, codeOf, commitJournal, endJournal, ignoreMissing, isInside, readJournal, syncFolder } from './journal.ts'

/**
 * Writes a set of files as one act: killed at any moment, all are old or, after {@link recover}, all are new.
 *
 * 1. The journal names what is about to be made. 2. Every new content is written beside its file and flushed to the disk. 3. The
 * journal is replaced by one that says so. 4. Each new file takes the place of the old one by a rename. 5. The journal goes.
 * Before step 3 recovery throws the new files away; after it, recovery finishes step 4.
 */
export interface FileWrite {
  /** Relative to the folder, with `/`. A symbolic link is followed: its target changes, the link stays. */
  readonly path: string
  readonly after: string
  /** Digest of the bytes that were read; undefined for a file that is to be made. */
  readonly beforeSha256?: Sha256
}

interface Prepared {
  readonly journal: JournalFile
  readonly target: string
  readonly fresh: string
  readonly before: Uint8Array | undefined
  readonly stats: Stats | undefined
  readonly after: Uint8Array
}

/** Faults: `file-changed` (nothing written), `write-failed` (the old files are back in place). */
export async function writeFiles(folder: string, files: readonly FileWrite[], exchange: typeof rename = rename): Promise<void> {
  if (files.length === 0) return
  await recover(folder)
  const prepared = await Promise.all(
    files.map(file =>
      prepare(folder, file).catch(error => {
        throw error instanceof Fault
          ? error
          : new Fault('file-unreadable', `${file.path} cannot be read (${codeOf(error)}).`, { cause: error })
      }),
    ),
  )
  const journal = prepared.map(file => file.journal)
  await beginJournal(folder, journal).catch(error => {
    if (codeOf(error) === 'EEXIST') throw busyFault(folder)
    throw writeFault('the journal', error)
  })
  const abort = async (error: unknown) => {
    for (const file of prepared) await unlink(file.fresh).catch(ignoreMissing)
    await endJournal(folder)
    throw error instanceof Fault ? error : writeFault(folder, error)
  }
  try {
    for (const file of prepared) await writeFresh(file)
    await commitJournal(folder, journal)
    for (const file of prepared) await assertUnchanged(file)
  } catch (error) {
    await abort(error)
  }
  const done: Prepared[] = []
  try {
    for (const file of prepared) {
      await replace(file.fresh, file.target, exchange)
      done.push(file)
    }
  } catch (error) {
    // When this fails as well, the journal stays, and the next run finishes the exchange.
    await restore(done)
    const failed = prepared[done.length]?.journal.path ?? folder
    await abort(writeFault(failed, error))
  }
  await endJournal(folder)
}

/** Finishes or clears away what a killed write left behind. Faults: `file-changed` when someone else changed a file in between. */
export async function recover(folder: string): Promise<'nothing' | 'finished' | 'cleared'> {
  const state = await readJournal(folder)
  if (state === 'none') return 'nothing'
  if (state === 'unreadable') {
    await endJournal(folder)
    return 'cleared'
  }
  if (state.busy) throw busyFault(folder)
  const { phase, files } = state.journal
  const places = await Promise.all(files.map(file => placeOf(folder, file)))
  if (phase === 'prepare') {
    for (const place of places) await unlink(place.fresh).catch(ignoreMissing)
    await endJournal(folder)
    return 'cleared'
  }
  const strange = places.filter(place => place.state === 'strange')
  for (const { fresh, target, state: place } of places) {
    if (strange.length === 0 && place === 'old') await replace(fresh, target)
    else await unlink(fresh).catch(ignoreMissing)
  }
  await endJournal(folder)
  if (strange.length === 0) return 'finished'
  const names = strange.map(place => place.path).join(', ')
  throw new Fault('file-changed', `A write was interrupted, and ${names} changed since: it was not finished.`, {
    hint: 'Compare the files with version control, then run the command again.',
  })
}

export function sha256Of(content: string | Uint8Array): Sha256 {
  return sha256FromHex(createHash('sha256').update(content).digest('hex'))
}

async function prepare(folder: string, file: FileWrite): Promise<Prepared> {
  if (!isInside(file.path)) throw new Fault('internal', `${JSON.stringify(file.path)} does not lie inside the target.`)
  const link = join(folder, file.path)
  const target = (await realpath(link).catch(ignoreMissing)) ?? link
  const before = await readFile(target).catch(ignoreMissing)
  const after = Buffer.from(file.after)
  const fresh = `.${basename(target)}.suture-${randomBytes(8).toString('hex')}`
  const sums = { ...(file.beforeSha256 === undefined ? {} : { beforeSha256: file.beforeSha256 }), afterSha256: sha256Of(after) }
  const prepared = {
    journal: { path: file.path, fresh, ...sums },
    target,
    fresh: join(dirname(target), fresh),
    before,
    stats: await stat(target).catch(ignoreMissing),
    after,
  }
  await assertUnchanged(prepared)
  if (before !== undefined) await access(target, constants.W_OK).catch(error => Promise.reject(writeFault(file.path, error)))
  return prepared
}

async function assertUnchanged({ journal, target }: Prepared): Promise<void> {
  const now = await digestOf(target)
  if (now === journal.beforeSha256) return
  const what = now === undefined ? 'is gone' : journal.beforeSha256 === undefined ? 'exists already' : 'changed after it was read'
  throw new Fault('file-changed', `${journal.path} ${what}, so nothing was written.`)
}

async function writeFresh({ journal, target, fresh, after, stats }: Prepared): Promise<void> {
  if (stats === undefined) await mkdir(dirname(target), { recursive: true })
  try {
    const handle = await open(fresh, 'wx', stats === undefined ? 0o666 : stats.mode & 0o777)
    try {
      await handle.writeFile(after)
      if (stats !== undefined && process.platform !== 'win32') {
        const made = await handle.stat()
        // Only the owner of the system may give files away; without that right the content still counts more than the owner.
        if (made.uid !== stats.uid || made.gid !== stats.gid) await handle.chown(stats.uid, stats.gid).catch(ignorePermission)
        await handle.chmod(stats.mode & 0o7777)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw writeFault(journal.path, error)
  }
}

/** Gives files that were exchanged already their old content back. */
async function restore(files: readonly Prepared[]): Promise<void> {
  for (const file of files) {
    if (file.before === undefined) await unlink(file.target)
    else {
      await writeFresh({ ...file, after: file.before })
      await replace(file.fresh, file.target)
    }
  }
}

async function replace(fresh: string, target: string, exchange: typeof rename = rename): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await exchange(fresh, target)
      break
    } catch (error) {
      // Windows refuses while a virus scanner or an editor has the file open for a moment.
      const passing = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error) ?? '')
      if (!passing || attempt === 9) throw error
      await new Promise(resolve => setTimeout(resolve, 20 * (attempt + 1)))
    }
  }
  await syncFolder(dirname(target))
}

interface Place {
  readonly path: string
  readonly target: string
  readonly fresh: string
  readonly state: 'old' | 'new' | 'strange'
}

async function placeOf(folder: string, file: JournalFile): Promise<Place> {
  const link = join(folder, file.path)
  const target = (await realpath(link).catch(ignoreMissing)) ?? link
  const fresh = join(dirname(target), file.fresh)
  const now = await digestOf(target)
  const canGoOn = now === file.beforeSha256 && (await digestOf(fresh)) === file.afterSha256
  return { path: file.path, target, fresh, state: now === file.afterSha256 ? 'new' : canGoOn ? 'old' : 'strange' }
}

async function digestOf(file: string): Promise<Sha256 | undefined> {
  const content = await readFile(file).catch(ignoreMissing)
  return content === undefined ? undefined : sha256Of(content)
}

function ignorePermission(error: unknown): void {
  if (codeOf(error) !== 'EPERM') throw error
}

function busyFault(folder: string): Fault {
  return new Fault('write-failed', `Another run of Suture is writing in ${folder}.`, {
    hint: 'Wait until it is done, then run the command again.',
  })
}

function writeFault(what: string, cause: unknown): Fault {
  const reason = codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause))
  return new Fault('write-failed', `${what} could not be written (${reason}); the old content is in place.`, { cause })
}
