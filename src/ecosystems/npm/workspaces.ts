/**
 * Which folders a manifest's `workspaces` mean. Patterns are globs over folders: `*` and `?` within a name, `**` over names, `{a,b}`;
 * a later `!pattern` takes folders away again. Matching is by two pointers, so that no pattern can take long.
 * Source: npm's documentation of workspaces and of the glob syntax they use.
 */
const MAX_PATTERNS = 1_000
const MAX_ALTERNATIVES = 256

export function workspaceFolders(patterns: readonly string[]): (folder: string) => boolean {
  const rules = patterns.slice(0, MAX_PATTERNS).flatMap(pattern => {
    const away = pattern.startsWith('!')
    return alternatives(away ? pattern.slice(1) : pattern).map(one => ({ away, names: namesOf(one) }))
  })
  return folder => {
    const names = namesOf(folder)
    return rules.reduce((within, rule) => (matchesNames(rule.names, names) ? !rule.away : within), false)
  }
}

function namesOf(path: string): readonly string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}

/** `a/{b,c}` as `a/b` and `a/c`; braces that do not close are letters. */
function alternatives(pattern: string): readonly string[] {
  const done: string[] = []
  const open = [pattern]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [all, before = '', inside = '', after = ''] = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(next) ?? []
    if (all === undefined || done.length + open.length > MAX_ALTERNATIVES) done.push(next)
    else open.push(...inside.split(',').map(one => `${before}${one}${after}`))
  }
  return done
}

function matchesNames(pattern: readonly string[], names: readonly string[]): boolean {
  return matches(
    pattern,
    names,
    part => part === '**',
    (part, name) =>
      matches(
        [...part],
        [...name],
        letter => letter === '*',
        (letter, own) => letter === '?' || letter === own,
      ),
  )
}

/** Whether items follow a pattern in which some parts stand for any number of items. */
function matches<T>(
  pattern: readonly T[],
  items: readonly T[],
  isMany: (part: T) => boolean,
  isOne: (part: T, item: T) => boolean,
): boolean {
  let at = 0
  let many = -1
  let from = 0
  for (let item = 0; item < items.length; ) {
    const part = pattern[at]
    const own = items[item]
    if (part !== undefined && isMany(part)) {
      many = at++
      from = item
    } else if (part !== undefined && own !== undefined && isOne(part, own)) {
      at++
      item++
    } else if (many >= 0) {
      at = many + 1
      item = ++from
    } else return false
  }
  return pattern.slice(at).every(isMany)
}
