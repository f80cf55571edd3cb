/** The changes that scripts make for certain, put into the layer. */
import type { ImageFiles } from '../../../../model/image.ts'
import { keptFacts, type LayerBuilder, type Origin } from '../layer-builder.ts'
import type { FileChange } from './effects.ts'

export async function applyChanges(
  changes: readonly FileChange[],
  files: ImageFiles,
  builder: LayerBuilder,
  owner: string,
  mtime: number,
): Promise<void> {
  const origin: Origin = { package: owner, because: 'trigger' }
  const root = { uid: 0, gid: 0, mtime }
  for (const change of changes) {
    const path = files.canonical(change.path) ?? change.path
    switch (change.kind) {
      case 'remove':
        builder.hide(path, origin)
        break
      case 'folder':
        if (!builder.exists(path)) builder.put({ path, kind: 'directory', mode: change.mode, ...root }, origin)
        break
      case 'link':
        builder.put({ path, kind: 'symlink', target: change.target, mode: 0o777, ...root }, origin)
        break
      case 'empty-file':
        if (!builder.exists(path)) builder.put({ path, kind: 'file', content: new Uint8Array(), mode: 0o644, ...root }, origin)
        break
      case 'content': {
        const now = files.get(path)
        const facts = now?.type === 'file' ? keptFacts(now, mtime) : { mode: 0o644, ...root }
        builder.put({ path, kind: 'file', content: Buffer.from(change.text), ...facts }, origin)
        break
      }
      case 'mode':
        await changeFacts(path, { mode: change.mode }, files, builder, origin)
        break
      case 'owner':
        await changeFacts(
          path,
          { ...(change.uid !== undefined && { uid: change.uid }), ...(change.gid !== undefined && { gid: change.gid }) },
          files,
          builder,
          origin,
        )
        break
      case 'conffile':
        break
    }
  }
}

async function changeFacts(
  path: string,
  facts: { readonly mode?: number; readonly uid?: number; readonly gid?: number },
  files: ImageFiles,
  builder: LayerBuilder,
  origin: Origin,
): Promise<void> {
  const entry = builder.get(path)
  if (entry !== undefined) {
    if (entry.kind !== 'whiteout') builder.put({ ...entry, ...facts }, origin)
    return
  }
  const now = files.get(path)
  if (now === undefined) return
  const changed = { ...keptFacts(now, now.mtime), ...facts }
  if (now.type === 'directory') builder.put({ path, kind: 'directory', ...changed }, origin)
  else if (now.type === 'symlink') builder.put({ path, kind: 'symlink', target: now.target ?? '', ...changed }, origin)
  else if (now.type === 'file') {
    const content = (await files.read([path])).get(path)
    if (content !== undefined) builder.put({ path, kind: 'file', content, ...changed }, origin)
  }
}
