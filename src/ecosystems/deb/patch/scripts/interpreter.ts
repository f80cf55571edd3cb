/**
 * Reads a maintainer script along the path that dpkg would take through it: conditions are answered from the image and the versions;
 * where one cannot be answered, both ways are read, and what happens on them counts as possible but not as certain. Nothing is run.
 */

import { glob } from '../../glob.ts'
import { BUILTINS, builtin } from './builtins.ts'
import { type Answer, needs, runCommand, writesNothing } from './commands.ts'
import { negate, type Status } from './conditions.ts'
import type { Effect, FileChange } from './effects.ts'
import { expandAll, expandText, type Value, type Variables } from './expand.ts'
import { settled, settleFunction } from './known.ts'
import { linesFor } from './lines.ts'
import { pathnames } from './pathnames.ts'
import { State } from './state.ts'
import { type Node, NotReadable, type Redirect, type Simple, type Word, type WordPart } from './syntax.ts'
import { changedState, findProgram, isPlainFile, plain, type World } from './world.ts'

const MOST_STEPS = 50_000
const DEEPEST = 40
const CONTROL = new Set(['.', 'source', 'exec', 'eval', ...BUILTINS])

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

/** What is printed goes there and nowhere else. */
const isOfOutput = ({ operator, number = '1' }: Redirect): boolean => operator.startsWith('>') && number === '1'

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
      this.#input = input === undefined ? undefined : { of: command, text: input }
      status = lines === undefined ? this.node(command, inner) : this.#turns(lines.name, lines.values, lines.body, inner)
      input = this.#saidBy(command)
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
      const matches = this.#matches(patterns, value, state)
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

  #matches(patterns: readonly Word[], value: Value, state: State): Status {
    let unknown = false
    for (const pattern of patterns) {
      const text = expandText(pattern, this.#variables(state))
      if (text === undefined) unknown = true
      else if (text === '*' && pattern.every(part => !part.quoted)) return true
      else if (value === undefined) unknown = true
      else if (pattern.every(part => part.quoted) ? text === value : glob(text)(value)) return true
    }
    return unknown ? undefined : false
  }

  #for({ name, words, body }: Node & { readonly kind: 'for' }, state: State): Status {
    const values = words === undefined ? [...state.args] : pathnames(words, this.#variables(state), this.#world().state)
    if (values.includes(undefined)) {
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
    this.#said = undefined
    this.#lastPrinted = true
    const variables = this.#variables(state)
    const args = expandAll(node.words, variables)
    for (const { name, value } of node.assignments) {
      const text = expandText(value, variables)
      if (args.length === 0) state.set(name, text)
    }
    const substituted = this.#lastPrinted
    const [name, ...rest] = args
    const known = name === undefined ? undefined : state.functions.get(name)
    const isRun = name !== undefined && known === undefined && !CONTROL.has(name)
    if (!isRun) this.#redirects(node.redirects, state, node.text)
    // Where no word is left, it ends as the last command that was substituted in it.
    if (args.length === 0) return substituted
    if (name === undefined) return this.#answer(needs(node, 'what it runs is not known before'), state)
    if (known !== undefined) return this.#function(known, rest, state)
    if (!isRun) return this.#control(name, rest, node, state)
    const answer = this.#run(name, rest, node)
    this.#said = { by: node, prints: node.redirects.some(isOfOutput) ? '' : answer.prints }
    this.#redirects(node.redirects, state, node.text, answer.prints)
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

  #run(name: string, args: readonly Value[], node: Simple): Answer {
    const input =
      this.#input?.of === node && node.redirects.every(({ operator }) => !operator.startsWith('<')) ? this.#input.text : undefined
    return runCommand(name, { args, text: node.text, world: this.#world(), script: this.#call.args, ...(input !== undefined && { input }) })
  }

  #world(): World {
    const { world } = this.#call
    const read = (path: string): string | undefined => {
      const change = this.#changes.findLast(other => other.path === path)
      return change === undefined ? world.read(path) : change.kind === 'content' ? change.text : undefined
    }
    return { ...world, read, state: changedState(world.state, this.#changes) }
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
    const why = settled(definition.name, this.#world())
    if (why !== undefined) return this.#answer({ effects: [{ kind: 'harmless', why }] }, state)
    const before = this.effects.length
    const status = state.withArgs(args, () => this.node(definition.body, state))
    this.effects.push(...settleFunction(definition.name, definition.text, this.effects.splice(before)))
    return status
  }

  #control(name: string, args: readonly Value[], node: Simple, state: State): Status {
    switch (name) {
      case '.':
      case 'source':
        return this.#include(args[0], node, state)
      case 'exec':
        if (args.length === 0 || /^exec\s+\d?[<>]/.test(node.text)) return true
        return this.#answer(needs(node, 'it becomes another program'), state)
      case 'eval':
        return this.#answer(needs(node, 'what it runs is not known before'), state)
      default:
        return builtin(name, args, state)
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

  /** `prints` is what a command that is done by then has written. */
  #redirects(redirects: readonly Redirect[], state: State, text: string, prints?: string): void {
    const { read, state: image } = this.#world()
    for (const { operator, number = '1', target } of redirects) {
      const value = expandText(target, this.#variables(state))
      if (writesNothing(operator, value)) continue
      const path = value?.startsWith('/') === true ? plain(value) : undefined
      if (path === undefined || prints === undefined || operator !== '>' || number !== '1' || !isPlainFile(path, image)) {
        this.effects.push({ kind: 'needs', why: 'it writes a file', command: text, ...(path !== undefined && { paths: [path] }) })
      } else if (read(path) !== prints)
        this.#answer({ effects: [{ kind: 'change', change: { kind: 'content', path, text: prints } }] }, state)
    }
  }

  /** How the last substituted command ended; true where there was none. */
  #lastPrinted: Status
  /** What the last command of a table prints. */
  #said: { readonly by: Node; readonly prints: Value } | undefined
  /** What a command of a pipe gets from the one before. */
  #input: { readonly of: Node; readonly text: string } | undefined

  #saidBy(node: Node | undefined): Value {
    return this.#said !== undefined && this.#said.by === node ? this.#said.prints : undefined
  }

  #variables(state: State): Variables {
    return {
      args: state.args,
      get: name => state.get(name),
      print: part => this.#print(part, state),
      perhaps: word => {
        expandText(word, this.#variables(state.copy(false)))
        if (word.some(({ kind }) => kind !== 'text')) this.#lastPrinted = undefined
      },
    }
  }

  /** A substituted command runs by itself; what it prints is known of a few only. */
  #print({ body }: WordPart & { readonly kind: 'command' }, state: State): Value {
    this.#lastPrinted = this.node(body, state.subshell())
    const [only, more] = body.kind === 'list' ? body.items : []
    const last = only?.kind === 'pipe' ? only.commands.at(-1) : only
    return more === undefined ? this.#saidBy(last)?.replace(/\n+$/, '') : undefined
  }
}
