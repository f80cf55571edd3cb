/**
 * Reads a maintainer script along the path that dpkg would take through it: conditions are answered from the image and the versions;
 * where one cannot be answered, both ways are read, and what happens on them counts as possible but not as certain. Nothing is run.
 */

import { glob } from '../../glob.ts'
import { type Answer, needs, runCommand, writesNothing } from './commands.ts'
import { negate, type Status } from './conditions.ts'
import type { Effect, FileChange } from './effects.ts'
import { expandAll, expandText, type Value, type Variables } from './expand.ts'
import { SETTLED_FUNCTIONS, settleFunction } from './known.ts'
import { linesFor } from './lines.ts'
import { State } from './state.ts'
import { type Node, NotReadable, type Redirect, type Simple, type Word, type WordPart } from './syntax.ts'
import { changedState, findProgram, plain, type World } from './world.ts'

const MOST_STEPS = 50_000
const DEEPEST = 40
const CONTROL = new Set('exit return break continue . source eval exec shift unset set export local readonly read'.split(' '))

export interface ScriptCall {
  readonly script: Node
  readonly args: readonly string[]
  readonly variables: ReadonlyMap<string, string>
  readonly world: World
  /** Scripts that may be taken in, or run, by their path with leading `/`; undefined for what is none. */
  readonly included: ReadonlyMap<string, Node | undefined>
  /** Told of paths that would have to be read to know more. */
  readonly wanted: (path: string) => void
}

/** Everything that the script would do. Throws `NotReadable` where it is longer than can be followed. */
export function effectsOf(call: ScriptCall): Effect[] {
  const run = new Run(call)
  run.node(call.script, new State(call.args, call.variables))
  return run.effects
}

class Run {
  readonly effects: Effect[] = []
  readonly #call: ScriptCall
  readonly #changes: FileChange[] = []
  #steps = 0
  #depth = 0

  constructor(call: ScriptCall) {
    this.#call = call
  }

  node(node: Node, state: State): Status {
    if (state.flow !== undefined) return undefined
    if (++this.#steps > MOST_STEPS || this.#depth > DEEPEST) throw new NotReadable('it is too long to be followed')
    this.#depth++
    const status = this.#dispatch(node, state)
    this.#depth--
    return status
  }

  #dispatch(node: Node, state: State): Status {
    switch (node.kind) {
      case 'simple':
        return this.#simple(node, state)
      case 'list': {
        let status: Status = true
        for (const item of node.items) {
          if (state.flow !== undefined) break
          status = this.node(item, state)
        }
        return status
      }
      case 'and':
      case 'or': {
        const left = this.node(node.left, state)
        if (left === (node.kind === 'or')) return left
        if (left !== undefined) return this.node(node.right, state)
        this.#maybe(state, [inner => this.node(node.right, inner), () => undefined])
        return undefined
      }
      case 'if': {
        const test = this.node(node.test, state)
        if (test === true) return this.node(node.then, state)
        if (test === false) return node.otherwise === undefined ? true : this.node(node.otherwise, state)
        this.#maybe(state, [inner => this.node(node.then, inner), inner => node.otherwise && this.node(node.otherwise, inner)])
        return undefined
      }
      case 'pipe':
        return this.#pipe(node, state)
      case 'case':
        this.#redirects(node.redirects, state, node.text)
        return this.#case(node, state)
      case 'for':
        this.#redirects(node.redirects, state, node.text)
        return this.#for(node, state)
      case 'while':
        this.#redirects(node.redirects, state, node.text)
        state.forget(node)
        this.#maybe(state, [inner => (this.node(node.test, inner) === false ? undefined : this.node(node.body, inner)), () => undefined])
        state.endLoop()
        state.forget(node)
        return undefined
      case 'function':
        state.functions.set(node.name, node)
        return true
      case 'group': {
        this.#redirects(node.redirects, state, node.text)
        if (!node.subshell) return this.node(node.body, state)
        return this.node(node.body, state.subshell())
      }
      case 'background':
        this.effects.push({ kind: 'needs', why: 'it starts something that goes on by itself', command: node.text })
        return true
    }
  }

  /** Each way on a copy of its own; what differs afterwards is not known. */
  #maybe(state: State, ways: readonly ((inner: State) => void)[]): void {
    const states = ways.map(way => {
      const inner = state.copy(false)
      way(inner)
      return inner
    })
    state.merge(states)
  }

  #pipe({ commands, negated }: Node & { readonly kind: 'pipe' }, state: State): Status {
    let status: Status
    let input: Value
    for (const command of commands) {
      const inner = commands.length > 1 ? state.subshell() : state
      const lines = input === undefined ? undefined : linesFor(command, input)
      status = lines === undefined ? this.node(command, inner) : this.#turns(lines.name, lines.values, lines.body, inner)
      input = this.#said?.by === command ? this.#said.prints : undefined
    }
    return negated ? negate(status) : status
  }

  /** The body once for each value; what leaves the loop is left for its end. */
  #turns(name: string, values: readonly Value[], body: Node, state: State): Status {
    for (const value of values) {
      state.set(name, value)
      this.node(body, state)
      if (state.flow === 'continue') state.endLoop()
      if (state.flow !== undefined) break
    }
    state.endLoop()
    return undefined
  }

  #case({ word, arms }: Node & { readonly kind: 'case' }, state: State): Status {
    const value = expandText(word, this.#variables(state))
    const possible: ((inner: State) => void)[] = []
    for (const { patterns, body } of arms) {
      const matches = value === undefined ? undefined : this.#matches(patterns, value, state)
      if (matches === false) continue
      if (matches === true && possible.length === 0) return this.node(body, state)
      possible.push(inner => this.node(body, inner))
      if (matches === true) {
        this.#maybe(state, possible)
        return undefined
      }
    }
    if (possible.length > 0) this.#maybe(state, [...possible, () => undefined])
    return possible.length > 0 ? undefined : true
  }

  #matches(patterns: readonly Word[], value: string, state: State): Status {
    let unknown = false
    for (const pattern of patterns) {
      const text = expandText(pattern, this.#variables(state))
      if (text === undefined) unknown = true
      else if (pattern.every(part => part.quoted) ? text === value : glob(text)(value)) return true
    }
    return unknown ? undefined : false
  }

  #for({ name, words, body }: Node & { readonly kind: 'for' }, state: State): Status {
    const values = words === undefined ? [...state.args] : expandAll(words, this.#variables(state))
    const unknown = values.some(value => value === undefined || /[*?[]/.test(value))
    if (unknown) {
      state.forget(body)
      state.set(name, undefined)
      this.#maybe(state, [inner => this.node(body, inner), () => undefined])
      state.forget(body)
      state.endLoop()
      return undefined
    }
    return this.#turns(name, values, body, state)
  }

  #simple(node: Simple, state: State): Status {
    const variables = this.#variables(state)
    const args = expandAll(node.words, variables)
    let substituted: Status
    for (const { name, value } of node.assignments) {
      const [only] = value
      const text = expandText(value, variables)
      if (node.words.length === 0) state.set(name, text)
      if (only?.kind === 'command' && value.length === 1) substituted = this.#lastPrinted
    }
    this.#redirects(node.redirects, state, node.text)
    if (node.words.length === 0)
      return node.assignments.some(({ value }) => value.some(part => part.kind === 'command')) ? substituted : true
    if (args.length === 0) return true
    const [name, ...rest] = args
    if (name === undefined) return this.#answer(needs(node, 'what it runs is not known before'), state)
    const known = state.functions.get(name)
    if (known !== undefined) return this.#function(known, rest, state)
    if (CONTROL.has(name)) return this.#control(name, rest, node, state)
    const answer = this.#run(name, rest, node)
    this.#said = { by: node, prints: answer.prints }
    const script = answer.unknown === true ? this.#scriptOf(name) : undefined
    if (script === undefined) return this.#answer(answer, state)
    const inner = new State(rest, this.#call.variables)
    inner.certain = state.certain
    return this.node(script, inner)
  }

  /** A program that is a shell script itself can be read like the rest. */
  #scriptOf(name: string): Node | undefined {
    const path = findProgram(this.#world().state, name)
    if (path === undefined) return undefined
    const place = `/${plain(path)}`
    if (!this.#call.included.has(place)) this.#call.wanted(place)
    return this.#call.included.get(place)
  }

  #run(name: string, args: readonly Value[], { text }: Simple): Answer {
    return runCommand(name, { args, text, world: this.#world(), script: this.#call.args })
  }

  #world(): World {
    const { world } = this.#call
    return { ...world, state: changedState(world.state, this.#changes) }
  }

  #answer({ status, effects = [] }: Answer, state: State): Status {
    for (const effect of effects) {
      if (effect.kind === 'change' && !state.certain) {
        this.effects.push({
          kind: 'needs',
          why: 'whether it does so is not known before',
          command: `${effect.change.kind} /${effect.change.path}`,
          paths: [effect.change.path],
        })
      } else {
        if (effect.kind === 'change') this.#changes.push(effect.change)
        this.effects.push(effect)
      }
    }
    return status
  }

  #function(definition: Node & { readonly kind: 'function' }, args: readonly Value[], state: State): Status {
    const settled = SETTLED_FUNCTIONS.get(definition.name)
    if (settled !== undefined && this.#call.world.package.from !== undefined) {
      return this.#answer({ effects: [{ kind: 'harmless', why: settled }] }, state)
    }
    const before = this.effects.length
    const status = state.withArgs(args, () => this.node(definition.body, state))
    this.effects.push(...settleFunction(definition.name, definition.text, this.effects.splice(before)))
    return status
  }

  #control(name: string, args: readonly Value[], node: Simple, state: State): Status {
    switch (name) {
      case 'exit':
      case 'return':
      case 'break':
      case 'continue':
        state.flow = name
        return args[0] === undefined ? undefined : args[0] === '0'
      case '.':
      case 'source':
        return this.#include(args[0], node, state)
      case 'shift':
        state.shift(args[0])
        return true
      case 'set':
        if (args[0] === '--') state.setArgs(args.slice(1))
        return true
      case 'unset':
        for (const variable of args) state.set(variable ?? '', '')
        return true
      case 'read':
        for (const variable of args) if (variable !== undefined && !variable.startsWith('-')) state.set(variable, undefined)
        return undefined
      case 'exec':
        if (args.length === 0 || /^exec\s+\d?[<>]/.test(node.text)) return true
        return this.#answer(needs(node, 'it becomes another program'), state)
      case 'eval':
        return this.#answer(needs(node, 'what it runs is not known before'), state)
      default:
        for (const assignment of args) {
          const [variable = '', ...value] = assignment?.split('=') ?? []
          if (assignment?.includes('=') === true) state.set(variable, value.join('='))
        }
        return true
    }
  }

  /** Debconf's functions are commands here; others are read from the image. */
  #include(path: Value, node: Simple, state: State): Status {
    if (path?.startsWith('/usr/share/debconf/') === true) return true
    const place = path === undefined ? undefined : `/${plain(path)}`
    if (place !== undefined && !this.#call.included.has(place)) this.#call.wanted(place)
    const script = place === undefined ? undefined : this.#call.included.get(place)
    if (script === undefined) return this.#answer(needs(node, 'what it takes in is not known before'), state)
    return this.node(script, state)
  }

  #redirects(redirects: readonly Redirect[], state: State, text: string): void {
    for (const { operator, target } of redirects) {
      const value = expandText(target, this.#variables(state))
      if (writesNothing(operator, value)) continue
      const paths = value?.startsWith('/') === true ? { paths: [plain(value)] } : {}
      this.effects.push({ kind: 'needs', why: 'it writes a file', command: text, ...paths })
    }
  }

  #lastPrinted: Status
  /** What the last command of a table prints. */
  #said: { readonly by: Node; readonly prints: Value } | undefined

  #variables(state: State): Variables {
    return {
      args: state.args,
      get: name => state.get(name),
      print: part => this.#print(part, state),
    }
  }

  /** A substituted command runs by itself; what it prints is known of a few only. */
  #print({ body }: WordPart & { readonly kind: 'command' }, state: State): Value {
    const inner = state.subshell()
    const [only, more] = body.kind === 'list' ? body.items : []
    if (only?.kind === 'simple' && more === undefined && only.redirects.every(({ operator }) => operator !== '<')) {
      const args = expandAll(only.words, this.#variables(inner))
      const [name, ...rest] = args
      if (name !== undefined && !inner.functions.has(name) && !CONTROL.has(name)) {
        this.#redirects(only.redirects, inner, only.text)
        const answer = this.#run(name, rest, only)
        this.#lastPrinted = this.#answer(answer, inner)
        return answer.prints?.replace(/\n+$/, '')
      }
    }
    this.#lastPrinted = this.node(body, inner)
    return undefined
  }
}
