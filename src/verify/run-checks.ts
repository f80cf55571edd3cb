import { Fault } from '../model/faults.ts'
import { printable } from '../text/printable.ts'
import { runProcess } from './run-process.ts'

export interface CheckOptions {
  readonly timeoutMs: number
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly output?: (text: string) => void
  readonly signal?: AbortSignal
}

export interface CheckOutcome {
  readonly passed: boolean
  /** Null when it was ended by the timeout or a signal. */
  readonly exitCode: number | null
  /** The end of what it printed, safe to show. */
  readonly tail: string
}

const MAX_TAIL = 16_384

/** Runs the user's own checks in the platform's shell. Faults: `checks-failed` when the shell cannot be started. */
export async function runChecks(command: string, folder: string, options: CheckOptions): Promise<CheckOutcome> {
  const { timeoutMs, environment, output, signal } = options
  const result = await runProcess(command, [], {
    folder,
    environment,
    timeoutMs,
    maxOutput: MAX_TAIL,
    shell: true,
    ...(output === undefined ? {} : { output: text => output(printable(text)) }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (result.failed !== undefined) throw new Fault('checks-failed', `The checks could not be started: ${result.failed}.`)
  const said = printable(result.tail)
  const late = `${said === '' || said.endsWith('\n') ? '' : '\n'}The checks did not end within ${Math.ceil(timeoutMs / 1000)} s and were stopped.\n`
  return { passed: result.exitCode === 0, exitCode: result.exitCode, tail: result.timedOut ? said + late : said }
}
