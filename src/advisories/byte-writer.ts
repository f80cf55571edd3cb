/** Appends numbers and text to bytes that grow. Little endian; varints are LEB128, unsigned, below 2^53. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1 << 16)
  length = 0

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + more))
    this.#bytes.copy(grown, 0, 0, this.length)
    this.#bytes = grown
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = value
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.length = this.#bytes.writeUInt32LE(value, this.length)
  }

  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.length++] = rest
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length)
    this.#bytes.set(source, this.length)
    this.length += source.length
  }

  /** A view; valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }
}
