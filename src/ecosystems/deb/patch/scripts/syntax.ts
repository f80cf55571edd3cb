/** The parts of a shell script, as far as maintainer scripts use them. Source: POSIX.1-2017, "Shell Command Language". */

/** Pieces of one word, joined when it is expanded. */
export type Word = readonly WordPart[]

export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** `${name<operator><argument>}`; plain `$name` has no operator. */
  | { readonly kind: 'parameter'; readonly name: string; readonly operator: string; readonly argument: Word; readonly quoted: boolean }
  | { readonly kind: 'command'; readonly body: Node; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly parts: Word; readonly quoted: boolean }

export interface Redirect {
  /** `<`, `>`, `>>`, `>|`, `<>`, `<&`, `>&`, `<<` (the target is the text then). */
  readonly operator: string
  /** What is redirected where that is said. */
  readonly number?: string
  readonly target: Word
}

export interface Simple {
  readonly kind: 'simple'
  readonly assignments: readonly { readonly name: string; readonly value: Word }[]
  readonly words: readonly Word[]
  readonly redirects: readonly Redirect[]
  /** The command as it is written, for reasons. */
  readonly text: string
}

export type Node =
  | Simple
  | { readonly kind: 'pipe'; readonly commands: readonly Node[]; readonly negated: boolean }
  | { readonly kind: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'background'; readonly body: Node; readonly text: string }
  | { readonly kind: 'if'; readonly test: Node; readonly then: Node; readonly otherwise?: Node }
  | { readonly kind: 'while'; readonly test: Node; readonly body: Node; readonly redirects: readonly Redirect[]; readonly text: string }
  | {
      readonly kind: 'for'
      readonly name: string
      readonly words?: readonly Word[]
      readonly body: Node
      readonly redirects: readonly Redirect[]
      readonly text: string
    }
  | {
      readonly kind: 'case'
      readonly word: Word
      readonly arms: readonly { readonly patterns: readonly Word[]; readonly body: Node }[]
      readonly redirects: readonly Redirect[]
      readonly text: string
    }
  | { readonly kind: 'function'; readonly name: string; readonly body: Node; readonly text: string }
  | {
      readonly kind: 'group'
      readonly body: Node
      readonly subshell: boolean
      readonly redirects: readonly Redirect[]
      readonly text: string
    }

/** What is not shell as it is known here. */
export class NotReadable extends Error {}
