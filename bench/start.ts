/** How long `suture --version` takes beside a Node.js that does nothing, and `suture` beside its own `--help`. */
import { spawnSync } from 'node:child_process'
import { PROGRAM } from './command.ts'
import { table } from './document.ts'

const ROUNDS = 31

export function startSection(): string {
  const kinds = [
    ['`node -e 0`', ['-e', '0']],
    ['`suture --version`', [PROGRAM, '--version']],
    ['`suture --help`', [PROGRAM, '--help']],
  ] as const
  const times = new Map<string, number[]>(kinds.map(([name]) => [name, []]))
  // Taken in turns, so that whatever else the machine does falls on all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, args] of kinds) {
      const started = performance.now()
      const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
      if (status !== 0) throw new Error(`${name} ended with ${status}`)
      times.get(name)?.push(performance.now() - started)
    }
  }
  const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0
  const bare = median(times.get('`node -e 0`') ?? [])
  const rows = [...times].map(([name, list]) => {
    const typical = median(list)
    return [name, `${typical.toFixed(1)} ms`, `${Math.min(...list).toFixed(1)} ms`, `${(typical / bare).toFixed(2)} ×`]
  })
  return `## Start

Median of ${ROUNDS} runs in turns. The target for \`--version\` is 1.5 ×.

${table(['command', 'median', 'fastest', 'ratio'], rows)}`
}
