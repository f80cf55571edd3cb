import { Fault } from '../model/faults.ts'
import { paragraph } from './layout.ts'
import { type Line, line, span } from './terminal.ts'

/** Whatever was thrown, as a fault. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Fault('internal', message, { cause: error, hint: 'Please report this, with what SUTURE_TRACE=1 prints.' })
}

export function faultJson(fault: Fault): unknown {
  return { fault: { code: fault.code, message: fault.message, hint: fault.hint } }
}

/** `error[code]: sentence`, then what lay beneath, then the hint. */
export function faultLines(fault: Fault, width: number, trace?: unknown): Line[] {
  const lines = [...paragraph(line(span(`error[${fault.code}]`, 'bad'), ': ', span(fault.message, 'strong')), width)]
  const cause = causeOf(fault)
  if (cause !== undefined && cause !== fault.message) lines.push(...paragraph(line(span(`cause: ${cause}`, 'quiet')), width))
  lines.push(...paragraph(line(span('hint', 'low'), ': ', fault.hint), width))
  for (let error = trace; error instanceof Error; error = error.cause) {
    for (const row of (error.stack ?? '').split('\n')) lines.push(line(span(row, 'quiet')))
  }
  return lines
}

/** What a schema has against a document is a list of places: the first one is what a person looks at. */
function causeOf({ cause }: Fault): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const [issue] = 'issues' in cause && Array.isArray(cause.issues) ? cause.issues : []
  const { message, path }: { message?: unknown; path?: unknown } = issue ?? {}
  return typeof message === 'string' && Array.isArray(path) ? `${path.map(String).join('.') || 'the document'}: ${message}` : cause.message
}
