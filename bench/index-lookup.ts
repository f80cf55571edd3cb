/** One cold process of the index benchmark: `<index|ndjson> <folder or file> <questions as JSON>`; prints what it measured. */
import { readFileSync } from 'node:fs'
import { includes, intervalsOf } from '../src/advisories/ranges.ts'
import { readRecord } from '../src/advisories/read-record.ts'
import { openIndex } from '../src/advisories/store.ts'
import { schemeOf } from '../src/versions/schemes.ts'

export interface Measured {
  readonly openMs: number
  readonly lookupMs: number
  readonly affected: number
  readonly residentMB: number
}

type Ask = (name: string, version: string) => boolean

function byIndex(folder: string): Ask {
  const database = openIndex(folder, { source: 'bench' })
  return (name, version) => database.match('npm', name, version).length > 0
}

/** What scanners without an index do: parse every record, keep them by package, evaluate. */
function byRecords(file: string): Ask {
  const packages = new Map<
    string,
    {
      ranges: readonly (readonly { kind: 'introduced' | 'fixed' | 'last_affected' | 'limit'; version: string }[])[]
      versions: readonly string[]
    }[]
  >()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    for (const { ecosystem, name, ranges, versions } of readRecord(JSON.parse(line), file).affected) {
      const key = `${ecosystem}\0${name}`
      packages.set(key, [...(packages.get(key) ?? []), { ranges, versions }])
    }
  }
  const scheme = schemeOf('npm')
  return (name, version) =>
    (packages.get(`npm\0${name}`) ?? []).some(
      ({ ranges, versions }) =>
        versions.includes(version) || (scheme !== undefined && ranges.some(range => includes(intervalsOf(range, scheme), version, scheme))),
    )
}

/** The process's own peak; `maxRSS` would carry over that of the process that started it. */
function peakResident(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.memoryUsage.rss() / 1e6
  }
}

const [kind = '', path = '', questionsFile = ''] = process.argv.slice(2)
const questions: [string, string][] = JSON.parse(readFileSync(questionsFile, 'utf8'))
const start = performance.now()
const ask = kind === 'index' ? byIndex(path) : kind === 'ndjson' ? byRecords(path) : () => false
const opened = performance.now()
let affected = 0
for (const [name, version] of questions) if (ask(name, version)) affected++
const done = performance.now()
const measured: Measured = { openMs: opened - start, lookupMs: done - opened, affected, residentMB: peakResident() }
console.log(JSON.stringify(measured))
