/**
 * Stanzas of fields as Debian writes everything down: dpkg's status, package indexes, release files, deb822 sources. Source:
 * deb822(5), Debian policy 5.1. Positions are kept, so that one stanza can be replaced without touching its neighbours.
 */
import { isUtf8 } from 'node:buffer'
import type { Fault } from '../../model/faults.ts'

const LONGEST_STANZA = 4 * 1024 * 1024
const MOST_FIELDS = 500
const MOST_STANZAS = 500_000
const NAME = /^[!-"$-,.-9;-~][!-9;-~]*$/

/** Makes the fault for what is wrong; the caller knows which file it is and which code that has. */
export type Invalid = (what: string) => Fault

export interface Field {
  /** As it is written. */
  readonly name: string
  /** Without the white space around it; continuation lines follow after `\n`, each without its first character. */
  readonly value: string
  /** The whole field, name and continuation lines, without the last line feed. */
  readonly start: number
  readonly end: number
}

export interface Stanza {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, Field>
  /** From the first character to the end of the last line, without its line feed. In UTF-16 code units. */
  readonly start: number
  readonly end: number
}

export interface Span {
  readonly start: number
  readonly end: number
}

/** A file's text, and how to get its bytes back from it: UTF-8 unless it is none. */
export interface ControlText {
  readonly text: string
  readonly encoding: 'utf8' | 'latin1'
}

export function decodeControl(bytes: Uint8Array): ControlText {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding), encoding }
}

/** Where the stanzas stand: stretches of lines between lines that are empty or hold white space only. */
export function* stanzaSpans(text: string, invalid: Invalid): Generator<Span> {
  let start = -1
  let count = 0
  for (let at = 0; at <= text.length; ) {
    const feed = text.indexOf('\n', at)
    const end = feed < 0 ? text.length : feed
    if (isBlank(text, at, end)) {
      if (start >= 0) {
        if (++count > MOST_STANZAS) throw invalid(`has more than ${MOST_STANZAS} stanzas`)
        yield { start, end: at - 1 }
      }
      start = -1
    } else if (start < 0) start = at
    at = end + 1
  }
  if (start >= 0) yield { start, end: text.endsWith('\n') ? text.length - 1 : text.length }
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return false
  }
  return true
}

/** Reads one stanza. `comments` allows lines that start with `#`, as in sources. A field that stands there twice is a fault. */
export function readStanza(text: string, span: Span, invalid: Invalid, options: { readonly comments?: boolean } = {}): Stanza {
  if (span.end - span.start > LONGEST_STANZA) throw invalid(`has a stanza of more than ${LONGEST_STANZA} characters`)
  const fields = new Map<string, Field>()
  let [name, lines, start, end]: [string, string[], number, number] = ['', [], 0, 0]
  const finish = (): void => {
    if (name === '') return
    const key = name.toLowerCase()
    if (fields.has(key)) throw invalid(`says ${name.slice(0, 80)} twice in one stanza`)
    if (fields.size >= MOST_FIELDS) throw invalid(`has a stanza of more than ${MOST_FIELDS} fields`)
    fields.set(key, { name, value: lines.join('\n'), start, end })
  }
  for (let at = span.start; at <= span.end; ) {
    const feed = text.indexOf('\n', at)
    const lineEnd = feed < 0 || feed > span.end ? span.end : feed
    const first = text.charCodeAt(at)
    if (options.comments === true && first === 0x23) {
      at = lineEnd + 1
      continue
    }
    if (first === 0x20 || first === 0x09) {
      if (name === '') throw invalid('has a stanza that starts with a continuation line')
      lines.push(text.slice(at + 1, lineEnd).trimEnd())
    } else {
      finish()
      const colon = text.indexOf(':', at)
      name = colon < 0 || colon > lineEnd ? '' : text.slice(at, colon).trimEnd()
      if (!NAME.test(name)) throw invalid(`has a line without a field name: ${JSON.stringify(text.slice(at, Math.min(lineEnd, at + 60)))}`)
      lines = [text.slice(colon + 1, lineEnd).trim()]
      start = at
    }
    end = lineEnd
    at = lineEnd + 1
  }
  finish()
  return { fields, start: span.start, end: span.end }
}

/** Every stanza of a text, one after the other. */
export function* readStanzas(text: string, invalid: Invalid, options: { readonly comments?: boolean } = {}): Generator<Stanza> {
  for (const span of stanzaSpans(text, invalid)) {
    const stanza = readStanza(text, span, invalid, options)
    if (stanza.fields.size > 0) yield stanza
  }
}

/** A field's value, case of the name aside; undefined where it is absent. */
export function fieldValue(stanza: Stanza, name: string): string | undefined {
  return stanza.fields.get(name.toLowerCase())?.value
}
