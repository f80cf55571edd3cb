/** Zip archives for tests, entry by entry, with the lies a test wants told in the directory. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface EntryToZip {
  readonly name: string
  readonly content: Uint8Array | string
  readonly stored?: boolean
  /** What the directory says instead of the truth. */
  readonly says?: {
    readonly size?: number
    readonly packed?: number
    readonly offset?: number
    readonly crc?: number
    readonly flags?: number
  }
}

export function makeZip(entries: readonly EntryToZip[], says: { readonly entries?: number; readonly start?: number } = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, content, stored = false, says: lies = {} } of entries) {
    const bytes = Buffer.from(content)
    const packed = stored ? bytes : deflateRawSync(bytes)
    const label = Buffer.from(name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(label.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(lies.flags ?? 0, 8)
    central.writeUInt16LE(stored ? 0 : 8, 10)
    central.writeUInt32LE(lies.crc ?? crc32(bytes), 16)
    central.writeUInt32LE(lies.packed ?? packed.length, 20)
    central.writeUInt32LE(lies.size ?? bytes.length, 24)
    central.writeUInt16LE(label.length, 28)
    central.writeUInt32LE(lies.offset ?? at, 42)
    parts.push(local, label, packed)
    directory.push(central, label)
    at += 30 + label.length + packed.length
  }
  const length = directory.reduce((sum, { length: each }) => sum + each, 0)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(says.entries ?? entries.length, 8)
  end.writeUInt16LE(says.entries ?? entries.length, 10)
  end.writeUInt32LE(length, 12)
  end.writeUInt32LE(says.start ?? at, 16)
  return Buffer.concat([...parts, ...directory, end])
}
