import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judged } from '../../testing/script-world.ts'
import type { Effect } from './effects.ts'

/** As PHP's packages do it. */
const purge = (target: string) =>
  `find /etc/mods/ -type l | \\\n  while read link; do\n    if [ "$(readlink $link)" = "${target}" ]; then rm -f "\${link}"; fi\n  done`

const section = (helper: string, body: string) => `# Automatically added by ${helper}/13.11.4\n${body}\n# End automatically added section`
const onConfigure = (body: string) => `if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ]; then\n${body}\nfi`

const CLASSES: readonly (readonly [string, string, 'none' | 'harmless' | 'handled' | 'needs-execution'])[] = [
  ['nothing', '', 'none'],
  ['a comment', '# rm -rf /', 'none'],
  ['an exit before anything', 'exit 0\nrm -rf /var', 'none'],
  ['a branch that is not taken', 'case "$1" in purge) rm -rf /var/lib/thing ;; configure|abort-*) : ;; *) exit 1 ;; esac', 'none'],
  ['a branch that is taken', 'case "$1" in configure) frobnicate ;; esac', 'needs-execution'],
  ['a version that is later already', 'if dpkg --compare-versions "$2" lt 1.0; then frobnicate; fi', 'none'],
  ['a version that is earlier', 'if dpkg --compare-versions "$2" lt-nl 1.6~; then frobnicate; fi', 'needs-execution'],
  ['a new installation’s work on an upgrade', 'if [ -z "$2" ]; then adduser --system somebody; fi', 'none'],
  ['a condition that cannot be answered', 'if [ "$(cat /usr/bin/tool)" = y ]; then frobnicate; fi', 'needs-execution'],
  ['a condition that cannot be answered, with nothing behind it', 'if grep -q y /usr/bin/tool; then echo yes; else true; fi', 'none'],
  ['a path that is there', 'if [ ! -e /usr/lib/ssl/.. ]; then frobnicate; fi', 'none'],
  ['a folder of the package, removed', 'rm -rf /var/lib/thing', 'handled'],
  ['everything, removed', 'rm -rf /*', 'needs-execution'],
  ['the root, removed', 'rm -rf /', 'needs-execution'],
  ['a folder that packages share, removed', 'rm -rf /usr/lib', 'needs-execution'],
  ['the package database, removed', 'rm -rf /var/lib/dpkg/alternatives/*', 'needs-execution'],
  ['a text that doubles', `x=xxxxxxxxxxxxxxxx\n${'x=$x$x\n'.repeat(40)}rm -f $x`, 'needs-execution'],
  ['words that double', `set -- a b c d e f g h\n${'set -- "$@" "$@"\n'.repeat(40)}true`, 'needs-execution'],
  ['a program that is not there', 'if command -v frobnicate >/dev/null 2>&1; then frobnicate; fi', 'none'],
  [
    'services',
    section(
      'dh_installsystemd',
      onConfigure(
        "if deb-systemd-helper --quiet was-enabled 'x.service'; then deb-systemd-helper enable 'x.service' >/dev/null || true; fi",
      ),
    ),
    'harmless',
  ],
  [
    'init scripts',
    section('dh_installinit', 'if [ -x /etc/x.conf ]; then update-rc.d x defaults >/dev/null; fi\ninvoke-rc.d x restart || exit 1'),
    'harmless',
  ],
  ['a systemd that does not run', 'if [ -d /run/systemd/system ]; then frobnicate; fi', 'none'],
  ['ldconfig', 'ldconfig', 'handled'],
  ['a trigger', 'dpkg-trigger --no-await ldconfig', 'harmless'],
  ['byte code', 'py3compile -p thing:amd64', 'handled'],
  ['debconf', '. /usr/share/debconf/confmodule\ndb_get thing/x\ndb_stop', 'harmless'],
  [
    'an alternative that is registered',
    'update-alternatives --install /usr/bin/editor editor /usr/bin/tool 20 --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/tool.1.gz',
    'harmless',
  ],
  [
    'an alternative of another priority',
    'update-alternatives --install /usr/bin/editor editor /usr/bin/tool 30 --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/tool.1.gz',
    'needs-execution',
  ],
  ['an alternative with one slave less', 'update-alternatives --install /usr/bin/editor editor /usr/bin/tool 20', 'needs-execution'],
  ['an alternative that is not registered, removed', 'update-alternatives --remove editor /usr/bin/other', 'harmless'],
  ['an alternative that is registered, removed', 'update-alternatives --remove editor /usr/bin/tool', 'needs-execution'],
  [
    'an alternative that nobody has',
    'if update-alternatives --list pager 2>/dev/null; then update-alternatives --remove-all pager; fi',
    'none',
  ],
  ['the programs of an alternative', '[ "$(update-alternatives --list editor)" = /usr/bin/tool ] || frobnicate', 'none'],
  ['a Java that runs', 'if java -version 2>/dev/null; then :; fi', 'none'],
  ['a Java that runs something', 'java -jar /usr/share/thing/x.jar', 'needs-execution'],
  ['PHP’s interfaces', 'for x in $(phpquery -v 8.2 -S); do [ "$x" = cli ] || frobnicate; done', 'none'],
  ['PHP’s modules', 'for x in $(phpquery -v 8.2 -s cli -M); do frobnicate; done', 'needs-execution'],
  ['a diversion that is there', 'dpkg-divert --package dash --divert /usr/bin/sh.distrib --add /usr/bin/sh', 'harmless'],
  ['a diversion that is not', 'dpkg-divert --package thing --divert /usr/bin/tool.real --rename --add /usr/bin/tool', 'needs-execution'],
  [
    'an override that is there',
    'if ! dpkg-statoverride --list /var/log/x >/dev/null; then dpkg-statoverride --update --add root adm 750 /var/log/x; fi',
    'none',
  ],
  [
    'an override that is not',
    'if ! dpkg-statoverride --list /var/log/y >/dev/null; then dpkg-statoverride --update --add root adm 750 /var/log/y; fi',
    'needs-execution',
  ],
  ['an account that is there', 'adduser --system --group redis || true', 'harmless'],
  ['an account that is not', 'adduser --system somebody', 'needs-execution'],
  ['somebody in a group already', 'adduser --quiet redis adm', 'harmless'],
  ['somebody who is asked for by groups', 'if ! id -Gn redis | grep -qw adm; then adduser redis adm; fi', 'none'],
  ['somebody of a group with a longer name', 'if ! id -Gn redis | grep -qw ad; then frobnicate; fi', 'needs-execution'],
  ['somebody whose groups nobody knows', 'if ! id -Gn root | grep -qw root; then frobnicate; fi', 'needs-execution'],
  ['somebody who is not', 'adduser redis root', 'needs-execution'],
  ['a file that is not there, removed', 'rm -f /etc/gone.conf', 'none'],
  ['a file that is there, removed', 'rm -f /etc/x.conf', 'handled'],
  ['a file removed perhaps', 'if grep -q y /usr/bin/tool; then rm -f /etc/x.conf; fi', 'needs-execution'],
  ['a file that nobody knows, removed', 'rm -f $(cat /usr/bin/tool)', 'needs-execution'],
  ['a folder that is there', 'mkdir -p /var/lib/thing', 'none'],
  ['a folder with no folder above it', 'if mkdir /gone/x; then frobnicate; fi', 'none'],
  ['a folder that cannot be made twice', 'if mkdir /var/lib/thing; then frobnicate; fi', 'none'],
  ['a mode taken from what is not there', 'if mkdir -m $(stat -L -c %a /gone) /gone/x 2>/dev/null; then frobnicate; fi', 'none'],
  ['a mode of a kind that is not known', 'mkdir -m u=rwx /srv', 'needs-execution'],
  ['several folders, one of which cannot be made', 'mkdir /srv /gone/x', 'needs-execution'],
  ['a folder in the folder that the script is in', 'mkdir x/y', 'needs-execution'],
  ['links found and led elsewhere', purge('/etc/gone/c.ini'), 'none'],
  ['a link found and removed', purge('/etc/avail/b.ini'), 'handled'],
  ['nothing found', 'find /etc/gone -type l | while read x; do rm -rf "$x"; done', 'none'],
  [
    'what find may print in ways that are not known',
    'find /etc/mods -newer /etc/x.conf | while read x; do rm -rf "$x"; done',
    'needs-execution',
  ],
  ['lines through a filter that is known', 'find /etc/mods -type l | sort | while read x; do rm -f "$x"; done', 'handled'],
  ['lines through one that is not', 'find /etc/mods -type l | sed s/a/b/ | while read x; do rm -f "$x"; done', 'needs-execution'],
  ['a loop that ends at its first line', 'find /etc/mods -type l | while read -r x; do break; frobnicate; done', 'none'],
  ['a module that is enabled', 'a2query -q -m mod_php.load || frobnicate', 'none'],
  ['a module that is not', 'a2query -m other && frobnicate', 'none'],
  ['a query of another kind', 'a2query -M || frobnicate', 'needs-execution'],
  ['a folder installed that is so already', 'install -d -m 755 /etc/mods', 'none'],
  ['a file installed', 'install -m 644 /etc/x.conf /srv/x', 'needs-execution'],
  ['a folder installed for nobody known', 'install -d -o nobody-known /srv', 'needs-execution'],
  ['a mode that is so already', 'chmod 644 /etc/x.conf', 'none'],
  ['a link into a folder', 'ln -sf /etc/ssl /usr/lib/ssl', 'needs-execution'],
  ['a link to a folder that is so already', 'ln -sfn /etc/ssl /usr/lib/ssl', 'none'],
  ['something written', 'echo new > /etc/x.conf', 'handled'],
  ['something written that is so already', 'echo -n x > /etc/x.conf', 'none'],
  ['something written through a link', 'echo x > /usr/lib/ssl/openssl.cnf', 'handled'],
  ['something written over a link', 'echo x > /usr/lib/ssl', 'needs-execution'],
  ['something written to dpkg’s own', 'echo x > /var/lib/dpkg/status', 'needs-execution'],
  ['something written where there is no folder', 'echo x > /gone/x', 'needs-execution'],
  ['something appended', 'echo x >> /etc/x.conf', 'needs-execution'],
  ['faults written', 'echo x 2> /etc/x.conf', 'needs-execution'],
  ['something written that nobody knows', 'date > /etc/x.conf', 'needs-execution'],
  ['something written perhaps', 'if grep -q y /etc/gone; then echo y > /etc/x.conf; fi', 'needs-execution'],
  ['something written in another way than one line', "printf 'a\\nb' > /etc/x.conf", 'needs-execution'],
  ['something written that may stand for files', 'echo *.conf > /etc/x.conf', 'needs-execution'],
  ['what is printed elsewhere', '[ -z "$(echo x >/dev/null)" ] && [ -z "$(echo x >&2)" ] || frobnicate', 'none'],
  ['what is printed beside faults that go elsewhere', '[ "$(echo x 2>/dev/null)" = x ] || frobnicate', 'none'],
  ['what was printed by the same words before', 'for c in echo export; do y=$($c x); done; [ "$y" = x ] || frobnicate', 'needs-execution'],
  ['what a file says', 'if [ "$(cat /etc/x.conf)" != x ]; then frobnicate; fi', 'none'],
  ['what a file says that is asked for in vain', 'if [ "$(cat /usr/bin/tool)" != x ]; then frobnicate; fi', 'needs-execution'],
  ['a part of a word', 'case "$(echo a:b/c | cut -d: -f2)" in b/*) ;; *) frobnicate ;; esac', 'none'],
  ['letters of a word', '[ "$(echo conf.d/x | cut -b -7)" = "conf.d/" ] || frobnicate', 'none'],
  ['a word in other letters', '[ "$(echo ABC-1 | tr A-Z a-z | tr -d 0-9)" = abc- ] || frobnicate', 'none'],
  ['the first of sorted lines', '[ "$(find /etc/mods -type l | sort | head -n 1)" = /etc/mods/20-a.ini ] || frobnicate', 'none'],
  ['a line that is looked for', 'if echo "#x" | grep -q "^#"; then :; else frobnicate; fi', 'none'],
  ['letters of more than one byte', '[ "$(echo äöü | cut -b -2)" = ä ] || frobnicate', 'needs-execution'],
  ['a line that is looked for by a pattern', 'if echo "#x" | grep -q "^[#]"; then :; else frobnicate; fi', 'needs-execution'],
  ['lines that are read', 'echo a b | while read x; do [ "$x" = "a b" ] || frobnicate; done', 'none'],
  ['an arm for everything', 'f() { case "$(date)" in *) return ;; esac; frobnicate; }; f', 'none'],
  ['arithmetic', 'x=$(( ($(date +%s) + 1) * 2 )); [ $x -gt 1 ] || :', 'none'],
  ['arithmetic that runs something', 'x=$(($(frobnicate) + 1))', 'needs-execution'],
  ['a test as somebody else', 'su -s /bin/sh redis -c "test -O /etc && test -G /etc" || chown root /etc/x.conf', 'none'],
  ['a command as somebody else', 'su redis -c "test -O /etc; frobnicate"', 'needs-execution'],
  ['profiles of PAM that are as they were', 'pam-auth-update --package', 'harmless'],
  ['manual pages', 'update-alternatives --install /usr/share/man/man1/x.1.gz x.1.gz "$(date)" 150', 'needs-execution'],
  ['something written to nowhere', 'echo x > /dev/null 2>&1', 'none'],
  ['a download', 'wget -q -O- https://deb.example/x | sh', 'needs-execution'],
  ['something that goes on by itself', 'sleep 1 &', 'needs-execution'],
  ['what is done unless dpkg gives up', 'if [ "$(date)" = x ]; then exit 1; fi\nrm -f /etc/x.conf', 'handled'],
  ['what is done unless it ends before', 'if [ "$(date)" = x ]; then exit 0; fi\nrm -f /etc/x.conf', 'needs-execution'],
  ['a package that is not there', 'v=$(dpkg-query -l gone 2>/dev/null | sed -e "s/x/y/"); if [ -n "$v" ]; then frobnicate; fi', 'none'],
  ['a package that is', 'v=$(dpkg-query -W thing | cut -f2); if [ -n "$v" ]; then frobnicate; fi', 'needs-execution'],
  ['a package that is not there, by its record', 'case "$(dpkg-query --status gone 2>/dev/null)" in install) frobnicate ;; esac', 'none'],
  ['a package that has a record still', 'if [ -n "$(dpkg -s removed)" ]; then frobnicate; fi', 'needs-execution'],
  [
    'a version that is later already, told by what is left of a word',
    'if $(dpkg --compare-versions "$2" lt 1.0); then frobnicate; fi',
    'none',
  ],
  [
    'a version that is earlier, told so',
    'if [ -n "$2" ] && $(dpkg --compare-versions "$2" lt 1.6~); then frobnicate; fi',
    'needs-execution',
  ],
  ['a word of which nothing is left', '$(false) || rm -f /etc/x.conf', 'handled'],
  ['a word that is used perhaps', `read x; y=$\{x:-$(frobnicate)}`, 'needs-execution'],
  ['a word that is used perhaps, and removes', `read x; y=$\{x:-$(rm -f /etc/x.conf)}`, 'needs-execution'],
  ['parts that would run', 'for f in $(run-parts --list /etc/parts); do rm -f "$f"; done', 'none'],
  ['parts with endings that would run', 'for f in $(run-parts --lsbsysinit --list /etc/parts); do rm -f "$f"; done', 'handled'],
  ['parts that run', 'run-parts /etc/parts', 'needs-execution'],
  ['words that are run', 'eval "$(cat /usr/bin/tool)"', 'needs-execution'],
  ['a program that nobody knows before', '$(cat /usr/bin/tool) now', 'needs-execution'],
  ['a function that is not called', 'f() { frobnicate; }', 'none'],
  ['a function that is called', 'f() { [ "$1" = a ] || frobnicate; }\nf b', 'needs-execution'],
  ['a function whose arguments make it nothing', 'f() { [ "$1" = a ] || frobnicate; }\nf a', 'none'],
  ['a script that is taken in', '. /usr/share/thing/functions\nsetup /var/lib/thing', 'none'],
  ['a script that cannot be read', '. /usr/share/thing/unknown', 'needs-execution'],
  ['a program that is a script itself', '/usr/share/thing/run', 'handled'],
  ['a loop over known words', 'for f in gone.conf lost.conf; do rm -f /etc/$f; done', 'none'],
  ['a loop over paths that match', 'for f in /etc/*.conf /etc/mods/*/*.ini; do rm -f "$f"; done', 'handled'],
  [
    'a loop over a pattern that nothing matches',
    'for f in /var/lib/thing/*.db /gone/*; do if [ -e "$f" ]; then frobnicate; fi; done',
    'none',
  ],
  ['a loop over a pattern that stays', 'for f in /gone/*; do [ "$f" = "/gone/*" ] || frobnicate; done', 'none'],
  ['a loop over a quoted pattern', 'for f in "/gone/*"; do rm -f "$f"; done', 'needs-execution'],
  ['a loop over what a container has when it runs', 'for f in /run/*; do rm -f "$f"; done', 'needs-execution'],
  ['a loop over arguments that look like patterns', 'set -- "/etc/*"; for f; do rm -f "$f"; done', 'needs-execution'],
  ['a loop over unknown words', 'for f in $(cat /usr/bin/tool); do rm -f "$f"; done', 'needs-execution'],
  ['a text inside', 'cat <<EOF\nrm -rf / $(true)\nEOF', 'none'],
  ['a text inside that runs something', 'cat <<EOF\n$(frobnicate)\nEOF', 'needs-execution'],
  ['a template that is unchanged', 'ucf --three-way /etc/x.conf /etc/x.conf.real', 'harmless'],
  ['what is no shell', '#!/usr/bin/perl\nunlink "x"\n', 'needs-execution'],
  ['what is no script', 'if then', 'needs-execution'],
  ['what goes on without end', 'f() { f; }\nf', 'needs-execution'],
  ['a conffile given up before that version', 'dpkg-maintscript-helper rm_conffile /etc/x.conf 1.0 thing -- "$@"', 'none'],
  ['a conffile given up in this version', 'dpkg-maintscript-helper rm_conffile /etc/x.conf 1.9~ thing -- "$@"', 'handled'],
  ['a link that is a folder already', 'dpkg-maintscript-helper symlink_to_dir /var/lib/thing other 1.9~ -- "$@"', 'none'],
  ['a folder that becomes a link', 'dpkg-maintscript-helper dir_to_symlink /var/lib/thing other 1.9~ -- "$@"', 'needs-execution'],
]

test('a script is judged by what its text does on the way that dpkg takes', () => {
  for (const [what, body, expected] of CLASSES) {
    const { verdict } = judged(body)
    assert.equal(verdict.class, expected, `${what}: ${JSON.stringify(verdict)}`)
  }
})

test('a reason names the command', () => {
  assert.deepEqual(judged('case "$1" in configure) frobnicate --now ;; esac').verdict, {
    class: 'needs-execution',
    why: 'frobnicate is not known: frobnicate --now',
  })
})

test('what a script changes is seen by what follows', () => {
  const changes = (effects: readonly Effect[]) => effects.flatMap(effect => (effect.kind === 'change' ? effect.change : []))
  assert.deepEqual(changes(judged('mkdir -p /srv/a/b\nif [ -d /srv/a ]; then chown redis:adm /srv/a/b; chmod 2750 /srv/a/b; fi').effects), [
    { kind: 'folder', path: 'srv', mode: 0o755 },
    { kind: 'folder', path: 'srv/a', mode: 0o755 },
    { kind: 'folder', path: 'srv/a/b', mode: 0o755 },
    { kind: 'owner', path: 'srv/a/b', uid: 101, gid: 4 },
    { kind: 'mode', path: 'srv/a/b', mode: 0o2750 },
  ])
})

test('what is written is what the command prints, to the byte', () => {
  const written = (body: string) =>
    judged(body).effects.flatMap(effect => (effect.kind === 'change' && effect.change.kind === 'content' ? effect.change.text : []))
  assert.deepEqual(written('echo a  b > /etc/new'), ['a b\n'])
  assert.deepEqual(written('echo -n a > /etc/new'), ['a'])
  assert.deepEqual(written('printf a > /etc/new'), ['a'])
  assert.deepEqual(written('basename /x/a.conf > /etc/new; readlink /usr/lib/ssl > /etc/other'), ['a.conf\n', '/etc/ssl\n'])
  assert.deepEqual(written('cat /etc/x.conf > /etc/new; echo a >> /etc/new'), ['x'])
})

test('install -d makes folders, and sets mode and owner of those that are there', () => {
  const changes = judged('install -d -m 2775 -o redis -g adm /srv/new /etc/mods').effects.flatMap(effect =>
    effect.kind === 'change' ? effect.change : [],
  )
  assert.deepEqual(changes, [
    { kind: 'folder', path: 'srv', mode: 0o755 },
    { kind: 'folder', path: 'srv/new', mode: 0o2775 },
    { kind: 'mode', path: 'etc/mods', mode: 0o2775 },
    { kind: 'owner', path: 'srv/new', uid: 101, gid: 4 },
    { kind: 'owner', path: 'etc/mods', uid: 101, gid: 4 },
  ])
})

test('folders are made with the mode that is given, however it is written', () => {
  const made = (body: string) =>
    judged(body).effects.flatMap(effect => (effect.kind === 'change' && effect.change.kind === 'folder' ? [effect.change] : []))
  for (const words of ['-m 2775', '-m2775', '--mode=2775', '--mode 2775', '-pm 2775', '-m $(stat -c %a /gone || echo 2775)'])
    assert.deepEqual(made(`mkdir ${words} /srv`), words.includes('$') ? [] : [{ kind: 'folder', path: 'srv', mode: 0o2775 }], words)
  assert.deepEqual(made('mkdir -m $(stat -L -c %a /etc) /etc/new'), [{ kind: 'folder', path: 'etc/new', mode: 0o755 }])
})
