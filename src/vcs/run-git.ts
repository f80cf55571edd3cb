import { spawn } from 'node:child_process'
import { Fault } from '../model/faults.ts'
import { printable } from '../text/printable.ts'

export interface GitResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const TIMEOUT_MS = 10 * 60_000
const MAX_OUTPUT = 16 * 1024 * 1024

/**
 * Runs git in the folder with this input. It stays in our process group and on our terminal, because signing a commit may ask for
 * a passphrase there. Hooks run as they would for the user. Faults: `git-failed` when git cannot be started or does not end.
 */
export function runGit(folder: string, parameters: readonly string[], input = ''): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-C', folder, '-c', 'core.quotepath=false', ...parameters], {
      // Messages in English are what our hints and the user's search engine know.
      env: { ...process.env, LC_ALL: 'C.UTF-8', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      windowsHide: true,
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let size = 0
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_OUTPUT) child.kill()
      else into.push(chunk)
    }
    child.stdout.on('data', collect(stdout))
    child.stderr.on('data', collect(stderr))
    // A git that ends without reading its input says why on stderr.
    child.stdin.on('error', () => child.stdin.destroy())
    child.stdin.end(input)
    child.once('error', error => reject(new Fault('git-failed', `Git could not be started: ${error.message}.`, { cause: error })))
    child.once('close', (exitCode, signal) => {
      if (exitCode === null) reject(new Fault('git-failed', `git ${parameters[0]} was ended by ${signal} before it was done.`))
      else resolve({ exitCode, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') })
    })
  })
}

/** What git printed. Faults: `git-failed` with git's own words when it ends with an error. */
export async function git(folder: string, parameters: readonly string[], input?: string): Promise<string> {
  const result = await runGit(folder, parameters, input)
  if (result.exitCode === 0) return result.stdout
  throw refused(parameters[0] ?? '', result)
}

export function refused(command: string, { stdout, stderr }: GitResult): Fault {
  const said = printable(stderr.trim() === '' ? stdout : stderr).trim()
  const lines = said
    .split('\n')
    .slice(-12)
    .map(line => line.slice(0, 240))
  return new Fault('git-failed', `git ${command} refused: ${lines.join('\n  ')}`)
}
