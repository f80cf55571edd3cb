/** `WWW-Authenticate` (RFC 9110, 11.6.1), as far as registries use it. */

export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string }

const LONGEST = 8192
// One scheme, or one parameter: a name and a token or a quoted text.
const PART = /\s*,?\s*([A-Za-z][A-Za-z0-9_-]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+)))?/y

/** The bearer challenge where there is one, else basic; undefined for schemes that are not known. */
export function readChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined || header.length > LONGEST) return undefined
  const challenges: { scheme: string; values: Map<string, string> }[] = []
  PART.lastIndex = 0
  for (let match = PART.exec(header); match !== null; match = PART.exec(header)) {
    const [, name = '', quoted, plain] = match
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), values: new Map() })
    else challenges.at(-1)?.values.set(name.toLowerCase(), value)
  }
  const bearer = challenges.find(({ scheme, values }) => scheme === 'bearer' && values.has('realm'))
  const realm = bearer?.values.get('realm')
  if (bearer !== undefined && realm !== undefined) {
    const [service, scope] = [bearer.values.get('service'), bearer.values.get('scope')]
    return { scheme: 'bearer', realm, ...(service === undefined ? {} : { service }), ...(scope === undefined ? {} : { scope }) }
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined
}
