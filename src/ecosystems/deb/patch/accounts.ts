/** Names of owners as numbers: a .deb names its files' owners, and the image's own accounts say which numbers these are. */
import type { ImageFiles } from '../../../model/image.ts'

export interface Accounts {
  /** The number of a user or group; undefined where the image has none of that name. */
  user(name: string): number | undefined
  group(name: string): number | undefined
  /** Whether the group's own line lists the user. */
  isMember(user: string, group: string): boolean
  /** Names of a user's groups, its own first; undefined where it is not known. */
  groupsOf(user: string): readonly string[] | undefined
}

export async function readAccounts(files: ImageFiles): Promise<Accounts> {
  const [passwd, group] = ['etc/passwd', 'etc/group'].map(path => files.follow(path))
  const contents = await files.read([passwd, group].flatMap(file => file?.path ?? []))
  const users = linesOf(contents.get(passwd?.path ?? ''))
  const groups = linesOf(contents.get(group?.path ?? ''))
  return {
    user: name => numberIn(users, name),
    group: name => numberIn(groups, name),
    isMember: (user, name) => isListed(user, groups.get(name)),
    groupsOf(user) {
      const own = users.get(user)?.[3]
      const first = [...groups].find(([, [, , number]]) => number === own)?.[0]
      if (own === undefined || first === undefined) return undefined
      return [first, ...[...groups].flatMap(([name, line]) => (name !== first && isListed(user, line) ? name : []))]
    },
  }
}

function isListed(user: string, line: readonly string[] | undefined): boolean {
  return line?.[3]?.split(',').includes(user) === true
}

/** Both files are `name:password:number:…` a line, groups with their members behind; the first line of a name counts. */
function linesOf(content: Uint8Array | undefined): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const line of Buffer.from(content ?? [])
    .toString('utf8')
    .split('\n')) {
    const fields = line.split(':')
    const [name = '', , number = ''] = fields
    if (/^\d{1,10}$/.test(number) && !found.has(name)) found.set(name, fields)
  }
  return found
}

function numberIn(lines: ReadonlyMap<string, readonly string[]>, name: string): number | undefined {
  const number = lines.get(name)?.[2]
  return number === undefined ? (name === 'root' ? 0 : undefined) : Number(number)
}
