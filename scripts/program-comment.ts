/** How a program is put into a comment and taken out again, unchanged. The text has to be ASCII. */

export const OPENING = '\n/*program\n'
export const CLOSING = '\n*/\n'

const END = /\*(\x01*)\//g
const MARKED_END = /\*\x01(\x01*)\//g

/** Puts a mark into everything that would end the comment; what looks like a mark already gets one more. */
export function wrap(program: string): string {
  return OPENING + program.replace(END, '*\x01$1/') + CLOSING
}

export function unwrap(body: string): string {
  return body.replace(MARKED_END, '*$1/')
}
