import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault } from '../model/faults.ts'
import { git, refused, runGit } from './run-git.ts'

export interface CommitRequest {
  readonly folder: string
  /** Relative to `folder`, with `/`. */
  readonly files: readonly string[]
  readonly message: string
  /** `Name <address>`; git's own configuration unless given. */
  readonly author?: string
}

export interface Commit {
  readonly id: string
  readonly subject: string
  /** Files that git ignores by the user's own rules, and so were not committed. */
  readonly ignored: readonly string[]
}

/** What git has begun and not finished, by the file that says so. */
const UNFINISHED = [
  ['MERGE_HEAD', 'merge'],
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
] as const

/** Whether the folder lies in a Git working tree. False where git is not installed. */
export async function isRepository(folder: string): Promise<boolean> {
  try {
    const { exitCode, stdout } = await runGit(folder, ['rev-parse', '--is-inside-work-tree'])
    return exitCode === 0 && stdout.trim() === 'true'
  } catch (error) {
    if (error instanceof Fault && error.code === 'git-failed') return false
    throw error
  }
}

/** Those of the files that exist and differ from the last commit, staged or not, or are not under version control. */
export async function uncommitted(folder: string, files: readonly string[]): Promise<string[]> {
  if (files.length === 0) return []
  const listed = await git(folder, [
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--ignored',
    '--',
    ...literal(files),
  ])
  const rows = listed.split('\0').filter(row => row !== '')
  // Git names them from the top of the repository; the folder may lie below.
  const above = (await git(folder, ['rev-parse', '--show-prefix'])).trimEnd()
  return rows.map(row => row.slice(3)).map(path => (path.startsWith(above) ? path.slice(above.length) : path))
}

/** Whether a commit of these files would hold only what is changed from now on. */
export async function isClean(folder: string, files: readonly string[]): Promise<boolean> {
  return (await uncommitted(folder, files)).length === 0
}

/**
 * Commits these files as they are on disk and nothing else: what the user has staged stays staged, what is dirty stays dirty.
 * Hooks run; nothing is pushed. Faults: `git-failed` outside a repository, in the middle of a merge or rebase, when nothing
 * changed, and whenever git refuses; then the index is as it was.
 */
export async function commitFiles({ folder, files, message, author }: CommitRequest): Promise<Commit> {
  if (files.length === 0) throw new Fault('git-failed', 'There is nothing to commit.')
  await refuseUnlessReady(folder)
  const ignored = await ignoredAmong(folder, files)
  const wanted = literal(files.filter(file => !ignored.includes(file)))
  if (wanted.length === 0) throw new Fault('git-failed', `Git ignores ${files.join(', ')}, so there is nothing to commit.`)
  // `commit --only` takes paths that git knows: new ones are announced first, without their content.
  const fresh = (await git(folder, ['ls-files', '-z', '--others', '--exclude-standard', '--', ...wanted]))
    .split('\0')
    .filter(path => path !== '')
  if (fresh.length > 0) await git(folder, ['add', '--intent-to-add', '--', ...literal(fresh)])
  const options = ['--only', '--quiet', '--cleanup=whitespace', '--file=-', ...(author === undefined ? [] : [`--author=${author}`])]
  const result = await runGit(folder, ['commit', ...options, '--', ...wanted], message)
  if (result.exitCode !== 0) {
    if (fresh.length > 0) await git(folder, ['rm', '--cached', '--quiet', '--force', '--', ...literal(fresh)])
    throw refused('commit', result)
  }
  const [id = '', subject = ''] = (await git(folder, ['log', '-1', '--format=%H%n%s'])).split('\n')
  return { id, subject, ignored }
}

async function refuseUnlessReady(folder: string): Promise<void> {
  if (!(await isRepository(folder)))
    throw new Fault('git-failed', `${folder} is not in a Git repository.`, { hint: 'Run it without --commit, or run git init first.' })
  for (const [file, what] of UNFINISHED) {
    if (!(await exists(folder, file))) continue
    throw new Fault('git-failed', `A ${what} is in progress.`, {
      hint: `Finish it, or abort it with git ${what} --abort, then run the command again.`,
    })
  }
}

async function exists(folder: string, file: string): Promise<boolean> {
  const path = (await git(folder, ['rev-parse', '--git-path', file])).replace(/\r?\n$/, '')
  return await access(resolve(folder, path)).then(
    () => true,
    () => false,
  )
}

async function ignoredAmong(folder: string, files: readonly string[]): Promise<string[]> {
  const result = await runGit(folder, ['check-ignore', '-z', '--stdin'], files.map(file => `${file}\0`).join(''))
  // 1 means none.
  if (result.exitCode > 1) throw refused('check-ignore', result)
  return result.stdout.split('\0').filter(path => path !== '')
}

/** A path is a path, whatever stars it holds. */
function literal(files: readonly string[]): string[] {
  return files.map(file => `:(literal)${file}`)
}
