/**
 * What stands between a verb and the outside: a verb gets a `Job` and returns an `Outcome`; the shell opens the engine when it is
 * asked for, prints the outcome as text or JSON, shows progress, and turns every failure into a coded fault.
 */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CommandContext } from '@stricli/core'
import { Fault } from '../model/faults.ts'
import { DEFAULT_POLICY, type Policy } from '../model/policy.ts'
import type { Engine, EngineWorld } from './engine.ts'
import { faultJson, faultLines, faultOf } from './fault-view.ts'
import type { OutputFlags } from './flags.ts'
import { createProgress } from './progress.ts'
import { detectTerminal, type Environment, type Line, render, type Terminal, type TerminalStream } from './terminal.ts'

export interface OutputStream extends TerminalStream {
  write(text: string): unknown
}

/** Everything outside the process that the command line touches, apart from files. */
export interface World {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly environment: Environment
  readonly workingFolder: string
  readonly now: () => Date
  readonly toolVersion: string
  readonly openEngine: (world: EngineWorld) => Promise<Engine>
}

/** What a verb comes back with: the noun for `--json`, the view for people. */
export interface Outcome {
  readonly noun: unknown
  readonly view: (width: number) => readonly Line[]
  /** 1: findings at or above the threshold remain. */
  readonly exit: 0 | 1
}

export interface Job {
  readonly now: () => Date
  engine(): Promise<Engine>
  /** Absolute path of what the user named; the working folder when nothing. */
  path(named?: string): string
  /** There is a file or folder of that name. */
  exists(named: string): Promise<boolean>
  isFile(named: string): Promise<boolean>
  /** `suture.yaml` of the folder, with the flags laid over it. */
  policy(folder: string, flags: { readonly threshold?: Policy['threshold'] }): Promise<Policy>
  write(path: string, text: string): Promise<void>
}

export type Verb<FLAGS, ARGS extends readonly unknown[]> = (job: Job, flags: FLAGS, ...args: ARGS) => Promise<Outcome>

export interface Shell extends CommandContext {
  readonly terminal: Terminal
  perform(flags: OutputFlags, act: (job: Job) => Promise<Outcome>): Promise<void>
  /** Prints a fault and sets the exit code. */
  fail(error: unknown, json: boolean): void
  /** What the parser of the command line had to say against it. */
  complaint(): string
  exitCode: number
}

/** Makes a verb into what Stricli calls. */
export function command<FLAGS extends OutputFlags, ARGS extends readonly unknown[]>(verb: Verb<FLAGS, ARGS>) {
  return async function (this: Shell, flags: FLAGS, ...args: ARGS): Promise<void> {
    await this.perform(flags, job => verb(job, flags, ...args))
  }
}

export function createShell(world: World): Shell {
  const { stdout, stderr, environment } = world
  const terminal = detectTerminal(stdout, environment)
  const talk = detectTerminal(stderr, environment)
  // Stricli says on stderr only what is wrong with the line: it is kept back and told as a fault, like every other failure.
  let complaint = ''
  const shell: Shell = {
    process: {
      stdout: { write: text => void stdout.write(text), getColorDepth: () => 1 },
      stderr: {
        write: text => {
          complaint += text
        },
        getColorDepth: () => 1,
      },
    },
    terminal,
    exitCode: 0,
    async perform(flags, act) {
      const progress = createProgress(stderr, talk.interactive && flags.quiet !== true ? talk : undefined)
      try {
        const outcome = await act(createJob(world, progress.report))
        progress.clear()
        stdout.write(flags.json === true ? json(outcome.noun) : render(outcome.view(terminal.width), terminal))
        shell.exitCode = outcome.exit
      } catch (error) {
        progress.clear()
        shell.fail(error, flags.json === true)
      } finally {
        progress.clear()
      }
    },
    fail(error, asJson) {
      const fault = faultOf(error)
      const trace = environment['SUTURE_TRACE'] ? error : undefined
      if (asJson) stdout.write(json(faultJson(fault)))
      else stderr.write(render(faultLines(fault, talk.width, trace), talk))
      shell.exitCode = fault.exit
    },
    complaint: () => complaint,
  }
  return shell
}

function createJob(world: World, progress: EngineWorld['progress']): Job {
  let engine: Promise<Engine> | undefined
  const { now, environment, workingFolder, toolVersion } = world
  return {
    now,
    engine() {
      engine ??= world.openEngine({ now, environment, workingFolder, toolVersion, progress })
      return engine
    },
    path: named => resolve(workingFolder, named ?? '.'),
    isFile: async named => (await stat(resolve(workingFolder, named)).catch(() => undefined))?.isFile() === true,
    exists: async named => (await stat(resolve(workingFolder, named)).catch(() => undefined)) !== undefined,
    async policy(folder, { threshold }) {
      const policy = await readPolicyFile(folder)
      return threshold === undefined ? policy : { ...policy, threshold }
    },
    async write(path, text) {
      try {
        await writeFile(path, text)
      } catch (cause) {
        throw new Fault('write-failed', `${path} could not be written`, { cause })
      }
    },
  }
}

const LARGEST_POLICY = 1024 * 1024

/** The schema library is loaded only where there is a file to read. */
async function readPolicyFile(folder: string): Promise<Policy> {
  const path = join(folder, 'suture.yaml')
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return DEFAULT_POLICY
  if (!found.isFile() || found.size > LARGEST_POLICY) throw new Fault('policy-invalid', `${path} is not a file of sensible size`)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${path} cannot be read`, { cause })
  }
  const { readPolicy } = await import('../policy/read.ts')
  return readPolicy(text)
}

// JSON.stringify escapes C0 controls only: the rest of what could move a cursor or reorder text is escaped here, which JSON allows.
const UNSAFE_IN_JSON = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

export function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? 'null'
  return `${text.replace(UNSAFE_IN_JSON, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}
