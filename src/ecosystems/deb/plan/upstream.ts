/**
 * What a Debian version tells of the upstream release in it: the same release with a fix put in (a backport), or a new one, and
 * whether that one is of another breaking line.
 */
/** Packages without a revision are Debian's own; updates of a release append to their version. */
const NATIVE_UPDATE = /[+~](?:deb|ubuntu)\d[0-9A-Za-z.+~]*$/
/** Upstream's release with files taken out. */
const REPACKED = /[+~.](?:dfsg|ds|repack)[\d.]*$/
/** `5.6.1+really5.4.5` is 5.4.5 under a number that sorts after what was there. */
const REALLY = /^.*[+~]really(?=\d)/

/** The upstream release: without epoch, revision, and what packaging adds. */
export function upstreamOf(version: string): string {
  const text = version.replace(/^\d+:/, '')
  const dash = text.lastIndexOf('-')
  const upstream = dash < 0 ? text.replace(/\+b\d+$/, '').replace(NATIVE_UPDATE, '') : text.slice(0, dash)
  return upstream.replace(REALLY, '').replace(REPACKED, '')
}

export function releaseKind(from: string, to: string): 'backport' | 'upstream' {
  return upstreamOf(from) === upstreamOf(to) ? 'backport' : 'upstream'
}

/**
 * The breaking line of a version: the major, for 0.x the minor. Versions that are dates, as those of time zones and certificates, are
 * all of one line, and so are those that start with no number.
 */
export function lineOf(version: string): string {
  const match = /^(\d+)(?:\.(\d+))?/.exec(upstreamOf(version))
  if (match === null) return 'unnumbered'
  const [, major = '', minor = '0'] = match
  if (/^(?:19|20)\d{2}(?:\d{4}|\d{2})?$/.test(major)) return 'dated'
  return Number(major) === 0 ? `0.${Number(minor)}` : String(Number(major))
}
