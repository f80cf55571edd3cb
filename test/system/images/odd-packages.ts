/**
 * Packages that do what few do, before and after an update, so that the patched tree can be compared with what dpkg itself leaves: every
 * kind of change of a file, of a conffile, of a maintainer script that dpkg's own helpers interpret, of triggers and of packages' ties.
 */
import type { DebContent, DebSpec } from '../../../src/ecosystems/deb/testing/make-deb.ts'

export interface OddPackages {
  readonly before: readonly DebSpec[]
  readonly after: readonly DebSpec[]
}

const LONG = `usr/share/odd-files/${'a-long-name-of-a-folder/'.repeat(6)}file`

/** What a pair of versions shares, and what each has of its own. */
function pair(name: string, fields: Readonly<Record<string, string>>, before: Omit<DebSpec, 'control'>, after: Omit<DebSpec, 'control'>) {
  const control = (version: string, more: Readonly<Record<string, string>> = {}) => ({
    Package: name,
    Version: version,
    Architecture: 'all',
    ...fields,
    ...more,
  })
  return { before: { ...before, control: control('1.0-1') }, after: { ...after, control: control('1.0-1+deb12u1') } }
}

const file = (path: string, content: string, more: Partial<DebContent> = {}): DebContent => ({ path, content, ...more })
const folder = (path: string, more: Partial<DebContent> = {}): DebContent => ({ path, directory: true, ...more })

const FILES = pair(
  'odd-files',
  { Section: 'misc', Priority: 'optional', Homepage: 'http://deb.example/', 'X-Odd-Field': 'kept' },
  {
    files: [
      folder('usr/share/odd-files'),
      file('usr/share/odd-files/same', 'same'),
      file('usr/share/odd-files/content', 'one'),
      file('usr/share/odd-files/to-link', 'one'),
      { path: 'usr/share/odd-files/to-file', link: 'same' },
      { path: 'usr/share/odd-files/link', link: 'same' },
      file('usr/share/odd-files/gone', 'one'),
      folder('usr/share/odd-files/emptied'),
      file('usr/share/odd-files/emptied/gone', 'one'),
      folder('usr/share/odd-files/in-use'),
      file('usr/share/odd-files/in-use/gone', 'one'),
      file('usr/share/odd-files/pair-1', 'one'),
      { path: 'usr/share/odd-files/pair-2', hardLink: 'usr/share/odd-files/pair-1' },
      file('usr/share/odd-files/parted-1', 'one'),
      { path: 'usr/share/odd-files/parted-2', hardLink: 'usr/share/odd-files/parted-1' },
      file('usr/share/odd-files/joined-1', 'one'),
      file('usr/share/odd-files/joined-2', 'two'),
      file('usr/share/odd-files/ünïcode name $(x)', 'one'),
      file(LONG, 'one'),
      file('usr/bin/odd-setuid', 'one', { mode: 0o4755 }),
      file('usr/bin/odd-setgid', 'one', { mode: 0o2755, group: 'shadow', gid: 42 }),
      file('usr/bin/odd-overridden', 'one', { mode: 0o4755 }),
      file('usr/bin/odd-diverted', 'one', { mode: 0o755 }),
      file('usr/bin/odd-capable', 'one', { mode: 0o755 }),
      file('lib/odd-merged', 'one'),
      file('sbin/odd-merged', 'one', { mode: 0o755 }),
    ],
  },
  {
    files: [
      folder('usr/share/odd-files'),
      file('usr/share/odd-files/same', 'same'),
      file('usr/share/odd-files/content', 'two'),
      { path: 'usr/share/odd-files/to-link', link: 'same' },
      file('usr/share/odd-files/to-file', 'two'),
      { path: 'usr/share/odd-files/link', link: 'content' },
      folder('usr/share/odd-files/new', { mode: 0o2775, group: 'mail', gid: 8 }),
      file('usr/share/odd-files/new/file', 'two', { mode: 0o640, group: 'mail', gid: 8 }),
      file('usr/share/odd-files/pair-1', 'two'),
      { path: 'usr/share/odd-files/pair-2', hardLink: 'usr/share/odd-files/pair-1' },
      { path: 'usr/share/odd-files/pair-3', hardLink: 'usr/share/odd-files/pair-1' },
      file('usr/share/odd-files/parted-1', 'two'),
      file('usr/share/odd-files/parted-2', 'three'),
      file('usr/share/odd-files/joined-1', 'four'),
      { path: 'usr/share/odd-files/joined-2', hardLink: 'usr/share/odd-files/joined-1' },
      file('usr/share/odd-files/ünïcode name $(x)', 'two'),
      file(LONG, 'two'),
      file('usr/bin/odd-setuid', 'two', { mode: 0o4755 }),
      file('usr/bin/odd-setgid', 'two', { mode: 0o2755, group: 'shadow', gid: 42 }),
      file('usr/bin/odd-overridden', 'two', { mode: 0o4755 }),
      file('usr/bin/odd-diverted', 'two', { mode: 0o755 }),
      file('usr/bin/odd-capable', 'two', { mode: 0o755 }),
      file('usr/bin/odd-new-setuid', 'two', { mode: 0o4755 }),
      file('usr/bin/odd-new-overridden', 'two', { mode: 0o4755 }),
      file('lib/odd-merged', 'two'),
      file('sbin/odd-merged', 'two', { mode: 0o755 }),
    ],
  },
)

/** Permissions that an update takes away or gives, with and without other content. */
const MODES = pair(
  'odd-modes',
  {},
  {
    files: [
      file('usr/bin/odd-no-longer-setuid', 'one', { mode: 0o4755 }),
      file('usr/bin/odd-only-mode', 'same', { mode: 0o4755 }),
      file('usr/bin/odd-owner', 'one', { mode: 0o755, group: 'mail', gid: 8 }),
      folder('usr/share/odd-modes', { mode: 0o777 }),
      file('usr/share/odd-modes/file', 'same'),
    ],
  },
  {
    files: [
      file('usr/bin/odd-no-longer-setuid', 'two', { mode: 0o755 }),
      file('usr/bin/odd-only-mode', 'same', { mode: 0o755 }),
      file('usr/bin/odd-owner', 'two', { mode: 0o755 }),
      folder('usr/share/odd-modes', { mode: 0o755 }),
      file('usr/share/odd-modes/file', 'same'),
    ],
  },
)

const CONFFILES = ['untouched', 'edited', 'edited-only-here', 'deleted', 'deleted-same', 'obsolete', 'obsolete-edited', 'plain']
const conf = (name: string) => `etc/odd-conf/${name}`
const declared = (...names: readonly string[]) => names.map(name => `${name.replace(/^(\S+ )?/, '$1/')}\n`).join('')
const MAINTSCRIPT = (calls: string) => `#!/bin/sh\nset -e\n${calls}exit 0\n`
const MOVES = [
  'rm_conffile /etc/odd-conf/removed',
  'rm_conffile /etc/odd-conf/removed-edited',
  'mv_conffile /etc/odd-conf/old /etc/odd-conf/new',
  'mv_conffile /etc/odd-conf/old-edited /etc/odd-conf/new-edited',
]
  .map(call => `dpkg-maintscript-helper ${call} 1.0-1+deb12u1~ odd-conf -- "$@"\n`)
  .join('')
const OLD = ['removed', 'removed-edited', 'old', 'old-edited', 'dropped', 'dropped-edited']

const CONF = pair(
  'odd-conf',
  {},
  {
    files: [...CONFFILES, ...OLD].map(name => file(conf(name), `${name} one\n`)),
    controlFiles: { conffiles: declared(...[...CONFFILES, ...OLD].map(conf)) },
  },
  {
    files: [
      ...['untouched', 'edited', 'deleted', 'plain', 'added', 'added-there'].map(name => file(conf(name), `${name} two\n`)),
      ...['edited-only-here', 'deleted-same'].map(name => file(conf(name), `${name} one\n`)),
      file(conf('new'), 'old two\n'),
      file(conf('new-edited'), 'old-edited two\n'),
    ],
    controlFiles: {
      conffiles: `${declared(...['untouched', 'edited', 'edited-only-here', 'deleted', 'deleted-same', 'added', 'added-there', 'new', 'new-edited'].map(conf))}remove-on-upgrade /etc/odd-conf/dropped\nremove-on-upgrade /etc/odd-conf/dropped-edited\nremove-on-upgrade /etc/odd-conf/never-there\n`,
      preinst: MAINTSCRIPT(MOVES),
      postinst: MAINTSCRIPT(MOVES),
      postrm: MAINTSCRIPT(MOVES),
    },
  },
)

const ALTERNATIVES = (script: string) => ({
  files: [file('usr/bin/odd-tool-a', script, { mode: 0o755 }), file('usr/share/man/man1/odd-tool-a.1', script)],
  controlFiles: {
    postinst: MAINTSCRIPT(
      'if [ "$1" = configure ]; then\nupdate-alternatives --install /usr/bin/odd-tool odd-tool /usr/bin/odd-tool-a 50 --slave /usr/share/man/man1/odd-tool.1 odd-tool.1 /usr/share/man/man1/odd-tool-a.1\nfi\n',
    ),
    prerm: MAINTSCRIPT('if [ "$1" = remove ]; then\nupdate-alternatives --remove odd-tool /usr/bin/odd-tool-a\nfi\n'),
  },
})

const TRIGGERS = pair(
  'odd-triggers',
  {},
  {
    files: [file('usr/share/odd-triggers/file', 'one')],
    controlFiles: { triggers: 'interest-noawait /usr/share/odd-cache\ninterest odd-named\n' },
  },
  {
    files: [file('usr/share/odd-triggers/file', 'two')],
    controlFiles: { triggers: 'interest-noawait /usr/share/odd-other\ninterest odd-renamed\nactivate-noawait ldconfig\n' },
  },
)

const SAME = pair(
  'odd-same',
  { Architecture: 'amd64', 'Multi-Arch': 'same' },
  { files: [file('usr/lib/x86_64-linux-gnu/odd-same', 'one'), file('usr/share/doc/odd-same/copyright', 'same')] },
  { files: [file('usr/lib/x86_64-linux-gnu/odd-same', 'two'), file('usr/share/doc/odd-same/copyright', 'same')] },
)

/** A file goes from one package to another, and a package comes in for it. */
const GIVER = {
  before: {
    control: { Package: 'odd-giver', Architecture: 'all' },
    files: [file('usr/share/odd-moved', 'one'), file('usr/share/odd-giver', 'one')],
  },
  after: {
    control: { Package: 'odd-giver', Version: '1.0-1+deb12u1', Architecture: 'all', Depends: 'odd-taker (= 1.0-1+deb12u1), odd-fresh' },
    files: [file('usr/share/odd-giver', 'two')],
  },
}
const TAKER = {
  before: { control: { Package: 'odd-taker', Architecture: 'all' }, files: [file('usr/share/odd-taker', 'one')] },
  after: {
    control: {
      Package: 'odd-taker',
      Version: '1.0-1+deb12u1',
      Architecture: 'all',
      Replaces: 'odd-giver (<< 1.0-1+deb12u1)',
      Breaks: 'odd-giver (<< 1.0-1+deb12u1)',
    },
    files: [file('usr/share/odd-taker', 'two'), file('usr/share/odd-moved', 'two')],
  },
}
const FRESH: DebSpec = {
  control: { Package: 'odd-fresh', Architecture: 'all', Description: 'brought for another\n A second line.\n .\n A third.' },
  files: [file('usr/share/odd-fresh', 'one'), file('etc/odd-fresh', 'one\n')],
  controlFiles: { conffiles: '/etc/odd-fresh\n', postinst: MAINTSCRIPT('') },
}

const ALTERNATIVE = pair('odd-alternative', {}, ALTERNATIVES('one'), ALTERNATIVES('two'))
const PAIRS = [FILES, MODES, CONF, ALTERNATIVE, TRIGGERS, SAME, GIVER, TAKER]

export const ODD: OddPackages = { before: PAIRS.map(({ before }) => before), after: [...PAIRS.map(({ after }) => after), FRESH] }

/** What an administrator does to the image before: a shell script for inside it. */
export const LIVED_IN = `set -e
dpkg -i /debs/*.deb >/dev/null
for name in edited edited-only-here obsolete-edited removed-edited old-edited dropped-edited; do echo 'by hand' >> /etc/odd-conf/$name; done
rm /etc/odd-conf/deleted /etc/odd-conf/deleted-same
echo 'added-there by hand' > /etc/odd-conf/added-there
echo mine > /usr/share/odd-files/in-use/mine
dpkg-divert --quiet --local --rename --add /usr/bin/odd-diverted
dpkg-statoverride --update --add root mail 0750 /usr/bin/odd-overridden
dpkg-statoverride --add root mail 0710 /usr/bin/odd-new-overridden
rm -rf /debs /etc/apt/sources.list
`
