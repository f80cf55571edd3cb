/** Credentials never reach a receipt: the user part of every address, and the values of query parameters that carry keys. */
const MARK = 'credentials-removed'
/** The lengths are bounded because the text comes from outside. `git@` is the name of an account that everyone shares. */
const USER_PART = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)(?!git@[^@/]+[/:])([^/?#\s"'\\@]+(?:@[^/?#\s"'\\@]+)*)@([^/?#\s"'\\]+)/gi
const KEY_PARAMETER = /([?&][\w-]{0,40}(?:token|auth|secret|password|signature|api[_-]?key|access[_-]?key)[\w-]{0,40}=)[^&#\s"'\\]+/gi
const MARKED_HOST = new RegExp(`://${MARK}@([^/?#\\s"'\\\\]+)`, 'g')

export function withoutSecrets(text: string): string {
  return text.replace(USER_PART, `$1${MARK}@$3`).replace(KEY_PARAMETER, `$1${MARK}`)
}

/** A copy of plain data in which no string holds credentials. */
export function withoutSecretsIn<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === 'string' ? withoutSecrets(item) : item)))
}

/**
 * Puts back the user parts that a text has for the same hosts; undefined when a host is there with several or none, or when the value
 * of a query parameter was removed.
 */
export function withSecretsOf(source: string): (text: string) => string | undefined {
  const known = new Map<string, Set<string>>()
  for (const [, , user, host] of source.matchAll(USER_PART)) {
    if (user !== undefined && host !== undefined) known.set(host, (known.get(host) ?? new Set()).add(user))
  }
  return text => {
    if (text.includes(`=${MARK}`)) return undefined
    const hosts = [...text.matchAll(MARKED_HOST)].map(match => match[1] ?? '')
    if (hosts.some(host => known.get(host)?.size !== 1)) return undefined
    return text.replace(MARKED_HOST, (_, host: string) => `://${[...(known.get(host) ?? [])][0]}@${host}`)
  }
}
