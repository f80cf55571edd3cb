/** What the machine's own npm says about a project. Nothing is installed and no script runs: each question is asked of a copy. */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTree, type Tree } from './lock-tree.ts'
import { diffLines } from './measure.ts'

export interface NpmRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/**
 * Without blocking this process, since it may be the registry that npm asks. `omit-lockfile-registry-resolved` is set to npm's own
 * default, so that a machine's configuration does not decide what "unchanged" means.
 */
export function runNpm(cwd: string, args: readonly string[], timeoutSeconds = 300): Promise<NpmRun> {
  const started = performance.now()
  const child = spawn(
    process.env['SUTURE_BENCH_NPM'] ?? 'npm',
    [...args, '--ignore-scripts', '--no-fund', '--omit-lockfile-registry-resolved=false'],
    {
      cwd,
      env: { ...process.env, NO_UPDATE_NOTIFIER: '1', CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutSeconds * 1000,
    },
  )
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    if (stdout.length < 1_000_000) stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 1_000_000) stderr += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr, seconds: (performance.now() - started) / 1000 }))
  })
}

/** npm's own code for what went wrong, with the first line that says more. */
export function npmReason(run: NpmRun): string {
  if (run.code === 0) return ''
  const code = /npm error code (\w+)/.exec(run.stderr)?.[1] ?? (run.code === null ? 'timeout' : `exit ${run.code}`)
  const line = run.stderr.split('\n').find(text => /^npm error (?!code|A complete|While)/.test(text)) ?? ''
  return `${code} ${line.slice(10, 130)}`.trim()
}

export interface NativeChecks {
  readonly ciAccepts: boolean
  readonly ciReason: string
  /** `npm install --package-lock-only` ends well and leaves the lock as it is, byte for byte. */
  readonly byteIdentical: boolean
  /** Lines that npm would rewrite; undefined when it fails. */
  readonly rewrittenLines: number | undefined
  /** Places whose name@version npm would change, add or remove; says more than lines where npm turns a version 1 lock into a newer one. */
  readonly moved?: readonly string[]
  readonly installReason: string
}

export async function nativeChecks(folder: string, lockFile: string): Promise<NativeChecks> {
  const copy = mkdtempSync(join(tmpdir(), 'suture-native-'))
  try {
    cpSync(folder, copy, { recursive: true })
    const before = readFileSync(join(copy, lockFile), 'utf8')
    const ci = await runNpm(copy, ['ci', '--dry-run', '--no-audit', '--prefer-offline'])
    const install = await runNpm(copy, ['install', '--package-lock-only', '--no-audit', '--prefer-offline'])
    const rewritten = install.code === 0 ? diffLines(before, readFileSync(join(copy, lockFile), 'utf8')) : undefined
    const moved = install.code === 0 ? { moved: movedBetween(readTree(folder), readTree(copy)) } : {}
    return {
      ...moved,
      ciAccepts: ci.code === 0,
      ciReason: npmReason(ci),
      byteIdentical: rewritten === 0,
      rewrittenLines: rewritten,
      installReason: npmReason(install),
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function movedBetween(before: Tree, after: Tree): string[] {
  const placed = (tree: Tree): Map<string, string> =>
    new Map(
      [...tree.nodes.values()].flatMap(({ path, name, version, origin }): [string, string][] =>
        origin === 'registry' || origin === 'bundled' ? [[path, `${name}@${version}`]] : [],
      ),
    )
  const [old, now] = [placed(before), placed(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter(path => old.get(path) !== now.get(path)).sort()
}
