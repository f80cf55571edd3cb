/**
 * Python distributions by the metadata that their installer left: `METADATA` in a `.dist-info` folder, `PKG-INFO` in an `.egg-info` or
 * `EGG-INFO` folder, or an `.egg-info` file. Source: the core metadata specification; its fields are headers as in mail (RFC 5322),
 * ended by an empty line, after which comes the description.
 */
import type { ContentExtractor } from '../model/image.ts'
import { encodeContents, isPlain } from './installed-package.ts'

const METADATA = /(?:^|\/)(?:[^/]+\.dist-info\/METADATA|[^/]+\.egg-info(?:\/PKG-INFO)?|EGG-INFO\/PKG-INFO)$/
const ENDINGS = ['/METADATA', '/PKG-INFO', '.egg-info'] as const
/** Name and version stand at the top; behind them licences and descriptions may follow without end. */
const MOST_READ = 64 << 10

export const pythonExtractor: ContentExtractor = {
  id: 'python/1',
  // Most paths end otherwise; the expression is for the few that do not.
  accepts: (path, size) => size > 0 && ENDINGS.some(ending => path.endsWith(ending)) && METADATA.test(path),
  ranges: size => [{ offset: 0, length: Math.min(size, MOST_READ) }],
  extract(_path, content) {
    const { name, version } = headers(Buffer.from(content.read(0, MOST_READ)).toString('utf8'))
    if (!isPlain(name) || !isPlain(version) || !/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name)) return undefined
    return encodeContents({ packages: [{ ecosystem: 'PyPI', name: canonicalName(name), version, inside: '', published: true }] })
  },
}

/** PEP 503: runs of `-`, `_` and `.` are one `-`, letters are small. */
export function canonicalName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/** The first of each. */
function headers(text: string): { readonly name?: string; readonly version?: string } {
  const found: { name?: string; version?: string } = {}
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const line = text.slice(at, end < 0 ? text.length : end).trimEnd()
    if (line === '') break
    const [, field, value = ''] = /^(name|version)[ \t]*:(.*)$/i.exec(line) ?? []
    if (field?.toLowerCase() === 'name') found.name ??= value.trim()
    if (field?.toLowerCase() === 'version') found.version ??= value.trim()
    if (end < 0 || (found.name !== undefined && found.version !== undefined)) break
    at = end + 1
  }
  return found
}
