/** What the shell itself does to its variables, arguments and course. */
import type { Status } from './conditions.ts'
import type { Value } from './expand.ts'
import type { State } from './state.ts'

export const BUILTINS = ['exit', 'return', 'break', 'continue', 'shift', 'unset', 'set', 'export', 'local', 'readonly', 'read'] as const

export function builtin(name: string, args: readonly Value[], state: State): Status {
  switch (name) {
    case 'exit':
    case 'return':
    case 'break':
    case 'continue':
      state.flow = name
      state.failed = name === 'exit' && /^[1-9]\d*$/.test(args[0] ?? '')
      return args[0] === undefined ? undefined : args[0] === '0'
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
    default:
      for (const assignment of args) {
        const [variable = '', ...value] = assignment?.split('=') ?? []
        if (assignment?.includes('=') === true) state.set(variable, value.join('='))
      }
      return true
  }
}
