/** Layers that only differ in number and size: one root in many layers, and layers of made-up files. */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../test/system/images/command.ts'
import { extraLayer } from '../test/system/images/extra-layer.ts'

const FILE_BYTES = 64 * 1024

/** The archives of `count` layers that hold an unpacked root together, of about the same size. */
export function splitRoot(root: string, count: number, scratch: string): string[] {
  mkdirSync(scratch, { recursive: true })
  const paths = pathsBelow(root, '').sort()
  const sizes = paths.map(path => {
    const stats = lstatSync(join(root, path))
    return 512 + (stats.isFile() ? stats.size : 0)
  })
  const share = sizes.reduce((sum, size) => sum + size, 0) / count
  const parts = Array.from({ length: count }, (): string[] => [])
  let before = 0
  for (const [at, path] of paths.entries()) {
    parts[Math.min(count - 1, Math.floor(before / share))]?.push(path)
    before += sizes[at] ?? 0
  }
  return parts.map((part, at) => {
    const [list, archive] = [join(scratch, `${at}.list`), join(scratch, `${at}.tar`)]
    writeFileSync(list, part.map(path => `${path}\n`).join(''))
    const flags = ['--no-recursion', '--numeric-owner', '--mtime=@1700000000', '--verbatim-files-from']
    must('tar', ['--create', '--file', archive, '--directory', root, ...flags, '--files-from', list])
    return archive
  })
}

/** Links to folders, such as /dev/fd, are not followed, as Node's own recursive listing does. */
function pathsBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? [path, ...pathsBelow(root, path)] : [path]
  })
}

/** An archive of files that hold `megabytes` together; gzip makes them a bit smaller, as it does with programs. */
export function filledLayer(scratch: string, megabytes: number): string {
  return extraLayer(scratch, folder => {
    for (let at = 0; at < (megabytes * 1e6) / FILE_BYTES; at++) {
      const place = join(folder, 'srv', String(at % 50))
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, `${at}.dat`), noise(`fill ${at}`, FILE_BYTES))
    }
  })
}

/** An archive of a project's `node_modules` with `count` packages that hold `megabytes` together. */
export function npmLayer(scratch: string, count: number, megabytes: number): string {
  const perFile = Math.floor((megabytes * 1e6) / count / 8)
  return extraLayer(scratch, folder => {
    for (let at = 0; at < count; at++) {
      const name = `made-up-${at}`
      const place = join(folder, 'srv/app/node_modules', name)
      mkdirSync(join(place, 'lib'), { recursive: true })
      writeFileSync(join(place, 'package.json'), JSON.stringify({ name, version: `1.${at}.0`, license: 'MIT', main: 'lib/0.js' }, null, 2))
      for (let file = 0; file < 8; file++) writeFileSync(join(place, 'lib', `${file}.js`), noise(`${name} ${file}`, perFile))
    }
  })
}

/** The same bytes for the same seed: text of which gzip saves about a third. */
function noise(seed: string, bytes: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at * 1024 < bytes; at++) {
    const piece = createHash('shake256', { outputLength: 512 }).update(`${seed} ${at}`).digest()
    pieces.push(Buffer.from(piece.toString('base64')), Buffer.alloc(340, seed))
  }
  return Buffer.concat(pieces).subarray(0, bytes)
}
