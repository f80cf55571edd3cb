import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

export interface ProcessRequest {
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
  /** Of stdout and stderr each (or of both together in `tail`) only the last so many characters are kept. */
  readonly maxOutput: number
  /** Let the platform's shell read `command`; `parameters` must be empty then. */
  readonly shell?: boolean
  readonly signal?: AbortSignal
  /** Told everything that is printed, as it comes. */
  readonly output?: (text: string) => void
}

export interface ProcessResult {
  /** Null when a signal or the timeout ended it, or when it could not be started. */
  readonly exitCode: number | null
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
  /** Both, in the order of arrival. */
  readonly tail: string
  /** Why it could not be started. */
  readonly failed?: string
}

/** Runs one program to its end. */
export type RunProcess = (command: string, parameters: readonly string[], request: ProcessRequest) => Promise<ProcessResult>

const GRACE_MS = 2_000

/**
 * Without standard input, in a process group of its own, which ends as a whole: at the timeout, on abort, and when the program
 * has ended but left something running. Rejects only on abort, with the signal's reason.
 */
export const runProcess: RunProcess = async (command, parameters, request) => {
  const { signal } = request
  signal?.throwIfAborted()
  const child = spawn(command, [...parameters], {
    cwd: request.folder,
    env: { ...request.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: request.shell === true,
    // On Windows a detached process opens a window of its own; there the tree is ended by its root.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  const keep = new Tail(request.maxOutput)
  const stdout = new Tail(request.maxOutput)
  const stderr = new Tail(request.maxOutput)
  const listen = (stream: Readable, own: Tail) => {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      own.add(text)
      keep.add(text)
      request.output?.(text)
    })
    stream.on('error', () => stream.destroy())
  }
  listen(child.stdout, stdout)
  listen(child.stderr, stderr)

  let timedOut = false
  const end = () => endGroup(child)
  const timer = setTimeout(() => {
    timedOut = true
    end()
  }, request.timeoutMs)
  signal?.addEventListener('abort', end, { once: true })
  // Should this process be told to exit, nothing stays behind.
  process.once('exit', end)
  try {
    const { exitCode, failed } = await ended(child)
    signal?.throwIfAborted()
    const result = { exitCode: timedOut ? null : exitCode, timedOut, stdout: stdout.text, stderr: stderr.text, tail: keep.text }
    return failed === undefined ? result : { ...result, failed }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
    process.removeListener('exit', end)
  }
}

/** Waits for the exit, then briefly for what is still in the pipes: a left-over grandchild may hold them open for ever. */
function ended(child: ChildProcess): Promise<{ exitCode: number | null; failed?: string }> {
  return new Promise(resolve => {
    child.once('error', error => resolve({ exitCode: null, failed: error.message }))
    child.once('exit', exitCode => {
      const done = () => {
        clearTimeout(timer)
        signalGroup(child, 'SIGKILL')
        child.stdout?.destroy()
        child.stderr?.destroy()
        resolve({ exitCode })
      }
      signalGroup(child, 'SIGTERM')
      const timer = setTimeout(done, GRACE_MS)
      child.once('close', done)
    })
  })
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  if (child.exitCode === null && child.signalCode === null) setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS).unref()
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  if (process.platform === 'win32') {
    if (child.exitCode === null && child.signalCode === null) {
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => child.kill())
    }
    return
  }
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    // ESRCH: nothing of the group is left. EPERM: macOS says so of a group of zombies.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}

/** The end of a text of any length. */
class Tail {
  readonly max: number
  #text = ''

  constructor(max: number) {
    this.max = max
  }

  add(text: string): void {
    this.#text += text
    if (this.#text.length > 2 * this.max) this.#text = this.#text.slice(-this.max)
  }

  get text(): string {
    return this.#text.slice(-this.max)
  }
}
