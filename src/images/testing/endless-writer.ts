/** A process that writes one of two images after the other under the same reference until it is killed. Arguments: a reference, a folder for temporary files. Says `ready` when the first is there. */
import { archiveSink } from '../archive/sink.ts'
import { layoutSink } from '../layout/sink.ts'
import { parseReference, printReference } from '../reference.ts'
import { registrySink } from '../registry/sink.ts'
import { testAccess } from '../registry/testing/access.ts'
import { makeImage, wholeOf } from './make-image.ts'

const [text = '', scratch = ''] = process.argv.slice(2)
const reference = parseReference(text)

function sink() {
  if (reference.kind === 'layout') return layoutSink({ ...reference, reference: printReference(reference) })
  if (reference.kind === 'archive') return archiveSink(reference, { scratch, stdout: async () => undefined })
  return registrySink(testAccess(), reference, { host: reference.host, repository: reference.repository, insecure: false })
}

for (let round = 0; ; round++) {
  // A new lowest layer each time, so that blobs are written and not only found.
  const made = makeImage({ layers: [`${process.pid} ${round} ${'x'.repeat(200_000)}`, round % 2 === 0 ? 'even' : 'odd'] })
  await sink().write(wholeOf(made))
  if (round === 0) process.stdout.write('ready\n')
}
