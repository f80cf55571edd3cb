/** What `--help` prints, from the same declarations that parse the line. */
import type { Command, RouteMap, StricliIntegration } from '@stricli/core'
import { EMPTY, heading, paragraph, table } from './layout.ts'
import type { Shell } from './shell.ts'
import { type Line, line, render, span, type Terminal } from './terminal.ts'

type HelpTarget = Command<Shell> | RouteMap<Shell>
type Flags = NonNullable<Command<Shell>['parameters']['flags']>
type Positional = NonNullable<Command<Shell>['parameters']['positional']>

export function helpIntegration(terminal: Terminal): StricliIntegration<Shell> {
  return {
    flag: {
      brief: 'Show this and exit',
      aliases: ['h'],
      global: true,
      complete: true,
      defaultForRouteMap: true,
      run(_app, { result }) {
        this.process.stdout.write(render(helpLines(result.target, result.prefix, terminal.width), terminal))
      },
    },
  }
}

export function helpLines(target: HelpTarget, prefix: readonly string[], width: number): Line[] {
  const words = prefix.join(' ')
  return 'getAllEntries' in target ? mapLines(target, words, width) : commandLines(target, words, width)
}

function mapLines(map: RouteMap<Shell>, words: string, width: number): Line[] {
  const entries = map.getAllEntries().filter(entry => !entry.hidden)
  const rows = entries.map(({ name, target }) => [`${words} ${name.original}`, target.brief])
  return [
    ...description(map, width),
    EMPTY,
    heading('Commands'),
    ...table(rows, [{ style: 'command' }, { wraps: true }], width),
    EMPTY,
    line(span(`${words} <command> --help`, 'command'), ' shows its flags, with examples'),
  ]
}

function commandLines(target: Command<Shell>, words: string, width: number): Line[] {
  const { flags = {}, aliases = {}, positional } = target.parameters
  const parameters = positional === undefined || positional.kind === 'array' ? [] : positional.parameters
  const usage = [words, ...parameters.map(placeholder), ...(Object.keys(flags).length > 0 ? ['[flags]'] : [])].join(' ')
  const lines = [line(span('Usage  ', 'quiet'), span(usage, 'command')), EMPTY, ...description(target, width)]
  if (parameters.length > 0)
    lines.push(
      EMPTY,
      heading('Arguments'),
      ...table(
        parameters.map(item => [placeholder(item), item.brief]),
        COLUMNS,
        width,
      ),
    )
  lines.push(EMPTY, heading('Flags'), ...table(flagRows(flags, aliases), COLUMNS, width))
  return lines
}

const COLUMNS = [{ style: 'command' }, { wraps: true }] as const

function placeholder(parameter: Extract<Positional, { kind: 'tuple' }>['parameters'][number]): string {
  const name = parameter.placeholder ?? 'argument'
  return parameter.optional ? `[${name}]` : `<${name}>`
}

/** Every flag as a person types it, with what it does. */
export function flagRows(flags: Flags, aliases: Readonly<Partial<Record<string, string>>>): [string, string][] {
  const rows = Object.entries(flags).map(([name, flag]): [string, string] => {
    const alias = Object.entries(aliases).find(([, long]) => long === name)?.[0]
    const kebab = name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    const value = flag.kind === 'enum' ? ` <${flag.values.join('|')}>` : flag.kind === 'parsed' ? ` <${flag.placeholder ?? 'value'}>` : ''
    return [`${alias === undefined ? '    ' : `-${alias}, `}--${kebab}${value}`, flag.brief]
  })
  return [...rows, ['-h, --help', 'Show this and exit']]
}

function description(target: HelpTarget, width: number): Line[] {
  return (target.fullDescription ?? target.brief).split('\n').flatMap(row => {
    if (row.startsWith('  $ ')) return [line(span(row, 'command'))]
    if (row.startsWith('      ')) return paragraph(row.trim(), width, 6)
    return row.endsWith(':') || row === 'Examples' ? [heading(row)] : paragraph(row, width)
  })
}
