/** A stanza of a package index as an offered package. */
import { sha256FromHex } from '../../../model/digest.ts'
import { fieldValue, type Invalid, readStanza } from '../control.ts'
import type { OfferedPackage, OfferingSuite } from '../package.ts'
import { readPackage } from '../read-package.ts'

/** Throws what `invalid` makes. */
export function readOffered(text: string, suite: OfferingSuite, invalid: Invalid): OfferedPackage {
  const stanza = readStanza(text, { start: 0, end: text.length }, invalid)
  const item = readPackage(text, stanza, invalid)
  const about: Invalid = what => invalid(`${what}, package ${item.name}`)
  const [filename, size, digest] = ['Filename', 'Size', 'SHA256'].map(name => fieldValue(stanza, name) ?? '')
  if (filename === undefined || !isBelow(filename)) throw about('has a Filename that can be none')
  if (size === undefined || !/^\d{1,15}$/.test(size)) throw about('has a Size that is no number')
  if (digest === undefined || !/^[0-9a-f]{64}$/.test(digest)) throw about('has no SHA256')
  return { ...item, filename: filename.replace(/^\.\//, ''), size: Number(size), sha256: sha256FromHex(digest), suite }
}

/** A path below the repository’s root, and nothing that an address could mean otherwise. */
function isBelow(path: string): boolean {
  return (
    /^[A-Za-z0-9._~+%:/-]+$/.test(path) &&
    path.length < 1024 &&
    !path.startsWith('/') &&
    !path.split('/').includes('..') &&
    !/%2e|%2f/i.test(path)
  )
}
