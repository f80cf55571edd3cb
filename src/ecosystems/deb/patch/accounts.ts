/** Names of owners as numbers: a .deb names its files' owners, and the image's own accounts say which numbers these are. */
import type { ImageFiles } from '../../../model/image.ts'

export interface Accounts {
  /** The number of a user or group; undefined where the image has none of that name. */
  user(name: string): number | undefined
  group(name: string): number | undefined
}

export async function readAccounts(files: ImageFiles): Promise<Accounts> {
  const [passwd, group] = ['etc/passwd', 'etc/group'].map(path => files.follow(path))
  const contents = await files.read([passwd, group].flatMap(file => file?.path ?? []))
  const users = numbers(contents.get(passwd?.path ?? ''))
  const groups = numbers(contents.get(group?.path ?? ''))
  return { user: name => users.get(name), group: name => groups.get(name) }
}

/** Both files are `name:password:number:…` a line; the first line of a name counts. */
function numbers(content: Uint8Array | undefined): ReadonlyMap<string, number> {
  const found = new Map<string, number>([['root', 0]])
  for (const line of Buffer.from(content ?? [])
    .toString('utf8')
    .split('\n')) {
    const [name = '', , number = ''] = line.split(':')
    if (/^\d{1,10}$/.test(number) && !found.has(name)) found.set(name, Number(number))
  }
  return found
}
