/** The results of `bench/corpus.ts` as a table: ours, npm's, the floor, and what is wrong. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CorpusResult } from './corpus.ts'
import type { Measures } from './measure.ts'
import type { NativeChecks } from './native.ts'

interface Input {
  readonly all: ReadonlyMap<string, CorpusResult>
  readonly verified: ReadonlyMap<string, CorpusResult>
  readonly default: ReadonlyMap<string, CorpusResult>
  readonly results: string
  readonly npm: string | undefined
  readonly floors: string | undefined
}

interface Floor {
  readonly riskLeft: number
  readonly breakingLines: number
  readonly newVersions: number
}
interface Floors {
  readonly all?: Floor
  readonly noBreakingLines?: Floor
}
interface NpmResult {
  readonly measures: Measures
  readonly fix: { readonly failure: string; readonly seconds: number }
}

const HEAD = [
  'project',
  'findings',
  'risk',
  'breaking lines',
  'new versions',
  'floor: risk / lines / new',
  'npm: findings / risk / lines / new',
  'default: risk / new',
  'its floor',
  'entries changed/added/removed',
  'diff lines',
  'npm ci',
  'npm rewrites lines, moves entries (untouched)',
  'seconds (npm)',
  'MB',
  'defects',
  'with npm’s check',
  'default with npm’s check',
]

export function corpusTable(input: Input): string {
  const rows = [...input.all.values()].map(result => row(result, input))
  return `| ${HEAD.join(' | ')} |\n|${'---|'.repeat(HEAD.length)}\n${rows.map(cells => `| ${cells.join(' | ')} |\n`).join('')}\n${totals(input)}`
}

function row({ name, run, measures: m, native }: CorpusResult, input: Input): (string | number)[] {
  const npm = read<NpmResult>(input.npm, `${name}.json`)
  const floors = read<Floors>(input.floors, `${name}.json`)
  const untouched = read<NativeChecks>(input.results, 'untouched', `${name}.json`)
  const plain = input.default.get(name)
  const rewritten =
    native === undefined ? '' : native.rewrittenLines === undefined ? `fails: ${native.installReason.slice(0, 40)}` : native.rewrittenLines
  return [
    name,
    `${m.findingsBefore} → ${m.findingsAfter}`,
    `${m.riskBefore} → ${m.riskAfter}`,
    m.breakingLines.length,
    m.newVersions.length,
    floor(floors?.all),
    npm === undefined
      ? ''
      : `${npm.measures.findingsAfter} / ${npm.measures.riskAfter} / ${npm.measures.breakingLines.length} / ${npm.measures.newVersions.length}${npm.fix.failure === '' ? '' : ' gave up'}`,
    plain === undefined
      ? ''
      : `${plain.measures.riskAfter} / ${plain.measures.newVersions.length}${plain.measures.breakingLines.length === 0 ? '' : ' BREAKING'}`,
    floors?.noBreakingLines === undefined ? '' : `${floors.noBreakingLines.riskLeft} / ${floors.noBreakingLines.newVersions}`,
    `${m.entriesChanged}/${m.entriesAdded}/${m.entriesRemoved}`,
    m.diffLines,
    native === undefined
      ? ''
      : native.ciAccepts
        ? 'yes'
        : untouched?.ciAccepts === false
          ? 'no, nor untouched'
          : `NO: ${native.ciReason.slice(0, 60)}`,
    `${rewritten}, ${native?.moved?.length ?? '–'} (${untouched?.rewrittenLines ?? '–'}, ${untouched?.moved?.length ?? '–'})`,
    `${run.seconds.toFixed(1)} (${npm?.fix.seconds.toFixed(1) ?? '–'})`,
    run.peakMB ?? '',
    defects(m, run.fault),
    checked(input.verified.get(name)),
    checked(plain),
  ]
}

function floor(of: Floor | undefined): string {
  return of === undefined ? '' : `${of.riskLeft} / ${of.breakingLines} / ${of.newVersions}`
}

const DEFECTS = ['lowered', 'belowLowest', 'movedDown', 'brokenPeers', 'brokenNeeds', 'orphans', 'bundledTouched'] as const

function defects(m: Measures, fault: string): string {
  const found = DEFECTS.filter(kind => m[kind].length > 0).map(kind => `${kind} ${m[kind].length}`)
  if (m.manifestChanged) found.push('manifest changed')
  if (fault !== '') found.push(fault.slice(0, 120))
  return found.join(', ').replaceAll('|', '/')
}

function checked(result: CorpusResult | undefined): string {
  if (result === undefined) return ''
  return result.run.fault === '' ? 'passes' : result.run.fault.slice(0, 120).replaceAll('|', '/')
}

function totals({ all, npm }: Input): string {
  const pairs = [...all.values()].flatMap(({ name, measures }) => {
    const theirs = read<NpmResult>(npm, `${name}.json`)
    return theirs === undefined || theirs.fix.failure !== '' ? [] : [{ ours: measures, theirs: theirs.measures }]
  })
  const sum = (of: (pair: (typeof pairs)[number]) => number): number => pairs.reduce((total, pair) => total + of(pair), 0)
  const [ours, theirs] = [sum(pair => pair.ours.newVersions.length), sum(pair => pair.theirs.newVersions.length)]
  const more = pairs.filter(pair => pair.ours.findingsAfter > pair.theirs.findingsAfter).length
  return `Where npm did not give up (${pairs.length}): new versions ${ours} against ${theirs} (${Math.round((ours / theirs) * 100)} %); findings left ${sum(pair => pair.ours.findingsAfter)} against ${sum(pair => pair.theirs.findingsAfter)}, more than npm leaves in ${more}.\n`
}

function read<T>(...path: (string | undefined)[]): T | undefined {
  if (path[0] === undefined) return undefined
  const file = join(...path.filter(part => part !== undefined))
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined
}
