/** Lays sections of bytes one after another, aligned so that columns of numbers are views on them, with a table of their lengths. */

const ALIGNED = 8

export type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array

export function layOut(sections: readonly Column[]): Buffer {
  const table = Buffer.alloc(aligned(4 + 8 * sections.length))
  table.writeUInt32LE(sections.length, 0)
  const parts: Buffer[] = [table]
  for (const [at, section] of sections.entries()) {
    table.writeDoubleLE(section.byteLength, 4 + 8 * at)
    parts.push(
      Buffer.from(section.buffer, section.byteOffset, section.byteLength),
      Buffer.alloc(aligned(section.byteLength) - section.byteLength),
    )
  }
  return Buffer.concat(parts)
}

/** The sections that `layOut` laid, as views; undefined where the bytes are none. `start` is a multiple of 8 in the memory of `bytes`. */
export function sectionsOf(bytes: Buffer, start: number): readonly Buffer[] | undefined {
  if (bytes.length < start + 4) return undefined
  const count = bytes.readUInt32LE(start)
  const sections: Buffer[] = []
  let at = start + aligned(4 + 8 * count)
  if (at > bytes.length) return undefined
  for (let number = 0; number < count; number++) {
    const length = bytes.readDoubleLE(start + 4 + 8 * number)
    if (!Number.isSafeInteger(length) || length < 0 || at + length > bytes.length) return undefined
    sections.push(bytes.subarray(at, at + length))
    at += aligned(length)
  }
  return sections
}

/** Node's own `Buffer` may stand anywhere in memory; columns need a place that is a multiple of their width. */
export function alignedCopy(bytes: Uint8Array): Buffer {
  return bytes.byteOffset % ALIGNED === 0
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    : Buffer.from(new Uint8Array(bytes).buffer)
}

export const asUint16 = (section: Buffer) => new Uint16Array(section.buffer, section.byteOffset, section.length / 2)
export const asUint32 = (section: Buffer) => new Uint32Array(section.buffer, section.byteOffset, section.length / 4)
export const asFloat64 = (section: Buffer) => new Float64Array(section.buffer, section.byteOffset, section.length / 8)

function aligned(length: number): number {
  return Math.ceil(length / ALIGNED) * ALIGNED
}
