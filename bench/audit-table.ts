/** The comparison with `npm audit fix` as tables. */
import { table } from './document.ts'
import type { Measures } from './measure.ts'

interface Outcome {
  readonly seconds: number
  readonly measures: Measures
  readonly ciAccepts: boolean
}

export interface AuditedProject {
  readonly name: string
  readonly source: string
  readonly lockfileVersion: number
  readonly entries: number
  /** `failure` is empty unless npm gave up. */
  readonly npm: Outcome & { readonly failure: string }
  /** Whether `npm ci` takes the untouched project. */
  readonly ciBefore: boolean
  readonly suture: Outcome & {
    readonly peakMB: number
    readonly curve: readonly { readonly newVersions: number; readonly findingsLeft: number }[]
  }
}

const HEAD = [
  'project',
  'lock',
  'entries',
  'findings',
  'left',
  'new versions',
  'for as few findings',
  'entries touched',
  'lines of diff',
  'breaking lines',
  'moved down',
  '`npm ci`',
  'seconds',
]

export function auditTable(projects: readonly AuditedProject[]): string {
  const rows = projects.map(project => {
    const { npm, suture } = project
    const pair = (of: (outcome: Outcome) => string | number): string => `${of(npm)} / ${of(suture)}`
    return [
      project.source,
      `v${project.lockfileVersion}`,
      project.entries,
      npm.measures.findingsBefore,
      `${npm.measures.findingsAfter}${npm.failure === '' ? '' : ` (${npm.failure.split(' ')[0]})`} / ${suture.measures.findingsAfter}`,
      pair(({ measures }) => measures.newVersions.length),
      asFew(project) ?? '',
      pair(({ measures }) => touched(measures)),
      pair(({ measures }) => measures.diffLines),
      pair(({ measures }) => measures.breakingLines.length),
      pair(({ measures }) => measures.movedDown.length + measures.belowLowest.length),
      `${pair(({ ciAccepts }) => (ciAccepts ? 'yes' : 'no'))}${project.ciBefore ? '' : ', untouched no'}`,
      pair(({ seconds }) => seconds.toFixed(1)),
    ]
  })
  return `Each pair is npm / Suture, both with everything that lock edits can do. *For as few findings* is what Suture's price list asks for leaving no
more findings than npm does. *Moved down* counts consumers that get a lower version than before, and versions below the lowest that the lock
held of a package. npm rewrites version 1 locks whole, as version 3. *Untouched no*: \`npm ci\` refuses the project as it was, too. Results are
kept from run to run: npm's half of the projects from a folder may be older than Suture's, with the same advisories.

${table(HEAD, rows)}

${totals(projects)}`
}

const touched = (measures: Measures): number => measures.entriesChanged + measures.entriesAdded + measures.entriesRemoved

/** The fewest new versions with which no more findings stay open than npm leaves. */
function asFew({ npm, suture }: AuditedProject): number | undefined {
  if (npm.failure !== '') return undefined
  const points = suture.curve.filter(point => point.findingsLeft <= npm.measures.findingsAfter)
  return points.length === 0 ? undefined : Math.min(...points.map(point => point.newVersions))
}

function totals(projects: readonly AuditedProject[]): string {
  const compared = projects.filter(({ npm }) => npm.failure === '')
  const sum = (of: (project: AuditedProject) => number, over = compared): number => over.reduce((total, project) => total + of(project), 0)
  const fresh = sum(({ npm }) => npm.measures.newVersions.length)
  const ours = sum(({ suture }) => suture.measures.newVersions.length)
  const worse = compared.filter(({ npm, suture }) => suture.measures.findingsAfter > npm.measures.findingsAfter)
  const matched = compared.filter(project => asFew(project) !== undefined)
  const few = sum(project => asFew(project) ?? 0, matched)
  const theirs = sum(({ npm }) => npm.measures.newVersions.length, matched)
  const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(0)} %`
  const lines = [
    `Over the ${compared.length} projects where npm did not give up: findings left ${sum(({ npm }) => npm.measures.findingsAfter)} / ${sum(({ suture }) => suture.measures.findingsAfter)},`,
    `new versions ${fresh} / ${ours} (${percent(ours, fresh)}), moved down ${sum(({ npm }) => npm.measures.movedDown.length + npm.measures.belowLowest.length)} / ${sum(({ suture }) => suture.measures.movedDown.length + suture.measures.belowLowest.length)}.`,
    `For as few findings as npm leaves, where the price list reaches that (${matched.length} projects): ${theirs} / ${few} (${percent(few, theirs)}).`,
    `More findings left than npm leaves: ${worse.length === 0 ? 'nowhere' : worse.map(({ name }) => name).join(', ')}.`,
    `Peak memory of Suture: ${Math.max(0, ...projects.map(({ suture }) => suture.peakMB)).toFixed(0)} MB.`,
  ]
  return lines.join('\n')
}
