import { Fault } from '../../model/faults.ts'
import type { TarFaults } from '../../tar/entries.ts'

/** `name` tells the archive in messages. Faults: `layer-invalid`, `layer-too-large`. */
export function layerFaults(name: string): TarFaults {
  return {
    invalid: what => new Fault('layer-invalid', `${name} cannot be read as a tar archive: ${what}.`),
    tooLarge: what => new Fault('layer-too-large', `${name} has ${what}.`),
  }
}
