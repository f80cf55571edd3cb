import type { AnswerHeaders } from './client.ts'

/** For a registry that does not say. */
const DEFAULT_SECONDS = 5 * 60
const LONGEST_SECONDS = 24 * 60 * 60

/** How long an answer may be used without asking again, in milliseconds. Undefined: it must not be kept at all. */
export function freshnessOf(headers: AnswerHeaders): number | undefined {
  const directives = (headers.cacheControl ?? '')
    .toLowerCase()
    .split(',')
    .map(directive => directive.trim())
  if (directives.includes('no-store')) return undefined
  if (directives.includes('no-cache')) return 0
  const maxAge = directives.map(directive => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]).find(seconds => seconds !== undefined)
  if (maxAge === undefined) return DEFAULT_SECONDS * 1000
  const age = /^\d{1,10}$/.test(headers.age ?? '') ? Number(headers.age) : 0
  return Math.max(0, Math.min(LONGEST_SECONDS, Number(maxAge) - age)) * 1000
}
