/**
 * Paths as bytes: each folder once, and of every path its folder's number and its own name. Loading is two texts that are split, and one
 * joining for each path that stays a promise until the path is compared; a hundred thousand paths take some milliseconds.
 */
import { isUtf8 } from 'node:buffer'
import { decodePath, encodePath } from '../tar/path-bytes.ts'
import { folderOf } from './layer-index.ts'

export interface PathColumns {
  /** By path: the place of its folder in `folders`. */
  readonly places: Uint32Array
  /** Names and folders, each list divided by NULs. */
  readonly names: Buffer
  readonly folders: Buffer
}

export function encodePaths(paths: readonly string[]): PathColumns {
  const places = new Uint32Array(paths.length)
  const numbers = new Map<string, number>()
  const names: string[] = []
  for (const [at, path] of paths.entries()) {
    const folder = folderOf(path)
    const number = numbers.get(folder) ?? numbers.size
    numbers.set(folder, number)
    places[at] = number
    names.push(folder === '' ? path : path.slice(folder.length + 1))
  }
  return { places, names: encodePath(names.join('\0')), folders: encodePath([...numbers.keys()].join('\0')) }
}

export function decodePaths(places: Uint32Array, names: Buffer, folders: Buffer): string[] {
  if (places.length === 0) return []
  const before = split(folders).map(folder => (folder === '' ? '' : `${folder}/`))
  const paths = split(names)
  for (let at = 0; at < places.length; at++) paths[at] = (before[places[at] ?? 0] ?? '') + (paths[at] ?? '')
  return paths
}

function split(bytes: Buffer): string[] {
  if (isUtf8(bytes)) return bytes.toString('utf8').split('\0')
  return bytes
    .toString('latin1')
    .split('\0')
    .map(text => decodePath(Buffer.from(text, 'latin1')))
}
