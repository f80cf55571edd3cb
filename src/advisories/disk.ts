/** The two ways in which the store changes what is on disk, so that tests can stop an update between any two of them. */
import { open, rename } from 'node:fs/promises'
import { Fault } from '../model/faults.ts'

export interface Disk {
  /** Creates the file and returns when its content is on the disk. */
  write(path: string, content: Buffer | string): Promise<void>
  /** Atomic; replaces what is there. */
  rename(from: string, to: string): Promise<void>
}

export const realDisk: Disk = {
  async write(path, content) {
    try {
      const handle = await open(path, 'w')
      try {
        await handle.writeFile(content)
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (cause) {
      throw new Fault('write-failed', `${path} cannot be written`, { cause })
    }
  },
  async rename(from, to) {
    try {
      await rename(from, to)
    } catch (cause) {
      throw new Fault('write-failed', `${to} cannot be written`, { cause })
    }
  },
}
