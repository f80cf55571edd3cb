/** A merged tree in memory, for tests: real path resolution over paths written by hand. */
import { createHash } from 'node:crypto'
import { sha256FromHex } from '../../../model/digest.ts'
import type { ImageFile, ImageFiles } from '../../../model/image.ts'

export type MemoryEntry =
  | string
  | Uint8Array
  | { readonly link: string }
  | { readonly folder: true }
  | { readonly content: string | Uint8Array; readonly layer: number }

/** Path → content, a symbolic link or an empty folder. Parent folders come by themselves. */
export function memoryFiles(entries: Readonly<Record<string, MemoryEntry>>): ImageFiles {
  const files = new Map<string, ImageFile>()
  const contents = new Map<string, Uint8Array>()
  const facts = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
  for (const [path, entry] of Object.entries(entries)) {
    const layer = typeof entry === 'object' && 'layer' in entry ? entry.layer : 0
    path
      .split('/')
      .slice(0, -1)
      .forEach((_, depth, parts) => {
        const folder = parts.slice(0, depth + 1).join('/')
        if (!files.has(folder)) files.set(folder, { path: folder, type: 'directory', ...facts, mode: 0o755, size: 0, layer })
      })
    if (typeof entry === 'object' && 'link' in entry) {
      files.set(path, { path, type: 'symlink', target: entry.link, ...facts, mode: 0o777, size: 0, layer })
      continue
    }
    if (typeof entry === 'object' && 'folder' in entry) {
      files.set(path, { path, type: 'directory', ...facts, mode: 0o755, size: 0, layer })
      continue
    }
    const content = typeof entry === 'object' && 'content' in entry ? entry.content : entry
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    contents.set(path, bytes)
    files.set(path, { path, type: 'file', ...facts, size: bytes.length, layer })
  }
  const resolve = (path: string, whole: boolean): string | undefined => {
    let rest = path.split('/').filter(part => part !== '')
    let at: string[] = []
    for (let links = 0; rest.length > 0; ) {
      const [part = '', ...more] = rest
      rest = more
      if (part === '..') at = at.slice(0, -1)
      if (part === '..' || part === '.') continue
      const file = files.get([...at, part].join('/'))
      if (file?.target !== undefined && (whole || rest.length > 0)) {
        if (++links > 40) return undefined
        if (file.target.startsWith('/')) at = []
        rest = [...file.target.split('/').filter(piece => piece !== ''), ...rest]
      } else at = [...at, part]
    }
    return at.join('/')
  }
  return {
    get: path => files.get(path),
    canonical: path => resolve(path, false),
    follow(path) {
      const end = resolve(path, true)
      return end === undefined ? undefined : files.get(end)
    },
    children(path) {
      const under = path === '' ? '' : `${path}/`
      return [...files.keys()]
        .filter(name => name.startsWith(under) && name !== path && !name.slice(under.length).includes('/'))
        .map(name => name.slice(under.length))
        .sort()
    },
    paths: () => [...files.keys()].sort(),
    read: async paths =>
      new Map(
        [...paths]
          .flatMap(path => [[path, contents.get(path)] as const])
          .flatMap(([path, bytes]) => (bytes ? [[path, bytes] as const] : [])),
      ),
    extracts: () => [],
    digests: async paths =>
      new Map(
        [...paths].flatMap(path => {
          const bytes = contents.get(path)
          return bytes === undefined ? [] : [[path, sha256FromHex(createHash('sha256').update(bytes).digest('hex'))] as const]
        }),
      ),
  }
}
