import type { AdvisoryDatabaseStatus } from '../../model/advisory.ts'
import type { DatabaseUpdate } from '../engine.ts'
import { heading, table } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { ago, count, day, list, shortHash, thousands } from '../words.ts'

const STALE_DAYS = 30

/** One line that every result repeats: what the database knows up to, and which one it was. */
export function advisoriesLine(status: Pick<AdvisoryDatabaseStatus, 'hash' | 'newest'> & { readonly source?: string }, now: Date): Line {
  const source = status.source === undefined ? '' : ` · ${status.source}`
  return line(span(`Advisories up to ${day(status.newest)} (${ago(status.newest, now)})${source} · ${shortHash(status.hash)}`, 'quiet'))
}

export function isStale(newest: string, now: Date): boolean {
  return now.getTime() - Date.parse(newest) > STALE_DAYS * 86_400_000
}

export function databaseStatusView(status: AdvisoryDatabaseStatus, now: Date, width: number): Line[] {
  const rows = [
    ['Holds', `${count(status.advisories, 'advisory', 'advisories')} on ${count(status.packages, 'package')}`],
    ['Ecosystems', list(status.ecosystems)],
    ['Source', status.source],
    ['Knows up to', `${day(status.newest)}, ${ago(status.newest, now)}`],
    ['Updated', status.updated === undefined ? 'never: this is what came with it' : `${day(status.updated)}, ${ago(status.updated, now)}`],
    ['Hash', status.hash],
  ]
  const lines = [heading('Advisory database'), ...table(rows, [{ style: 'quiet' }, { wraps: true }], width)]
  if (isStale(status.newest, now)) lines.push(line('  Get what was published since: ', span('suture db update', 'command')))
  return lines
}

export function databaseUpdateView({ before, after, bytes }: DatabaseUpdate, now: Date, width: number): Line[] {
  const gained = before === undefined ? after.advisories : after.advisories - before.advisories
  const changed = before === undefined || before.hash !== after.hash
  const what = changed ? `Updated: ${thousands(Math.abs(gained))} ${gained < 0 ? 'fewer' : 'more'} advisories` : 'Already up to date'
  return [line(span('✓ ', 'good'), `${what} (${(bytes / 1e6).toFixed(1)} MB read)`), ...databaseStatusView(after, now, width)]
}
