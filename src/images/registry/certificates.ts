/** Certificates for registries: the machine's own (`SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`) and those in `certs.d/<host>`. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../model/faults.ts'
import { codeOf } from '../folder-lock.ts'

export interface Certificates {
  /** In PEM form, beside those that Node.js trusts. */
  readonly ca: readonly string[]
  readonly cert?: string
  readonly key?: string
}

const LARGEST = 4 * 1024 * 1024

/** Reads them when a host is first spoken to. Folders are searched in order; all that is found counts. Faults: `image-registry-config`. */
export function certificatesFrom(
  environment: Readonly<Record<string, string | undefined>>,
  folders: readonly string[],
): (host: string) => Promise<Certificates> {
  return async host => {
    const ca: string[] = []
    let client: { cert: string; key: string } | undefined
    for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
      const file = environment[name]
      if (file !== undefined && file !== '') ca.push(await pem(file))
    }
    // A host is part of a path here, and names nothing but a folder.
    if (/^[\w.:[\]-]+$/.test(host) && !host.startsWith('.')) {
      for (const folder of folders.map(parent => join(parent, host))) {
        for (const file of await listed(folder)) {
          if (file.endsWith('.crt')) ca.push(await pem(join(folder, file)))
          if (!file.endsWith('.cert')) continue
          client ??= { cert: await pem(join(folder, file)), key: await pem(join(folder, file.replace(/\.cert$/, '.key'))) }
        }
      }
    }
    return { ca, ...client }
  }
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(codeOf(cause)))) return []
    throw new Fault('image-registry-config', `${folder} cannot be read (${String(codeOf(cause))}).`, { cause })
  }
}

async function pem(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8')
    if (text.length > LARGEST) throw new Fault('image-registry-config', `${file} is too large for certificates.`)
    return text
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('image-registry-config', `${file} cannot be read (${String(codeOf(cause))}).`, { cause })
  }
}
