/** The name that a shared library gives itself (`DT_SONAME`). Source: System V ABI, "Object Files" and "Dynamic Linking". */

const DYNAMIC = 2
const LOAD = 1
const STRTAB = 5n
const SONAME = 14n

/** Undefined for what is no shared library, or one without a name. */
export function sonameOf(content: Uint8Array): string | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined
  try {
    return readSoname(bytes)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readSoname(bytes: Buffer): string | undefined {
  const wide = bytes[4] === 2
  const little = bytes[5] === 1
  const half = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const word = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const long = (at: number) => (wide ? (little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : BigInt(word(at)))
  const [table, size, count] = wide ? [Number(long(32)), half(54), half(56)] : [Number(long(28)), half(42), half(44)]
  const headers = Array.from({ length: Math.min(count, 200) }, (_, index) => {
    const at = table + index * size
    return wide
      ? { type: word(at), offset: long(at + 8), address: long(at + 16), size: long(at + 32) }
      : { type: word(at), offset: long(at + 4), address: long(at + 8), size: long(at + 16) }
  })
  const dynamic = headers.find(({ type }) => type === DYNAMIC)
  if (dynamic === undefined) return undefined
  const step = wide ? 8 : 4
  let [strings, name]: [bigint | undefined, bigint | undefined] = [undefined, undefined]
  for (let at = Number(dynamic.offset); at + 2 * step <= Number(dynamic.offset + dynamic.size); at += 2 * step) {
    const tag = long(at)
    if (tag === 0n) break
    if (tag === STRTAB) strings = long(at + step)
    if (tag === SONAME) name = long(at + step)
  }
  if (strings === undefined || name === undefined) return undefined
  const address = strings
  const segment = headers.find(({ type, address: start, size: length }) => type === LOAD && address >= start && address < start + length)
  if (segment === undefined) return undefined
  const start = Number(address - segment.address + segment.offset + name)
  const end = bytes.indexOf(0, start)
  return end < 0 || end - start > 255 ? undefined : bytes.toString('latin1', start, end)
}
