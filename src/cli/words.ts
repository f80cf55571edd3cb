/** Numbers and lists as people read them. */

export function count(number: number, one: string, many = `${one}s`): string {
  return `${thousands(number)} ${number === 1 ? one : many}`
}

export function thousands(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** In the unit that gives few digits: `279.2 kB`, `20.64 MB`. */
export function bytes(size: number): string {
  return size < 1_000_000 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1_000_000).toFixed(2)} MB`
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[], conjunction = 'and'): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`
}

const DAY = 86_400_000

/** How long ago, in the largest fitting unit: `today`, `12 days ago`, `5 months ago`. */
export function ago(then: string, now: Date): string {
  const time = Date.parse(then)
  if (Number.isNaN(time)) return 'at an unknown time'
  const days = Math.floor((now.getTime() - time) / DAY)
  if (days < 1) return 'today'
  if (days < 60) return `${count(days, 'day')} ago`
  if (days < 730) return `${count(Math.round(days / 30.4), 'month')} ago`
  return `${count(Math.round(days / 365), 'year')} ago`
}

export function day(time: string): string {
  return time.slice(0, 10)
}

export function shortHash(hash: string): string {
  return hash.replace(/^sha256:/, '').slice(0, 12)
}
