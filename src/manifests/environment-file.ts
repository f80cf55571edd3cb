/** `.env` beside a compose file: `NAME=value` a line, values perhaps quoted, `#` begins a comment, earlier values and others can be put in. */
import type { Lookup } from './image-use.ts'
import { expand } from './variables.ts'

const LARGEST = 1024 * 1024
const LONGEST_VALUE = 64 * 1024
const MOST_VALUES = 10_000

/** The last of several values of one name counts. Lines beyond the first 10,000 and longer ones than 64 KiB are not looked at. */
export function readEnvironmentFile(text: string, others: Lookup = () => undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const lookup: Lookup = name => others(name) ?? found.get(name)
  for (const line of text.slice(0, LARGEST).split('\n', MOST_VALUES)) {
    const equals = line.indexOf('=')
    const name = line
      .slice(0, Math.max(0, equals))
      .trim()
      .replace(/^export\s+/, '')
    if (line.length > LONGEST_VALUE || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue
    const value = line.slice(equals + 1).trim()
    const quoted = quotedValue(value)
    if (value.startsWith("'") && quoted !== undefined) found.set(name, quoted)
    else found.set(name, expand(quoted ?? withoutComment(value), lookup, '\\', LONGEST_VALUE).text)
  }
  return found
}

/** Up to the next quote of the same kind; what follows it is a comment. */
function quotedValue(value: string): string | undefined {
  const quote = value.charAt(0)
  const end = quote === '"' || quote === "'" ? value.indexOf(quote, 1) : -1
  return end < 0 ? undefined : value.slice(1, end)
}

function withoutComment(value: string): string {
  for (let at = value.indexOf('#'); at >= 0; at = value.indexOf('#', at + 1)) {
    if (at === 0 || value.charAt(at - 1) === ' ' || value.charAt(at - 1) === '\t') return value.slice(0, at).trimEnd()
  }
  return value
}
