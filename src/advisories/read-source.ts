/**
 * OSV records from a file or folder: `.json` (one record or a list), `.ndjson`/`.jsonl`, either of them gzipped, `.zip` of these, or a
 * folder of these at any depth. Bounded in size, depth and number; what does not read ends in `advisories-invalid` with file and place.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Fault } from '../model/faults.ts'
import type { OsvRecord } from './osv.ts'
import { readRecord } from './read-record.ts'
import { LARGEST_ENTRY, readZip } from './zip.ts'

const LARGEST_FILE = 2 ** 31
const LARGEST_RECORD = LARGEST_ENTRY
const MOST_RECORDS = 5_000_000
const MOST_FILES = 1_000_000
const DEEPEST = 10

const NAMES = /\.(?:json|ndjson|jsonl|json\.gz|ndjson\.gz|jsonl\.gz|zip)$/i

/** Every record, in the order of the files' names. */
export function* readAdvisories(path: string): Generator<OsvRecord> {
  let records = 0
  for (const file of advisoryFiles(path)) {
    for (const record of recordsOf(readWhole(file), file)) {
      if (++records > MOST_RECORDS) throw new Fault('advisories-invalid', `${path} holds more than ${MOST_RECORDS} records`)
      yield record
    }
  }
}

/** The file itself, or the files in the folder that can hold records, sorted. */
export function advisoryFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new Fault('file-unreadable', `there is no ${path}`)
  if (!stat.isDirectory()) {
    if (!NAMES.test(path)) throw new Fault('advisories-invalid', `${path} has none of the names .json, .ndjson, .ndjson.gz and .zip`)
    return [path]
  }
  const files: string[] = []
  collect(path, 0, files)
  if (files.length === 0)
    throw new Fault('advisories-invalid', `the folder ${path} holds no OSV records (.json, .ndjson, .ndjson.gz or .zip)`)
  return files
}

function collect(folder: string, depth: number, files: string[]): void {
  if (depth > DEEPEST) throw new Fault('advisories-invalid', `${folder} is nested deeper than ${DEEPEST} folders`)
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) collect(path, depth + 1, files)
    else if (NAMES.test(entry.name) && (entry.isFile() || statSync(path, { throwIfNoEntry: false })?.isFile() === true)) files.push(path)
    if (files.length > MOST_FILES) throw new Fault('advisories-invalid', `${folder} holds more than ${MOST_FILES} files`)
  }
}

export function readWhole(file: string): Buffer {
  try {
    const { size } = statSync(file)
    if (size > LARGEST_FILE) throw new Fault('file-too-large', `${file} is larger than 2 GB`)
    return readFileSync(file)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('file-unreadable', `${file} cannot be read`, { cause })
  }
}

/** The records in the bytes of a file whose name tells the format. */
export function* recordsOf(bytes: Buffer, file: string): Generator<OsvRecord> {
  const name = file.toLowerCase()
  if (name.endsWith('.gz')) yield* recordsOf(gunzip(bytes, file), file.slice(0, -3))
  else if (name.endsWith('.zip')) yield* recordsOfZip(bytes, file)
  else if (name.endsWith('.json')) yield* recordsOfJson(bytes, file)
  else yield* recordsOfLines(bytes, file)
}

function gunzip(bytes: Buffer, file: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_FILE, chunkSize: 1 << 20 })
  } catch (cause) {
    throw new Fault('advisories-invalid', `${file} is not a whole gzip file, or unpacks to more than 2 GB`, { cause })
  }
}

function* recordsOfZip(bytes: Buffer, file: string): Generator<OsvRecord> {
  for (const { name, read } of readZip(bytes, file)) {
    // An archive inside an archive is not what anyone publishes, and would need its own bounds.
    if (/\.(?:json|ndjson|jsonl)$/i.test(name)) yield* recordsOf(read(), `${file}/${name}`)
  }
}

function* recordsOfJson(bytes: Buffer, file: string): Generator<OsvRecord> {
  const value = parse(bytes, 0, bytes.length, file)
  if (Array.isArray(value)) for (const [i, record] of value.entries()) yield readRecord(record, `${file}, record ${i + 1}`)
  else yield readRecord(value, file)
}

function* recordsOfLines(bytes: Buffer, file: string): Generator<OsvRecord> {
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start)
    const end = newline < 0 ? bytes.length : newline
    if (!isBlank(bytes, start, end)) {
      const where = `${file}:${line}`
      if (end - start > LARGEST_RECORD) throw new Fault('advisories-invalid', `${where} is longer than ${LARGEST_RECORD >> 20} MB`)
      yield readRecord(parse(bytes, start, end, where), where)
    }
    start = end + 1
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] ?? 0) > 32) return false
  return true
}

function parse(bytes: Buffer, start: number, end: number, where: string): unknown {
  try {
    const text = bytes.toString('utf8', start, end)
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text)
  } catch (cause) {
    throw new Fault('advisories-invalid', `${where} is not valid JSON`, { cause })
  }
}
