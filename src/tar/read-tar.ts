/** A tar archive that is in memory as a whole: its entries in order, contents as views. */
import { padded, TAR_LIMITS, TarEntries, type TarFaults, type TarLimits } from './entries.ts'
import type { TarEntry } from './entry.ts'
import { BLOCK } from './header.ts'

/** Throws what `faults` make. */
export function* readTar(
  archive: Buffer,
  faults: TarFaults,
  limits: TarLimits = TAR_LIMITS,
): Generator<{ readonly entry: TarEntry; readonly content: Buffer }> {
  const entries = new TarEntries(faults, limits)
  let at = 0
  while (at < archive.length) {
    if (at + BLOCK > archive.length) throw entries.invalid('it ends within an entry')
    const block = entries.block(archive, at, at)
    at += BLOCK
    if (block.kind === 'end') return
    const size = block.kind === 'records' ? block.size : block.kind === 'entry' ? block.entry.size : 0
    if (at + size > archive.length) throw entries.invalid('it ends within an entry')
    const content = archive.subarray(at, at + size)
    at += padded(size)
    if (block.kind === 'records') entries.records(content)
    else if (block.kind === 'entry') yield { entry: block.entry, content }
  }
  entries.end()
}
