/**
 * Package URLs (`pkg:type/namespace/name@version?qualifiers`) as their specification (ECMA-427) spells them: every part percent-encoded,
 * the colon as it is, qualifiers sorted by their keys and left out where empty.
 */
export interface PackageUrlParts {
  readonly type: string
  /** With `/` between its segments; empty ones are left out. */
  readonly namespace?: string
  readonly name: string
  readonly version?: string
  readonly qualifiers?: Readonly<Record<string, string>>
}

export function packageUrl({ type, namespace = '', name, version = '', qualifiers = {} }: PackageUrlParts): string {
  const path = [...namespace.split('/').filter(segment => segment !== ''), name].map(encodePart).join('/')
  const asked = Object.keys(qualifiers)
    .sort()
    .flatMap(key => (qualifiers[key] ? `${key}=${encodePart(qualifiers[key])}` : []))
  return `pkg:${type}/${path}${version === '' ? '' : `@${encodePart(version)}`}${asked.length === 0 ? '' : `?${asked.join('&')}`}`
}

/** Letters, digits, `.`, `-`, `_`, `~` and `:` stay; half of a surrogate pair, which has no bytes, becomes U+FFFD. */
function encodePart(text: string): string {
  if (/^[\w.~:-]*$/.test(text)) return text
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
