/**
 * Compiled programs that tell what they are made of: Go's build info, and Rust's where they were built with `cargo auditable`. Most programs
 * tell nothing, so as little as possible is read: the section table, and the first bytes of each section with data. Where a program has
 * no section table (it was cut off), Go's marker is searched for at the beginning of its writable data, where the linker puts it.
 */
import type { ByteRange, ContentByPosition, ContentExtractor } from '../model/image.ts'
import { HEAD_LENGTH } from '../model/image.ts'
import { dataSections, type Elf, isElf, readElf } from './elf.ts'
import { findGoMagic, goPackages, hasGoMagic } from './go-build-info.ts'
import { encodeContents, type InstalledPackage } from './installed-package.ts'
import { LARGEST_PACKED, mayBeRustAudit, rustPackages } from './rust-audit.ts'

/** The smallest programs of either language are larger. */
const SMALLEST = 100_000
/** Of more read-only data than both together, the middle is left out: linkers put what they do not know at either end. */
const READ_ONLY_BEGINNING = 8 << 20
const READ_ONLY_END = 8 << 20
const MOST_WRITABLE = 16 << 20
const SEARCHED = 1 << 20
/** Linkers make some forty; each is looked at, and unpacking is tried on few. */
const MOST_TRIED = 64

export const programExtractor: ContentExtractor = {
  id: 'program/1',
  accepts: (path, size, mode) => size >= SMALLEST && ((mode & 0o111) !== 0 || /\.(?:so|node)(?:\.|$)/.test(path)),
  ranges(size, head) {
    const elf = isElf(head) ? readElf(head, size) : undefined
    return elf === undefined ? [] : rangesOf(elf, Math.min(size, HEAD_LENGTH))
  },
  extract(_path, content) {
    const elf = readElf(content.read(0, HEAD_LENGTH), content.size)
    return elf === undefined ? undefined : encodeContents({ packages: packagesOf(content, elf) })
  },
}

function rangesOf({ segments, table }: Elf, headLength: number): readonly ByteRange[] {
  const ranges: ByteRange[] = [{ offset: 0, length: headLength }]
  if (table !== undefined) ranges.push(table)
  const readOnly = segments.filter(({ executable, writable }) => !executable && !writable)
  // Older linkers put read-only data behind the code, in one segment.
  const constant = readOnly.length > 0 ? readOnly : segments.filter(({ writable }) => !writable)
  for (const { offset, length } of segments.filter(({ writable }) => writable))
    ranges.push({ offset, length: Math.min(length, MOST_WRITABLE) })
  for (const { offset, length } of constant) {
    const end = Math.min(length, READ_ONLY_END)
    ranges.push({ offset, length: Math.min(length, READ_ONLY_BEGINNING) }, { offset: offset + length - end, length: end })
  }
  return apart(ranges)
}

/** Sorted, each beginning where the ones before it have ended; those that lie within others go. */
function apart(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const result: ByteRange[] = []
  let end = 0
  for (const range of ranges.toSorted((a, b) => a.offset - b.offset)) {
    const offset = Math.max(range.offset, end)
    const length = range.offset + range.length - offset
    if (length <= 0) continue
    result.push({ offset, length })
    end = offset + length
  }
  return result
}

function packagesOf(content: ContentByPosition, elf: Elf): readonly InstalledPackage[] {
  const found: InstalledPackage[] = []
  let tried = 0
  for (const { offset, length } of dataSections(content, elf)) {
    const first = content.read(offset, 16)
    if (hasGoMagic(first)) found.push(...goPackages(content, elf, offset))
    else if (length >= 16 && length <= LARGEST_PACKED && mayBeRustAudit(first) && tried < MOST_TRIED) {
      tried++
      found.push(...(rustPackages(content.read(offset, length)) ?? []))
    }
  }
  if (found.length > 0 || elf.table !== undefined) return found
  for (const { offset, length } of elf.segments.filter(({ writable }) => writable)) {
    const at = findGoMagic(content.read(offset, Math.min(length, SEARCHED)))
    if (at >= 0) return goPackages(content, elf, offset + at)
  }
  return []
}
