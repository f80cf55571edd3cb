/**
 * Patterns as shells and dpkg have them: `*`, `?`, `[a-z]`, `[!a-z]`, over the whole text, `/` no different from other characters.
 * Patterns come from images and archives, so the time is bounded by the pattern's length times the text's: a `*` is only ever widened
 * from the last one on, since what an earlier one took cannot help where a later one fails. Source: fnmatch(3) without flags.
 */
export type Glob = (text: string) => boolean

type Step = 'any' | ((character: string) => boolean)

/** `escapes`: a backslash makes the next character an ordinary one. */
export function glob(pattern: string, { escapes = false }: { readonly escapes?: boolean } = {}): Glob {
  const steps = stepsOf([...pattern], escapes)
  return text => matches(steps, [...text])
}

function matches(steps: readonly Step[], characters: readonly string[]): boolean {
  let [step, at, star, from] = [0, 0, -1, 0]
  while (at < characters.length) {
    const now = steps[step]
    if (now === 'any') {
      star = step++
      from = at
    } else if (now?.(characters[at] ?? '') === true) {
      step++
      at++
    } else if (star >= 0) {
      step = star + 1
      at = ++from
    } else return false
  }
  return steps.slice(step).every(rest => rest === 'any')
}

function stepsOf(pattern: readonly string[], escapes: boolean): Step[] {
  const steps: Step[] = []
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? ''
    const close = character === '[' ? pattern.indexOf(']', at + 2) : -1
    if (character === '*') {
      if (steps.at(-1) !== 'any') steps.push('any')
    } else if (character === '?') steps.push(() => true)
    else if (close > 0) {
      steps.push(oneOf(pattern.slice(at + 1, close)))
      at = close
    } else {
      const literal = escapes && character === '\\' ? (pattern[++at] ?? '\\') : character
      steps.push(other => other === literal)
    }
  }
  return steps
}

/** Between the brackets: characters and ranges; a range that runs backwards has nothing in it. */
function oneOf(inside: readonly string[]): (character: string) => boolean {
  const not = inside[0] === '!' || inside[0] === '^'
  const members = not ? inside.slice(1) : inside
  const ranges: (readonly [string, string])[] = []
  for (let at = 0; at < members.length; at++) {
    const [first = '', dash, last] = members.slice(at, at + 3)
    const range = dash === '-' && last !== undefined
    ranges.push([first, range ? last : first])
    if (range) at += 2
  }
  return character => ranges.some(([first, last]) => first <= character && character <= last) !== not
}
