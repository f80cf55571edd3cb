import { printable } from '../text/printable.ts'

/** Why npm did not do what it was asked: its error code, where it gave one, and what it said, line by line. */
export interface NpmRefusal {
  readonly code?: string
  readonly lines: readonly string[]
}

const MAX_LINES = 40
const MAX_WIDTH = 240
const NOISE =
  /^(A complete log of this run|Log files were not written|For a full report see|.*-(debug-0\.log|eresolve-report\.txt)$|To see a list of|Did you mean)/
/** What follows is the manual of the command. */
const MANUAL = /^(Clean install a project|Install a package|Usage:)/
/** npm stops at the first of these: which one it meets depends on versions elsewhere, or on the network's mood. */
const FIRST_MET = /^(ERESOLVE|ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONN[A-Z]+|ENETUNREACH|EHOSTUNREACH|E?TIMEDOUT|ERR_SOCKET_TIMEOUT|E5\d\d)$/

export function readRefusal(stderr: string): NpmRefusal {
  const lines: string[] = []
  let code: string | undefined
  for (const row of printable(stderr).split('\n')) {
    // npm 7 to 9 say "npm ERR!", later ones "npm error".
    const said = /^npm (?:error|ERR!) ?(.*)$/.exec(row)?.[1]?.trimEnd()
    if (said === undefined || said.trim() === '' || NOISE.test(said)) continue
    if (MANUAL.test(said)) break
    const named = /^code (\S+)$/.exec(said)?.[1]
    if (named !== undefined) code ??= named
    else if (lines.length < MAX_LINES) lines.push(said.length > MAX_WIDTH ? `${said.slice(0, MAX_WIDTH)}…` : said)
  }
  if (lines.length === 0) {
    const last = printable(stderr).trim().split('\n').slice(-5)
    lines.push(...last.filter(row => row !== '').map(row => row.slice(0, MAX_WIDTH)))
  }
  return code === undefined ? { lines } : { code, lines }
}

/** Whether npm says nothing about the result that it does not say about the original. */
export function isOldComplaint(result: NpmRefusal, original: NpmRefusal): boolean {
  if (result.code !== original.code) return false
  if (result.code !== undefined && FIRST_MET.test(result.code)) return true
  const known = new Set(original.lines)
  return result.lines.every(line => known.has(line))
}

export function needsNetwork({ code }: NpmRefusal): boolean {
  return code === 'ENOTCACHED'
}

/** One sentence without the full stop. Of a lock out of step with its manifest: the first thing that is. */
export function summary({ code, lines }: NpmRefusal): string {
  const first = (lines.find(line => /^(Missing|Invalid): /.test(line)) ?? lines[0] ?? 'it gave no reason').replace(/[.:]$/, '')
  return code === undefined || first.includes(code) ? first : `${code} ${first}`
}
