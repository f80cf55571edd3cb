/**
 * A policy's pin of a Debian package: terms joined by commas, each `>= 1.2`, an exact version, or its beginning as in apt's preferences,
 * `5.10*`; `*` for any.
 */
import { deb } from './deb.ts'

const TERM = /^(<<|<=|=|>=|>>)?\s*([0-9A-Za-z.+~:-]+)(\*)?$/

const HOLDS: Readonly<Record<string, (order: number) => boolean>> = {
  '<<': order => order < 0,
  '<=': order => order <= 0,
  '=': order => order === 0,
  '>=': order => order >= 0,
  '>>': order => order > 0,
}

/** Whether every term can be read. */
export function isDebPin(pin: string): boolean {
  return pin.split(',').every(part => {
    const [term = '', operator, bound = '', open] = TERM.exec(part.trim()) ?? []
    return part.trim() === '*' || (term !== '' && (open === undefined ? deb.valid(bound) : operator === undefined))
  })
}

/** A term that cannot be read lets nothing in. */
export function inDebPin(version: string, pin: string): boolean {
  return (
    isDebPin(pin) &&
    pin.split(',').every(part => {
      const [, operator = '=', bound = '', open] = TERM.exec(part.trim()) ?? []
      if (part.trim() === '*') return true
      return open === undefined ? (HOLDS[operator]?.(deb.compare(version, bound)) ?? false) : version.startsWith(bound)
    })
  )
}
