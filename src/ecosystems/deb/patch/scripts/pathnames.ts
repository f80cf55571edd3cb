/** Patterns of paths, replaced by the paths that match them. Source: POSIX.1-2017, 2.6.6 and 2.13.3. */
import { glob } from '../../glob.ts'
import { expandWords, type Value, type Variables } from './expand.ts'
import type { Word } from './syntax.ts'
import { type ImageState, plain } from './world.ts'

const PATTERN = /[*?[]/
const MOST_PATHS = 10_000
/** What stands there is made when a container starts. */
const MADE_LATER = /^\/(?:proc|sys|dev|run|var\/(?:run|lock))(?:\/|$)/

/** The words of a loop; a pattern that nothing matches stays. Undefined stands for any number of words that cannot be known. */
export function pathnames(words: readonly Word[], variables: Variables, state: ImageState): Value[] {
  return words.flatMap(word => {
    const plainWord = word.every(part => !part.quoted)
    return expandWords(word, variables).flatMap((value): readonly Value[] => {
      if (value === undefined || !PATTERN.test(value)) return [value]
      const found = plainWord && value.startsWith('/') && !MADE_LATER.test(value) ? matchingPaths(value, state) : undefined
      return found?.length === 0 ? [value] : (found ?? [undefined])
    })
  })
}

/** Paths with leading `/` that a word stands for, sorted; one that is no pattern stands for itself. Undefined where they are too many. */
export function matchingPaths(word: string, state: ImageState): readonly string[] | undefined {
  if (!word.startsWith('/') || !PATTERN.test(word)) return [word]
  let found = ['']
  for (const part of plain(word).split('/')) {
    if (!PATTERN.test(part)) found = found.map(path => `${path}/${part}`)
    else {
      const matches = glob(part)
      const takes = (name: string) => matches(name) && name.startsWith('.') === part.startsWith('.')
      found = found.flatMap(path => state.children(plain(path)).flatMap(name => (takes(name) ? `${path}/${name}` : [])))
    }
    if (found.length > MOST_PATHS) return undefined
  }
  return found.filter(path => state.get(plain(path)) !== undefined).sort((a, b) => (a < b ? -1 : 1))
}
