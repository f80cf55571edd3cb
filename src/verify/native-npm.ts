import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PatchedFile } from '../model/edit.ts'
import { Fault } from '../model/faults.ts'
import { readJsonSource } from '../text/json-source.ts'
import { npmCopies } from './npm-copy.ts'
import { isOldComplaint, type NpmRefusal, needsNetwork, readRefusal, summary } from './npm-refusal.ts'
import { compareRewrites } from './npm-rewrite.ts'
import type { RunProcess } from './run-process.ts'
import type { VerificationStep } from './step.ts'

export interface NativeCheck {
  readonly folder: string
  readonly files: readonly PatchedFile[]
  /** Paths, relative to `folder`, of what npm must find besides: manifests of workspaces and `file:` folders, `file:` archives. */
  readonly manifests: readonly string[]
  /** Path of npm, as on PATH; undefined when there is none. */
  readonly npm: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly run: RunProcess
  /** npm may use its cache only. */
  readonly offline?: boolean
  readonly signal?: AbortSignal
}

const ACCEPTS = 'npm ci accepts it'
const LEAVES = 'npm leaves the file as it is'
const TIMEOUT_MS = 10 * 60_000
const MAX_OUTPUT = 256 * 1024
const MAX_NAMED = 5

/** Settings of an `npm run` or `npx` around us that would change what the inner npm works on. */
const OUTER =
  /^npm_(lifecycle_|package_|command$|config_(local_prefix|global|location|workspaces?|include_workspace_root|dry_run|package_lock_only|lockfile_version)$)|^INIT_CWD$/i

type Outcome = { readonly folder: string; readonly refusal?: NpmRefusal }
type Ask = (state: 'before' | 'after') => Promise<Outcome>

/**
 * Asks npm itself, on copies in a temporary folder, whether it takes the result: `npm ci` must accept the lock, and `npm install`
 * must have nothing to write to it. What npm holds against the original too is not held against the result. Runs no scripts.
 * Faults: `native-failed`.
 */
export async function verifyWithNpm(check: NativeCheck): Promise<readonly VerificationStep[]> {
  const { npm, files } = check
  if (npm === undefined) return [{ check: 'npm', result: 'skipped', detail: 'npm is not installed' }]
  const version = await versionOf(npm, check)
  // npm 6 knows no dry run of `ci`: it would download everything.
  if (Number.parseInt(version, 10) < 7) {
    return [{ check: 'npm', result: 'skipped', detail: `npm ${version} cannot check without installing; npm 7 or newer can` }]
  }
  await using copies = await npmCopies(check)
  const legacy = files.some(file => isVersion1(file))
  const ask = async (state: 'before' | 'after', parameters: readonly string[]): Promise<Outcome> => {
    const folder = await copies.make(state)
    const refusal = await refusalOf(npm, [...parameters, ...(legacy ? ['--lockfile-version=1'] : []), ...habit(files)], folder, check)
    return refusal === undefined ? { folder } : { folder, refusal }
  }
  const questions = [
    () => accepts(state => ask(state, ['ci', '--dry-run']), version),
    () => leaves(state => ask(state, ['install', '--package-lock-only']), files, version),
  ]
  // For a version 1 lock npm asks the registry about every package: one after the other, so that the second finds them in the cache.
  if (!legacy) return await allOrFirstFault(questions.map(question => question()))
  const steps: VerificationStep[] = []
  for (const question of questions) steps.push(await question())
  return steps
}

async function accepts(ask: Ask, version: string): Promise<VerificationStep> {
  const { refusal } = await ask('after')
  if (refusal === undefined) return { check: ACCEPTS, result: 'passed', detail: `npm ${version}, dry run` }
  return skippedOrFault(ACCEPTS, refusal, ask, 'npm ci does not accept the result')
}

async function leaves(ask: Ask, files: readonly PatchedFile[], version: string): Promise<VerificationStep> {
  const after = await ask('after')
  if (after.refusal !== undefined) return skippedOrFault(LEAVES, after.refusal, ask, 'npm install does not accept the result')
  const changed: { readonly file: PatchedFile; readonly afterByNpm: string }[] = []
  for (const file of files) {
    const afterByNpm = await readFile(join(after.folder, file.path), 'utf8')
    if (afterByNpm !== file.after) changed.push({ file, afterByNpm })
  }
  if (changed.length === 0) return { check: LEAVES, result: 'passed', detail: `npm ${version}, byte for byte` }
  const before = await ask('before')
  let entries = 0
  for (const { file, afterByNpm } of changed) {
    const question = { before: file.before, after: file.after, afterByNpm, file: file.path }
    if (before.refusal !== undefined)
      throw rewrites({ ...question, beforeByNpm: file.before }, `npm refuses the original (${summary(before.refusal)})`)
    const beforeByNpm = await readFile(join(before.folder, file.path), 'utf8')
    if (beforeByNpm === file.before) throw rewrites({ ...question, beforeByNpm }, 'npm leaves the original as it is')
    const answer = compareRewrites({ ...question, beforeByNpm })
    if (answer.beyond.length > 0)
      throw rewrites({ ...question, beforeByNpm }, `npm rewrites only ${entryCount(answer.before)} of the original`)
    entries += answer.before
  }
  const detail = `npm ${version} rewrites the original too (${entryCount(entries)}), and nothing beyond that`
  return { check: LEAVES, result: 'passed', detail }
}

async function skippedOrFault(check: string, refusal: NpmRefusal, ask: Ask, says: string): Promise<VerificationStep> {
  if (needsNetwork(refusal)) return { check, result: 'skipped', detail: 'npm would need the network' }
  const original = (await ask('before')).refusal
  if (original !== undefined && isOldComplaint(refusal, original)) {
    return { check, result: 'skipped', detail: `npm refuses the original too: ${summary(refusal)}` }
  }
  const lines = refusal.lines.slice(0, 12).map(line => line.trim())
  throw new Fault('native-failed', `${says}${refusal.code === undefined ? '' : ` (${refusal.code})`}: ${lines.join(' / ')}`)
}

function rewrites(question: Parameters<typeof compareRewrites>[0], original: string): Fault {
  const { beyond } = compareRewrites(question)
  const named = beyond.length === 0 ? ['the order or the spacing of its text'] : beyond.slice(0, MAX_NAMED)
  if (beyond.length > MAX_NAMED) named.push(`and ${beyond.length - MAX_NAMED} more`)
  return new Fault('native-failed', `npm install would rewrite ${question.file}, although ${original}: ${named.join('; ')}.`)
}

function entryCount(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`
}

/** Undefined when npm is content. */
async function refusalOf(npm: string, asked: readonly string[], folder: string, check: NativeCheck): Promise<NpmRefusal | undefined> {
  const fixed = [
    '--ignore-scripts',
    '--package-lock',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--color=false',
    '--loglevel=error',
    '--logs-max=0',
  ]
  // What npm has in its cache is enough to say yes; before it says no it must have asked.
  const attempts = check.offline === true ? ['--offline'] : ['--prefer-offline', '--no-prefer-offline']
  let refusal: NpmRefusal | undefined
  for (const attempt of attempts) {
    const result = await start(npm, [...asked, ...fixed, attempt], folder, check)
    if (result.timedOut) throw new Fault('native-failed', `npm ${asked[0]} did not end within ${TIMEOUT_MS / 60_000} minutes.`)
    if (result.failed !== undefined) throw new Fault('native-failed', `npm could not be started: ${result.failed}.`)
    if (result.exitCode === 0) return undefined
    refusal = readRefusal(result.stderr)
  }
  return refusal
}

function start(npm: string, parameters: readonly string[], folder: string, check: NativeCheck) {
  const kept = Object.entries(check.environment).filter(([name]) => !OUTER.test(name))
  const environment = {
    ...Object.fromEntries(kept),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    GIT_TERMINAL_PROMPT: '0',
  }
  const { signal } = check
  const request = { folder, environment, timeoutMs: TIMEOUT_MS, maxOutput: MAX_OUTPUT, ...(signal === undefined ? {} : { signal }) }
  // A batch file needs the shell; the parameters are all our own and hold nothing that it would read.
  if (/\.(cmd|bat)$/i.test(npm)) return check.run([`"${npm}"`, ...parameters].join(' '), [], { ...request, shell: true })
  return check.run(npm, parameters, request)
}

async function versionOf(npm: string, check: NativeCheck): Promise<string> {
  const found = await realpath(npm).catch(() => npm)
  for (const folder of [dirname(dirname(found)), join(dirname(found), 'node_modules', 'npm')]) {
    const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
    const [, version] = (manifest?.includes('"name": "npm"') && /"version": "(\d+\.\d+\.\d+[^"]*)"/.exec(manifest)) || []
    if (version !== undefined) return version
  }
  const { stdout, failed } = await start(npm, ['--version'], check.folder, check)
  const version = /^\d+\.\d+\.\d+\S*/.exec(stdout)?.[0]
  if (version === undefined) throw new Fault('native-failed', `npm does not tell its version${failed === undefined ? '' : `: ${failed}`}.`)
  return version
}

/** npm would take out every address where its configuration says so, whatever the lock's own habit. */
function habit(files: readonly PatchedFile[]): string[] {
  const keepsAddresses = files.some(file => /"resolved": *"https?:/.test(file.before))
  return keepsAddresses ? ['--omit-lockfile-registry-resolved=false'] : []
}

function isVersion1({ path, before }: PatchedFile): boolean {
  if (!/(package-lock|npm-shrinkwrap)\.json$/.test(path)) return false
  const root = readJsonSource(before, { file: path })
  const version = root.kind === 'object' ? root.get('lockfileVersion') : undefined
  return version === undefined || (version.kind === 'number' && version.value < 2)
}

/** Waits for all, so that nothing still runs when the copies go. */
async function allOrFirstFault<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}
