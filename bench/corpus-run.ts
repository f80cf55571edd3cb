/** One run of the command line on a copy of a project, as a child process, watched from outside. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface CommandRun {
  readonly code: number | null
  readonly seconds: number
  /** Highest resident size seen; undefined where the system does not tell. */
  readonly peakMB: number | undefined
  /** The fault that it ended with, or `timeout`; empty when it did its work. */
  readonly fault: string
  readonly stdout: string
  readonly stderr: string
}

const MAIN = join(import.meta.dirname, '../src/cli/main.ts')
const SECONDS = Number(process.env['SUTURE_BENCH_SECONDS'] ?? 120)

/** Copies `before` to `after` and runs `suture` there. */
export async function runSuture(before: string, after: string, args: readonly string[]): Promise<CommandRun> {
  rmSync(after, { recursive: true, force: true })
  mkdirSync(dirname(after), { recursive: true })
  cpSync(before, after, { recursive: true })
  const started = performance.now()
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: after,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SECONDS * 1000,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = `${stderr}${chunk.toString()}`.slice(-20_000)
  })
  let peakMB: number | undefined
  const watch = setInterval(() => {
    peakMB = highWater(child.pid) ?? peakMB
  }, 100)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearInterval(watch))
  const seconds = (performance.now() - started) / 1000
  return { code, seconds, peakMB, fault: faultOf(code, stderr), stdout, stderr }
}

/** 0 is done, 1 is findings left; anything else is a fault, whose first line on stderr says which. */
function faultOf(code: number | null, stderr: string): string {
  if (code === 0 || code === 1) return ''
  if (code === null) return 'timeout'
  const lines = stderr.split('\n').filter(line => line.trim() !== '')
  return (lines.find(line => /^(error|fault)/i.test(line)) ?? lines[0] ?? `exit ${code}`).trim()
}

function highWater(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
  } catch {
    return undefined
  }
}
