/**
 * Loaded into a measured process (`node --import …`): when it ends it writes what it used to the file that
 * SUTURE_BENCH_USAGE names.
 */
import { readFileSync, writeFileSync } from 'node:fs'

export interface Usage {
  readonly cpuSeconds: number
  readonly peakMB: number
}

/** The process's own peak; `maxRSS` would carry over that of the process that started it. */
function peakMB(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

process.on('exit', () => {
  const file = process.env['SUTURE_BENCH_USAGE']
  const { user, system } = process.cpuUsage()
  if (file !== undefined) writeFileSync(file, JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMB: peakMB() } satisfies Usage))
})
