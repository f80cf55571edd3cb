/** A small image, and scripts judged in it: for tests. */
import { judge } from '../patch/scripts/oracle.ts'
import type { World } from '../patch/scripts/world.ts'
import { memoryFiles } from './memory-files.ts'

const FILES = memoryFiles({
  'etc/x.conf': 'x',
  'usr/bin/tool': '',
  'etc/ssl/openssl.cnf': '',
  'etc/mods/20-a.ini': { link: '/etc/avail/a.ini' },
  'etc/mods/sub/30-b.ini': { link: '/etc/avail/b.ini' },
  'etc/apache2/mods-enabled/php.load': '',
  'usr/lib/php/8.2/sapi/cli': '',
  'etc/parts/10-a.sh-x': '',
  'etc/parts/10-a.dpkg-old': '',
  'usr/lib/ssl': { link: '/etc/ssl' },
  'var/lib/thing/data': '',
  'usr/share/thing/functions': 'setup() { mkdir -p "$1"; }\n',
  'usr/share/thing/run': '#!/bin/sh\nrm -f /etc/x.conf\n',
  'var/lib/dpkg/alternatives/editor':
    'auto\n/usr/bin/editor\neditor.1.gz\n/usr/share/man/man1/editor.1.gz\n\n/usr/bin/tool\n20\n/usr/share/man/man1/tool.1.gz\n',
})
const TEXTS = new Map([
  [
    'var/lib/dpkg/alternatives/editor',
    'auto\n/usr/bin/editor\neditor.1.gz\n/usr/share/man/man1/editor.1.gz\n\n/usr/bin/tool\n20\n/usr/share/man/man1/tool.1.gz\n',
  ],
])
const INCLUDED = new Map([
  ['/etc/x.conf', 'x'],
  ['/usr/share/thing/functions', 'setup() { mkdir -p "$1"; }\n'],
  ['/usr/share/thing/run', '#!/bin/sh\nrm -f /etc/x.conf\n'],
])

export const WORLD: Omit<World, 'read'> = {
  state: {
    get: path => FILES.get(FILES.canonical(path) ?? path),
    follow: path => FILES.follow(path),
    children: path => FILES.children(path),
    text: path => TEXTS.get(path),
    changed: path => path === 'usr/share/thing/new.conf',
  },
  accounts: {
    user: name => ({ root: 0, redis: 101 })[name],
    group: name => ({ root: 0, adm: 4 })[name],
    isMember: (user, group) => user === 'redis' && group === 'adm',
    groupsOf: user => (user === 'redis' ? ['redis', 'adm'] : undefined),
  },
  diversions: [{ from: 'usr/bin/sh', to: 'usr/bin/sh.distrib', by: 'dash' }],
  statOverrides: [{ user: 'root', group: 'adm', mode: 0o750, path: 'var/log/x' }],
  native: 'amd64',
  versions: new Map([['thing', '2.0-1']]),
  recorded: new Set(['thing', 'removed']),
  package: { name: 'thing', from: '1.5-1', to: '2.0-1' },
  repeats: false,
  templates: false,
  sameManuals: false,
}

/** What a postinst with this body would do; on an upgrade, unless `args` say otherwise. */
export function judged(body: string, world: Partial<World> = {}, args = ['configure', '1.5-1']) {
  return judge({
    name: 'postinst',
    text: body.startsWith('#!') ? body : `#!/bin/sh\nset -e\n${body}\n`,
    args,
    architecture: 'amd64',
    world: { ...WORLD, ...world },
    included: INCLUDED,
    wanted: () => {},
  })
}
