/**
 * The members of an ar archive in memory, as a .deb is one. Source: deb(5): a magic line, then for each member a header of 60 bytes
 * and its content, padded to even length. Names are short; some writers end them with `/`.
 */

export interface ArMember {
  readonly name: string
  readonly content: Uint8Array
}

const MAGIC = '!<arch>\n'
const HEADER = 60
const MOST_MEMBERS = 100

/** Throws what `invalid` makes where the archive is cut off or cannot be read. */
export function readAr(archive: Uint8Array, invalid: (what: string) => Error): ArMember[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength)
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) throw invalid('is no ar archive')
  const members: ArMember[] = []
  for (let at = MAGIC.length; at < bytes.length; ) {
    if (at + HEADER > bytes.length) throw invalid('ends inside a member’s header')
    if (bytes.toString('latin1', at + 58, at + HEADER) !== '`\n') throw invalid('has a member’s header that cannot be read')
    const name = bytes
      .toString('latin1', at, at + 16)
      .replace(/ +$/, '')
      .replace(/\/$/, '')
    if (!/^[A-Za-z0-9._-]{1,16}$/.test(name)) throw invalid('has a member whose name can be none')
    const size = bytes.toString('latin1', at + 48, at + 58).trimEnd()
    if (!/^\d{1,10}$/.test(size)) throw invalid(`has a member whose size is no number: ${name}`)
    at += HEADER
    if (Number(size) > bytes.length - at) throw invalid(`ends inside its member ${name}`)
    if (members.length >= MOST_MEMBERS) throw invalid(`has more than ${MOST_MEMBERS} members`)
    members.push({ name, content: bytes.subarray(at, at + Number(size)) })
    at += Number(size) + (Number(size) % 2)
  }
  return members
}

/** Names up to 16 characters; no time and no owner. */
export function writeAr(members: readonly ArMember[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(MAGIC)]
  for (const { name, content } of members) {
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n`
    parts.push(Buffer.from(header), content)
    if (content.length % 2 === 1) parts.push(Buffer.from('\n'))
  }
  return Buffer.concat(parts)
}
