/**
 * npm packages by the package.json in their own folder directly under a `node_modules`, which is where npm, pnpm and yarn put them;
 * any other package.json (a project's own, a test's, one that only says how a folder's files are loaded) is no installed package.
 */
import type { ContentExtractor } from '../model/image.ts'
import { encodeContents, isObject, isPlain } from './installed-package.ts'
import { topLevelTexts } from './top-level-texts.ts'

const ENDING = '/package.json'
const FOLDER = 'node_modules'
const KEYS = ['name', 'version'] as const
/** The longest published ones have some hundred kilobytes. */
const LARGEST = 2 << 20

export const npmExtractor: ContentExtractor = {
  id: 'npm/1',
  accepts: (path, size) => size > 1 && size <= LARGEST && path.endsWith(ENDING) && isInstalled(path),
  ranges: size => [{ offset: 0, length: size }],
  extract(_path, content) {
    const read = content.read(0, content.size)
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length)
    const texts = topLevelTexts(bytes, KEYS)
    // JSON.parse makes `__proto__` a property like any other, so both are the file's own or absent.
    const { name, version } =
      texts === undefined ? parse(bytes.toString('utf8')) : { name: texts.get('name'), version: texts.get('version') }
    if (!isPlain(name) || !isPlain(version) || !/^(?:@[^@/]+\/)?[^@/]+$/.test(name)) return undefined
    return encodeContents({ packages: [{ ecosystem: 'npm', name, version, inside: '', published: true }] })
  },
}

/** Whether the folder, named like a package (`a`, `@scope/a`), stands in a `node_modules`. Each file of an image is asked, so nothing is searched for. */
function isInstalled(path: string): boolean {
  const end = path.length - ENDING.length
  let start = path.lastIndexOf('/', end - 1) + 1
  const first = path[start]
  if (start === 0 || start === end || first === '.' || first === '@') return false
  const above = path.lastIndexOf('/', start - 2) + 1
  if (path[above] === '@' && start - above > 2) start = above
  const folder = start - 1 - FOLDER.length
  return path.startsWith(FOLDER, folder) && (folder === 0 || path[folder - 1] === '/')
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
    return isObject(manifest) ? manifest : {}
  } catch {
    // A broken manifest is no package to npm either.
    return {}
  }
}
