/** Gives the reference its former image back. */
import { childOf, wholeImage } from '../../../images/whole-image.ts'
import { Fault } from '../../../model/faults.ts'
import type { ImageSink, ImageSource } from '../../../model/image.ts'
import type { ImageReceipt } from '../../../model/receipt.ts'
import type { EngineWorld } from '../../engine.ts'
import { formerImage } from './former-image.ts'
import { openPlaces } from './places.ts'

/**
 * What the reference pointed to before the fix, where that is another image than the one that was patched and still there; else the
 * image that was patched.
 */
async function giveBack(sink: ImageSink, receipt: ImageReceipt, source: ImageSource): Promise<void> {
  const { before } = receipt.to
  if (before !== undefined && before.digest !== receipt.from.digest) {
    const root = await childOf(source, before)
    try {
      if (root !== undefined) return void (await sink.write(await wholeImage({ ...source, root: async () => root })))
    } catch (fault) {
      if (!(fault instanceof Fault && fault.code === 'image-incomplete')) throw fault
    }
  }
  await sink.write(formerImage(receipt, source))
}

/** Throws `undo-conflict` where the reference points to another image by now. */
export async function undoImage(world: EngineWorld, receipt: ImageReceipt, dryRun: boolean, insecure: boolean): Promise<void> {
  const { reference, digest } = receipt.to
  const places = openPlaces(world, insecure)
  try {
    const source = await places.source(reference)
    try {
      const there = (await source.root()).descriptor.digest
      if (there === receipt.from.digest || there === receipt.to.before?.digest) {
        throw new Fault('undo-conflict', `${reference} points to ${there} again: this is taken back already.`, {
          hint: 'Name another receipt of .suture/receipts to take that one back.',
        })
      }
      if (there !== digest) {
        throw new Fault('undo-conflict', `${reference} points to ${there} by now, and the receipt is about ${digest}.`, {
          hint: 'Take back the later change first, or set the tag by hand.',
        })
      }
      if (dryRun) formerImage(receipt, source)
      else await giveBack(await places.sink(reference), receipt, source)
    } finally {
      await source.close()
    }
  } finally {
    await places.close()
  }
}
