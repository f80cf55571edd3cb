/**
 * The name by which OpenSSL finds a certificate in a folder: the first four bytes of the SHA-1 of its subject in canonical form. Source:
 * RFC 5280 4.1 for the certificate, OpenSSL's X509_NAME_hash(3) for the form: strings become UTF-8, lower case in ASCII, white space at
 * the ends gone and single inside; the outer sequence's header is left out.
 */
import { createHash } from 'node:crypto'

interface Element {
  readonly tag: number
  readonly content: Buffer
  /** Header and content. */
  readonly whole: Buffer
}

/** Certificates of a PEM text, as DER. */
export function certificatesOf(pem: string): Buffer[] {
  const blocks = pem.matchAll(
    /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g,
  )
  return [...blocks].map(([, base64 = '']) => Buffer.from(base64, 'base64'))
}

/** Eight hexadecimal digits; undefined for what is no certificate. */
export function subjectHash(certificate: Buffer): string | undefined {
  const tbs = elementsOf(elementsOf(certificate)[0]?.content)[0]
  const fields = elementsOf(tbs?.content)
  // The version is there only where it is not the first.
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4]
  if (subject?.tag !== 0x30) return undefined
  const canonical = Buffer.concat(
    elementsOf(subject.content).map(({ tag, content }) => encode(tag, Buffer.concat(elementsOf(content).map(attribute)))),
  )
  const digest = createHash('sha1').update(canonical).digest()
  return digest.readUInt32LE(0).toString(16).padStart(8, '0')
}

function attribute({ tag, content }: Element): Buffer {
  const [type, value] = elementsOf(content)
  if (type === undefined || value === undefined) return encode(tag, content)
  return encode(tag, Buffer.concat([type.whole, canonicalValue(value)]))
}

function canonicalValue({ tag, content, whole }: Element): Buffer {
  const text = decodeString(tag, content)
  if (text === undefined) return whole
  const plain = text
    .replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '')
    .replace(/[ \t\n\v\f\r]+/g, ' ')
    .replace(/[A-Z]+/g, letters => letters.toLowerCase())
  return encode(0x0c, Buffer.from(plain, 'utf8'))
}

/** UTF8String, PrintableString, IA5String, VisibleString, T61String, BMPString, UniversalString. */
function decodeString(tag: number, content: Buffer): string | undefined {
  switch (tag) {
    case 0x0c:
      return content.toString('utf8')
    case 0x13:
    case 0x16:
    case 0x1a:
    case 0x14:
      return content.toString('latin1')
    case 0x1e:
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : undefined
    case 0x1c:
      return content.length % 4 === 0
        ? Array.from({ length: content.length / 4 }, (_, index) => content.readUInt32BE(index * 4))
            .map(code => (code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'))
            .join('')
        : undefined
    default:
      return undefined
  }
}

/** Elements of a DER content, one after the other; what cannot be read ends them. */
function elementsOf(bytes: Buffer | undefined): Element[] {
  const elements: Element[] = []
  for (let at = 0; bytes !== undefined && at + 2 <= bytes.length; ) {
    const tag = bytes[at] ?? 0
    const first = bytes[at + 1] ?? 0
    const count = first < 0x80 ? 0 : first & 0x7f
    if (count > 4 || at + 2 + count > bytes.length || first === 0x80) break
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count)
    const start = at + 2 + count
    if (start + length > bytes.length) break
    elements.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) })
    at = start + length
  }
  return elements
}

function encode(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const length = content.length < 0x100 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
