/** Variables, arguments and functions at one point of a script, and whether that point is reached for certain. */
import type { Value } from './expand.ts'
import type { Node } from './syntax.ts'

export type Flow = 'exit' | 'return' | 'break' | 'continue'
type FunctionNode = Node & { readonly kind: 'function' }

export class State {
  /** Set once the rest is not reached. */
  flow: Flow | undefined
  /** It ends with a failure, so dpkg would not go on, and whoever asks what is done need not reckon with it. */
  failed = false
  certain = true
  readonly functions: Map<string, FunctionNode>
  #variables: Map<string, Value>
  #args: readonly Value[]

  constructor(args: readonly Value[], variables: ReadonlyMap<string, Value>, functions: ReadonlyMap<string, FunctionNode> = new Map()) {
    this.#args = args
    this.#variables = new Map(variables)
    this.functions = new Map(functions)
  }

  get args(): readonly Value[] {
    return this.#args
  }

  /** An unset variable is empty; what only a running process has is not known. */
  get(name: string): Value {
    if (/^[1-9]\d*$/.test(name)) return Number(name) > this.#args.length ? '' : this.#args[Number(name) - 1]
    if (name === '@' || name === '*') return this.#args.includes(undefined) ? undefined : this.#args.join(' ')
    if (name === '#') return String(this.#args.length)
    if (/^[0?$!-]$/.test(name)) return undefined
    return this.#variables.has(name) ? this.#variables.get(name) : ENVIRONMENT.has(name) ? undefined : ''
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value)
  }

  setArgs(args: readonly Value[]): void {
    this.#args = args
  }

  shift(count: Value): void {
    this.#args = this.#args.slice(count === undefined ? 1 : Number(count) || 1)
  }

  /** Runs a function's body with its own arguments; its return ends only itself. */
  withArgs<T>(args: readonly Value[], body: () => T): T {
    const before = this.#args
    this.#args = args
    const result = body()
    this.#args = before
    if (this.flow === 'return') this.flow = undefined
    return result
  }

  copy(certain: boolean): State {
    const copy = new State(this.#args, this.#variables, this.functions)
    copy.certain = this.certain && certain
    return copy
  }

  subshell(): State {
    return this.copy(true)
  }

  /** Takes up what the ways that lead on have in common; the script ends only where all of them do. */
  merge(ways: readonly State[]): void {
    const on = ways.filter(way => way.flow === undefined)
    const [first, ...others] = on
    if (first === undefined) {
      const flows = new Set(ways.map(({ flow }) => flow))
      // Leaving a loop or a function on one way and the script on another: what follows may be reached.
      if (flows.size === 1) this.flow = ways[0]?.flow
      else if (flows.has('return')) this.flow = 'return'
      this.certain = false
      return
    }
    const names = new Set(on.flatMap(way => [...way.#variables.keys()]))
    for (const name of names) this.set(name, others.every(way => way.get(name) === first.get(name)) ? first.get(name) : undefined)
    for (const way of on) for (const [name, body] of way.functions) this.functions.set(name, body)
    this.#args = others.every(way => way.#args.length === first.#args.length && way.#args.every((arg, index) => arg === first.#args[index]))
      ? first.#args
      : [undefined]
    // One way ended well here, so whether the rest is reached is open.
    if (on.length < ways.filter(({ failed }) => !failed).length) this.certain = false
  }

  endLoop(): void {
    if (this.flow === 'break' || this.flow === 'continue') this.flow = undefined
  }

  /** What a body sets that is run an unknown number of times is not known. */
  forget(node: Node): void {
    for (const name of assigned(node)) this.set(name, undefined)
  }
}

const ENVIRONMENT = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'PWD',
  'LANG',
  'LC_ALL',
  'TERM',
  'IFS',
  'PPID',
  'RET',
  'HOSTNAME',
  'UID',
  'EUID',
  'RANDOM',
  'SUDO_USER',
])

function assigned(node: Node): string[] {
  switch (node.kind) {
    case 'simple': {
      const words = node.words.map(word => word.map(part => (part.kind === 'text' ? part.text : '')).join(''))
      const named = /^(read|local|export|readonly|unset)$/.test(words[0] ?? '') ? words.slice(1).map(word => word.replace(/=.*$/s, '')) : []
      return [...node.assignments.map(({ name }) => name), ...named]
    }
    case 'list':
      return node.items.flatMap(assigned)
    case 'pipe':
      return node.commands.flatMap(assigned)
    case 'and':
    case 'or':
      return [...assigned(node.left), ...assigned(node.right)]
    case 'if':
      return [...assigned(node.test), ...assigned(node.then), ...(node.otherwise ? assigned(node.otherwise) : [])]
    case 'while':
      return [...assigned(node.test), ...assigned(node.body)]
    case 'for':
      return [node.name, ...assigned(node.body)]
    case 'case':
      return node.arms.flatMap(({ body }) => assigned(body))
    case 'group':
    case 'background':
      return assigned(node.body)
    case 'function':
      return []
  }
}
