/** The end of a written reference that has to change for it to name another tag and digest. */
export interface MovedEnd {
  /** Where the end begins, in characters of what is written. */
  readonly from: number
  readonly insert: string
}

/** In the form in which it is written: a digest or tag that is not there is not added. Undefined for a reference with neither. */
export function movedReference(written: string, tag: string | undefined, digest: string): MovedEnd | undefined {
  const at = written.indexOf('@')
  const named = at < 0 ? written : written.slice(0, at)
  const colon = named.lastIndexOf(':')
  const hasTag = colon > named.lastIndexOf('/')
  if ((!hasTag && at < 0) || (hasTag && tag === undefined)) return undefined
  return { from: hasTag ? colon : at, insert: `${hasTag ? `:${tag}` : ''}${at < 0 ? '' : `@${digest}`}` }
}
