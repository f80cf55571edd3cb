/**
 * What trying every set of versions says about a small Debian image. Relations are read and judged here anew, in the least clever way,
 * so that nothing is shared with what is tested; only the order of versions is, and the made-up ones are whole numbers.
 */
import type { DebCase, Packages, Words } from './made-world.ts'

interface One {
  readonly name: string
  readonly version: number
  readonly words: Words
}

export interface Answer {
  /** Risk left, packages added, breaking lines gained, versions new to the image. */
  readonly costs: readonly number[]
}

const ones = (packages: Packages = {}): One[] =>
  Object.entries(packages).map(([title, words]) => {
    const [name = '', version = ''] = title.split(' ')
    return { name, version: Number(version), words }
  })

const split = (text: string | undefined, by: string): string[] =>
  (text ?? '').split(by).flatMap(part => (part.trim() === '' ? [] : [part.trim()]))

function holds(relation: string, one: One): boolean {
  const [, name = '', operator, bound] = /^(\S+)(?: \((\S+) (\S+)\))?$/.exec(relation) ?? []
  const within = (version: number): boolean =>
    operator === undefined ||
    (operator === '=' && version === Number(bound)) ||
    (operator === '>=' && version >= Number(bound)) ||
    (operator === '<<' && version < Number(bound))
  if (one.name === name && within(one.version)) return true
  return split(one.words.provides, ',').some(provided => provided === name && operator === undefined)
}

const isMet = (need: string, there: readonly One[]): boolean => split(need, '|').some(relation => there.some(one => holds(relation, one)))
const clash = (one: One, other: One): boolean =>
  one.name !== other.name && split(one.words.breaks, ',').some(relation => holds(relation, other))

/** Broken before, by the same need's names, counts as allowed. */
function isAllowed(there: readonly One[], before: readonly One[]): boolean {
  const namesOf = (need: string): string => [...new Set(split(need, '|').map(text => text.split(' ')[0]))].sort().join()
  for (const one of there) {
    const was = before.find(({ name }) => name === one.name)
    const broken = split(was?.words.depends, ',')
      .filter(need => !isMet(need, before))
      .map(namesOf)
    if (split(one.words.depends, ',').some(need => !isMet(need, there) && !(broken.includes(namesOf(need)) && !isMet(need, before))))
      return false
    for (const other of there) {
      if (!clash(one, other)) continue
      const beside = before.find(({ name }) => name === other.name)
      if (was === undefined || beside === undefined || !(clash(was, beside) || clash(beside, was))) return false
    }
  }
  return true
}

export function isValid(of: DebCase, moves: readonly string[]): boolean {
  const before = ones(of.installed)
  const offered = [...ones(of.security), ...ones(of.main)]
  const there = new Map(before.map(one => [one.name, one]))
  for (const move of moves) {
    const [name = '', , , version = ''] = move.split(' ')
    const one = offered.find(other => other.name === name && other.version === Number(version))
    if (one === undefined || one.version < (there.get(name)?.version ?? 0)) return false
    there.set(name, one)
  }
  return isAllowed([...there.values()], before)
}

export function costsOf(of: DebCase, there: readonly One[]): number[] {
  const before = ones(of.installed)
  const flaws = new Set(there.flatMap(({ name, version }) => of.flaws(name, String(version)).map(id => `${name} ${version} ${id}`)))
  const moved = there.filter(one => !before.some(({ name, version }) => name === one.name && version === one.version))
  const added = moved.filter(({ name }) => !before.some(one => one.name === name))
  return [flaws.size * 30, added.length, moved.filter(({ name }) => before.some(one => one.name === name)).length, moved.length]
}

export function bestOf(of: DebCase): Answer {
  const before = ones(of.installed)
  const offered = [...ones(of.security), ...ones(of.main)]
  const names = [...new Set([...before, ...offered].map(({ name }) => name))]
  let best: readonly number[] | undefined
  const visit = (at: number, there: readonly One[]) => {
    const name = names[at]
    if (name === undefined) {
      if (!isAllowed(there, before)) return
      const costs = costsOf(of, there)
      const first = costs.findIndex((cost, level) => cost !== best?.[level])
      if (best === undefined || (first >= 0 && (costs[first] ?? 0) < (best[first] ?? 0))) best = costs
      return
    }
    const here = before.find(one => one.name === name)
    const options = offered.filter(one => one.name === name && one.version > (here?.version ?? 0))
    for (const one of options) visit(at + 1, [...there, one])
    visit(at + 1, here === undefined ? there : [...there, here])
  }
  visit(0, [])
  return { costs: best ?? [] }
}

export function costsOfMoves(of: DebCase, moves: readonly string[]): readonly number[] {
  const offered = [...ones(of.security), ...ones(of.main)]
  const there = new Map(ones(of.installed).map(one => [one.name, one]))
  for (const move of moves) {
    const [name = '', , , version = ''] = move.split(' ')
    const one = offered.find(other => other.name === name && other.version === Number(version))
    if (one !== undefined) there.set(name, one)
  }
  return costsOf(of, [...there.values()])
}
