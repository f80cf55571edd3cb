/** Gives the reference its former image back. */
import { Fault } from '../../../model/faults.ts'
import type { ImageReceipt } from '../../../model/receipt.ts'
import type { EngineWorld } from '../../engine.ts'
import { formerImage } from './former-image.ts'
import { openPlaces } from './places.ts'

/** Throws `undo-conflict` where the reference points to another image by now. */
export async function undoImage(world: EngineWorld, receipt: ImageReceipt, dryRun: boolean, insecure: boolean): Promise<void> {
  const { reference, digest } = receipt.to
  const places = openPlaces(world, insecure)
  try {
    const source = await places.source(reference)
    try {
      const there = (await source.root()).descriptor.digest
      if (there === receipt.from.digest || there === receipt.to.before) {
        throw new Fault('undo-conflict', `${reference} points to ${there} again: this is taken back already.`, {
          hint: 'Name another receipt of .suture/receipts to take that one back.',
        })
      }
      if (there !== digest) {
        throw new Fault('undo-conflict', `${reference} points to ${there} by now, and the receipt is about ${digest}.`, {
          hint: 'Take back the later change first, or set the tag by hand.',
        })
      }
      const former = formerImage(receipt, source)
      if (!dryRun) await (await places.sink(reference)).write(former)
    } finally {
      await source.close()
    }
  } finally {
    await places.close()
  }
}
