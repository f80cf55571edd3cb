/** A root as images without dpkg, apt and a shell have it: records and digests under `status.d`, no sources. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, run } from './command.ts'
import { real } from './patched.ts'

const PACKAGES = [
  'base-files',
  'libc6',
  'libgcc-s1',
  'gcc-12-base',
  'libssl3',
  'openssl',
  'ca-certificates',
  'libpcre2-8-0',
  'liblzma5',
  'zlib1g',
]
export const STATUS_FOLDER = 'var/lib/dpkg/status.d'

/** The files of some packages of a real root, and what dpkg knew of them, laid out without dpkg. */
export function statusFolderRoot(root: string, scratch: string): string {
  const whole = join(scratch, 'whole')
  mkdirSync(whole)
  must('tar', ['--extract', '--file', root, '--directory', whole, '--numeric-owner', '--preserve-permissions'])
  const info = join(whole, 'var/lib/dpkg/info')
  mkdirSync(join(whole, STATUS_FOLDER))
  const stanzas = readFileSync(join(whole, 'var/lib/dpkg/status'), 'utf8').split('\n\n')
  const paths = new Set(['./usr', './etc', './tmp', './bin', './lib', './lib64', './sbin'])
  for (const name of PACKAGES) {
    const stanza = stanzas.find(text => text.startsWith(`Package: ${name}\n`))
    if (stanza === undefined) throw new Error(`the root has no ${name}`)
    writeFileSync(
      join(whole, STATUS_FOLDER, name),
      `${stanza
        .replace(/^Status: .*\n/m, '')
        .replace(/^Conffiles:\n(?: .*\n?)*/m, '')
        .trimEnd()}\n`,
    )
    const stem = readdirSync(info).includes(`${name}.list`) ? name : `${name}:amd64`
    writeFileSync(join(whole, STATUS_FOLDER, `${name}.md5sums`), readFileSync(join(info, `${stem}.md5sums`)))
    for (const line of readFileSync(join(info, `${stem}.list`), 'utf8').split('\n')) {
      if (line !== '' && line !== '/.' && run('test', ['-e', join(whole, line), '-o', '-L', join(whole, line)]).code === 0)
        paths.add(`./${real(whole, line.slice(1))}`)
    }
  }
  for (const path of ['var', 'var/lib', 'var/lib/dpkg', STATUS_FOLDER]) paths.add(`./${path}`)
  for (const name of readdirSync(join(whole, STATUS_FOLDER))) paths.add(`./${STATUS_FOLDER}/${name}`)
  const list = join(scratch, 'paths')
  writeFileSync(list, [...paths].sort().join('\n'))
  const tar = join(scratch, 'distroless.tar')
  must('tar', ['--create', '--file', tar, '--directory', whole, '--numeric-owner', '--no-recursion', '--files-from', list])
  return tar
}
