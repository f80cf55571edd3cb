/** Layers on top of a real root, written by tar from a folder, and parts of a root taken out of its archive. */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { must } from './command.ts'

/** `fill` writes what the layer holds; the tar is made beside the folder. */
export function extraLayer(folder: string, fill: (folder: string) => void): string {
  mkdirSync(folder, { recursive: true })
  fill(folder)
  const tar = `${folder}.tar`
  must('tar', [
    '--create',
    '--file',
    tar,
    '--directory',
    folder,
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '--mtime=@1700000000',
    '--sort=name',
    '.',
  ])
  return tar
}

/** Takes paths out of a root's archive. */
export function takeOut(root: string, into: string, paths: readonly string[]): void {
  mkdirSync(into, { recursive: true })
  must('tar', ['--extract', '--file', root, '--directory', into, '--numeric-owner', ...paths.map(path => `./${path}`)])
}

export function whiteout(folder: string, path: string): void {
  const place = join(folder, dirname(path), `.wh.${path.slice(path.lastIndexOf('/') + 1)}`)
  mkdirSync(dirname(place), { recursive: true })
  rmSync(join(folder, path), { force: true })
  must('touch', [place])
}
