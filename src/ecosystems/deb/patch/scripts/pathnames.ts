import { glob } from '../../glob.ts'
import { expandWords, type Value, type Variables } from './expand.ts'
import type { Word } from './syntax.ts'
import { type ImageState, plain } from './world.ts'

const PATTERN = /[*?[]/
const MOST_PATHS = 10_000

/**
 * The words of a loop with patterns replaced by the paths that match them, sorted, as POSIX.1-2017 (2.6.6) has it; a pattern that nothing
 * matches stays. Undefined stands for any number of words that cannot be known.
 */
export function pathnames(words: readonly Word[], variables: Variables, state: ImageState): Value[] {
  return words.flatMap(word => {
    const plainWord = word.every(part => !part.quoted)
    return expandWords(word, variables).flatMap((value): readonly Value[] => {
      if (value === undefined || !PATTERN.test(value)) return [value]
      return plainWord ? (matching(value, state) ?? [undefined]) : [undefined]
    })
  })
}

function matching(pattern: string, state: ImageState): readonly string[] | undefined {
  // What stands there is made when a container starts.
  if (!/^\/(?!proc|sys|dev|run|var\/(?:run|lock))/.test(pattern) || /[[\\]/.test(pattern) || pattern.includes('//')) return undefined
  let found = ['']
  for (const part of pattern.slice(1).split('/')) {
    if (!PATTERN.test(part)) found = found.map(path => `${path}/${part}`)
    else {
      const matches = glob(part)
      const takes = (name: string) => matches(name) && name.startsWith('.') === part.startsWith('.')
      found = found.flatMap(path => state.children(plain(path)).flatMap(name => (takes(name) ? `${path}/${name}` : [])))
    }
    if (found.length > MOST_PATHS) return undefined
  }
  const there = found.filter(path => state.get(plain(path)) !== undefined).sort((a, b) => (a < b ? -1 : 1))
  return there.length > 0 ? there : [pattern]
}
