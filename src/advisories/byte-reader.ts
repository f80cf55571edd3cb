/** Reads what `ByteWriter` wrote, from `position` on. The bytes carry a checksum that was checked before. */
export class ByteReader {
  readonly #bytes: Buffer
  position: number

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes
    this.position = position
  }

  byte(): number {
    return this.#bytes[this.position++] ?? 0
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      if (byte < 128) return value + byte * scale
      value += (byte - 128) * scale
    }
  }
}
