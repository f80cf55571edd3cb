/** Runs the built command line as a user would, in a process of its own, and measures it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundled } from './bundled.ts'
import type { Usage } from './usage.ts'

export const PROGRAM = join(import.meta.dirname, '../dist/suture.js')

export interface Run extends Usage {
  readonly code: number | null
  readonly seconds: number
  readonly stdout: string
  readonly stderr: string
}

/** Without blocking this process, which may be the registry that is asked. `home` holds Suture's caches: empty is cold. */
export async function runCommand(folder: string, home: string, args: readonly string[], timeoutSeconds = 600): Promise<Run> {
  const temporary = mkdtempSync(join(tmpdir(), 'suture-bench-usage-'))
  const file = join(temporary, 'usage.json')
  const watcher = await bundled('usage')
  try {
    const started = performance.now()
    const child = spawn(process.execPath, ['--import', watcher, PROGRAM, ...args], {
      cwd: folder,
      env: { ...process.env, SUTURE_HOME: home, XDG_CACHE_HOME: join(home, 'cache'), SUTURE_BENCH_USAGE: file, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutSeconds * 1000,
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk.toString()}`.slice(-20_000)
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    const seconds = (performance.now() - started) / 1000
    if (code !== 0 && code !== 1) throw new Error(`suture ${args.join(' ')} ended with ${code ?? 'a timeout'}: ${stderr.slice(0, 500)}`)
    const usage = JSON.parse(readFileSync(file, 'utf8')) as Usage
    return { ...usage, code, seconds, stdout, stderr }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

export function runCells({ seconds, cpuSeconds, peakMB }: Pick<Run, 'seconds' | keyof Usage>): string[] {
  return [`${seconds.toFixed(2)} s`, `${cpuSeconds.toFixed(2)} s`, `${peakMB.toFixed(0)} MB`]
}
