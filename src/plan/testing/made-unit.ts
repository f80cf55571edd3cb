/** Units of worlds that are made by hand. */
import type { Unit } from '../../model/world.ts'

/** A version of package a, new here and without needs, unless told otherwise. */
export function unit(version: string, of: Partial<Unit> = {}): Unit {
  return {
    package: 'a',
    version,
    locked: false,
    entries: 0,
    topmost: false,
    gainedLine: undefined,
    distance: 0,
    gainsScript: false,
    needs: [],
    now: [],
    peers: [],
    standIn: false,
    unread: undefined,
    ...of,
  }
}
