/**
 * npm packages by the package.json in their own folder directly under a `node_modules`, which is where npm, pnpm and yarn put them;
 * any other package.json (a project's own, a test's, one that only says how a folder's files are loaded) is no installed package.
 */
import type { ContentExtractor } from '../model/image.ts'
import { encodeContents, isObject, isPlain } from './installed-package.ts'

const MANIFEST = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^./@][^/]*\/package\.json$/
/** The longest published ones have some hundred kilobytes. */
const LARGEST = 2 << 20

export const npmExtractor: ContentExtractor = {
  id: 'npm/1',
  accepts: (path, size) => size > 1 && size <= LARGEST && path.endsWith('/package.json') && MANIFEST.test(path),
  ranges: size => [{ offset: 0, length: size }],
  extract(_path, content) {
    const manifest = parse(Buffer.from(content.read(0, content.size)).toString('utf8'))
    if (!isObject(manifest)) return undefined
    // JSON.parse makes `__proto__` a property like any other, so both are the file's own or absent.
    const { name, version } = manifest
    if (!isPlain(name) || !isPlain(version) || !/^(?:@[^@/]+\/)?[^@/]+$/.test(name)) return undefined
    return encodeContents({ packages: [{ ecosystem: 'npm', name, version, inside: '', published: true }] })
  },
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch {
    // A broken manifest is no package to npm either.
    return undefined
  }
}
