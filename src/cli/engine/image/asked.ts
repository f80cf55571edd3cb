/** A word that names nothing is a slip of the pen, and a plan that passes over it would look like an answer. */
import { Fault } from '../../../model/faults.ts'
import type { PlatformSession } from './platform-session.ts'

/** Throws `not-found` for a word of `--only` or `--update` that means nothing on any platform. */
export function checkAsked(platforms: readonly PlatformSession[], only: readonly string[], update: readonly string[]): void {
  for (const subject of only) {
    if (!platforms.some(session => session.isAbout(subject))) throw new Fault('not-found', `No finding here is about ${subject}.`)
  }
  for (const name of update) {
    if (name !== 'all' && !platforms.some(session => session.isInstalled(name)))
      throw new Fault('not-found', `No Debian package of this image is called ${name}, so it cannot be updated.`, {
        hint: 'Name a package as dpkg lists it, or its source package.',
      })
  }
}
