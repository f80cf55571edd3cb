/**
 * What dpkg leaves out when it unpacks: `path-exclude` and `path-include` in the image's dpkg configuration, as slim images have them.
 * Source: dpkg(1): the last pattern that matches decides, `*` also matches `/`, and a folder that an include could reach into stays.
 */
import type { ImageFiles } from '../../../model/image.ts'
import { type Glob, glob } from '../glob.ts'

const MOST_FILTERS = 1000

interface Filter {
  readonly include: boolean
  readonly matches: Glob
  /** The pattern's text up to its first wildcard. */
  readonly plain: string
}

/** True for paths (without leading `/`) that are not to be unpacked. */
export type PathFilter = (path: string, folder: boolean) => boolean

export async function readPathFilter(files: ImageFiles): Promise<PathFilter> {
  const parts = files
    .children(files.follow('etc/dpkg/dpkg.cfg.d')?.path ?? 'etc/dpkg/dpkg.cfg.d')
    .filter(name => /^[A-Za-z0-9_-]+$/.test(name))
  // dpkg reads the folder first.
  const paths = [...parts.map(name => `etc/dpkg/dpkg.cfg.d/${name}`), 'etc/dpkg/dpkg.cfg'].flatMap(path => files.follow(path)?.path ?? [])
  const contents = await files.read(paths)
  return pathFilter(paths.map(path => Buffer.from(contents.get(path) ?? []).toString('utf8')))
}

/** From the texts of the configuration files, in order. */
export function pathFilter(texts: readonly string[]): PathFilter {
  const filters = texts.flatMap(text => text.split('\n').flatMap(line => readFilter(line) ?? [])).slice(0, MOST_FILTERS)
  if (filters.length === 0) return () => false
  return (path, folder) => {
    const whole = `/${path}`
    const decisive = filters.findLast(({ matches }) => matches(whole))
    if (decisive === undefined || decisive.include) return false
    return !(folder && filters.some(({ include, plain }) => include && (plain.startsWith(`${whole}/`) || whole.startsWith(plain))))
  }
}

function readFilter(line: string): Filter | undefined {
  const [, kind, text = ''] = /^\s*path-(exclude|include)\s*[=\s]\s*(.+?)\s*$/.exec(line) ?? []
  if (kind === undefined || text.length > 1000) return undefined
  const pattern = text.replace(/^(["'])(.*)\1$/, '$2')
  return { include: kind === 'include', matches: glob(pattern, { escapes: true }), plain: /^[^*?[\\]*/.exec(pattern)?.[0] ?? '' }
}
