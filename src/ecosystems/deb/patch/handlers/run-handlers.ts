/** What scripts and triggers asked for and is done here instead: authorities' certificates, the dynamic linker's cache. */
import type { ChangingPackage } from '../changing-package.ts'
import type { LayerBuilder } from '../layer-builder.ts'
import { renewCertificates } from './ca-certificates.ts'
import { renewLinkerCache } from './linker-cache.ts'

export async function runHandlers(
  handlers: ReadonlySet<string>,
  changes: readonly ChangingPackage[],
  builder: LayerBuilder,
): Promise<readonly { readonly package: string; readonly text: string }[]> {
  const owner = changes.find(({ to }) => to.name === 'ca-certificates') ?? changes[0]
  if (owner === undefined) return []
  const mtime = owner.newest
  if (handlers.has('ca-certificates')) {
    await renewCertificates({ files: builder.files, builder, origin: { package: owner.key, because: 'trigger' }, mtime })
  }
  if (!handlers.has('ld.so.cache')) return []
  const text = await renewLinkerCache(changes, builder)
  return text === undefined ? [] : [{ package: changes[0]?.key ?? '', text }]
}
