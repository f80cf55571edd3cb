/** A place in a file where a container image is named. */
export interface ImageUse {
  /** Counted from 1. */
  readonly line: number
  /** As it stands there. */
  readonly written: string
  /** With variables put in; absent where `unknown` says why it is not known. */
  readonly reference?: string
  /** End of a sentence that begins with "it". */
  readonly unknown?: string
  /** `base`: what ships is made on it. `build`: a stage that does not ship. `copied`: files are copied from it. `service`: it runs as it is. */
  readonly role: 'base' | 'build' | 'copied' | 'service'
  /** Of the stage or service, where it has one. */
  readonly name?: string
  /** As `--platform` or `platform:` has it. */
  readonly platform?: string
  /** Where the reference stands literally, in UTF-16 code units of the file; absent where variables, escapes or line ends are in it. */
  readonly place?: { readonly start: number; readonly end: number }
  /** Where one argument's default, which nothing else uses, makes its middle: what stands around it, and the default's own place. */
  readonly through?: { readonly prefix: string; readonly suffix: string; readonly place: { readonly start: number; readonly end: number } }
}

/** A value by its name; undefined for what is not set. */
export type Lookup = (name: string) => string | undefined

/** More characters than the name of any image has. */
export const LONGEST_REFERENCE = 4096

/** No longer than a line on a screen can show; what is longer is no name of an image. */
export function shortened(written: string): string {
  return written.length > LONGEST_REFERENCE ? `${written.slice(0, 80)}…` : written
}

/** Without quotes around all of it. */
export function unquoted(text: string): string {
  const first = text.charAt(0)
  return text.length > 1 && (first === '"' || first === "'") && text.endsWith(first) ? text.slice(1, -1) : text
}
