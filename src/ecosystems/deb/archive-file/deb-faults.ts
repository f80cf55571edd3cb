import type { TarFaults } from '../../../tar/entries.ts'

/** `invalid` makes a fault of the end of a sentence that begins with the member's name and "that". */
export function debFaults(invalid: (what: string) => Error): TarFaults {
  return { invalid: what => invalid(`cannot be read: ${what}`), tooLarge: what => invalid(`has ${what}`) }
}
