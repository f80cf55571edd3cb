/** Programs run to their end, with a fault that shows what they said. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** The input is bytes, as latin1. */
  readonly latin1?: boolean
}

export function run(program: string, words: readonly string[], { cwd, env, input, latin1 = false }: RunOptions = {}): Ran {
  const ran = spawnSync(program, words, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input: Buffer.from(input, latin1 ? 'latin1' : 'utf8') }),
  })
  if (ran.error !== undefined) throw ran.error
  return { out: ran.stdout, err: ran.stderr, code: ran.status }
}

/** What it prints; throws where it fails. */
export function must(program: string, words: readonly string[], options: RunOptions = {}): string {
  const { out, err, code } = run(program, words, options)
  if (code !== 0)
    throw new Error(`${program} ${words.join(' ').slice(0, 300)} ended with ${code}\n${out.slice(-3000)}\n${err.slice(-3000)}`)
  return out
}

const root = join(import.meta.dirname, '../../..')

/** Suture from its sources, run in `folder`; `shared` has its home and its cache. */
export function suture(shared: string, words: readonly string[], folder = shared): Ran {
  return run(process.execPath, [join(root, 'src/cli/main.ts'), ...words], {
    cwd: folder,
    env: { SUTURE_HOME: join(shared, 'home'), XDG_CACHE_HOME: join(shared, 'cache'), NO_COLOR: '1' },
  })
}
