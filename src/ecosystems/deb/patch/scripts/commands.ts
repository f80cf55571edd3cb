/**
 * What single commands would do to an image that lies still. Three tables (reading, services and caches, compiling), then commands whose
 * answer depends on the image. A command that stands in none of them needs execution.
 */

import { compareVersions, type Status, test } from './conditions.ts'
import type { Effect } from './effects.ts'
import type { Value } from './expand.ts'
import { changeFiles, FILE_COMMANDS } from './file-commands.ts'
import { filtered } from './filters.ts'
import { find } from './find.ts'
import { maintscriptHelper } from './maintscript-helper.ts'
import { PACKAGE_PROGRAMS } from './package-programs.ts'
import { alternatives, divert, statOverride } from './registrations.ts'
import { runParts } from './run-parts.ts'
import { findProgram, plain, type World } from './world.ts'

export interface Answer {
  /** Undefined where it is not known whether the command succeeds. */
  readonly status?: boolean | undefined
  readonly effects?: readonly Effect[]
  /** To the byte; undefined where it is not known what the command prints. */
  readonly prints?: string | undefined
  /** The program stands in no table. */
  readonly unknown?: boolean
}

export interface Call {
  readonly args: readonly Value[]
  readonly world: World
  /** As it is written. */
  readonly text: string
  /** `$@` of the script itself. */
  readonly script: readonly Value[]
  /** What it reads from the command before it in a pipe, where that is known. */
  readonly input?: string
}

const READS = new Set(
  (
    'cat grep egrep fgrep zgrep cut head tail tr sort uniq wc awk gawk mawk basename dirname readlink realpath ls stat uname expr getconf date ' +
    'md5sum sha1sum sha256sum cmp diff comm nproc arch hostname tput locale dpkg-query dpkg-vendor dpkg-architecture apt-config lsb_release ps pidof pgrep phpquery pg_lsclusters pg_conftool pg_controldata ' +
    'ss netstat lsmod getent id groups whoami logname tty test printf echo seq sleep sync column fold nl od xxd base64 env-query dpkg-realpath ' +
    'mountpoint findmnt blkid lsblk df du ischroot systemd-detect-virt runlevel who pathfind localedef-query dpkg-parsechangelog file logger'
  ).split(' '),
)

/** Program → why it does nothing here. */
const HARMLESS = new Map<string, string>([
  ...'deb-systemd-invoke systemctl invoke-rc.d service initctl telinit start-stop-daemon rc-service kill killall pkill killall5 needs-restart'
    .split(' ')
    .map(name => [name, 'no service runs in an image'] as const),
  ...'deb-systemd-helper update-rc.d systemd-tmpfiles udevadm systemd-hwdb rc-update chkconfig'
    .split(' ')
    .map(name => [name, 'registers services, as the version before did'] as const),
  ...'update-mime-database update-desktop-database gtk-update-icon-cache update-icon-caches glib-compile-schemas update-menus install-info update-info-dir fc-cache mandb update-mime update-texmf update-initramfs update-grub update-grub-defaults mktexlsr scrollkeeper-update gconf-schemas update-gconf-defaults update-gsettings apparmor_parser aa-enabled dbus-send gdk-pixbuf-query-loaders gio-querymodules update-gsfontmap update-fonts-alias update-fonts-dir update-fonts-scale update-notifier restorecon setsebool semodule ldconfig-query update-pciids debconf-updatepo'
    .split(' ')
    .map(name => [name, 'renews a cache or tells a running system'] as const),
  ...'db_version db_capb db_title db_settitle db_stop db_fset db_set db_reset db_input db_go db_beginblock db_endblock db_subst db_register db_unregister db_purge db_metaget db_get db_fget db_progress db_clear db_exist db_text db_info debconf-communicate debconf-set-selections'
    .split(' ')
    .map(name => [name, 'asks debconf, whose answers are kept'] as const),
])

const COMPILES = new Set('py3compile py3clean pycompile pyclean pypycompile pypyclean pypy3compile pypy3clean dh_python3'.split(' '))
const SILENT = new Set(
  ': true false set export unset umask cd local readonly shift read trap ulimit hash pushd popd wait times getopts alias shopt typeset declare'.split(
    ' ',
  ),
)

/** Folders whose programs go by their names. */
const PROGRAMS = /^\/(?:usr\/)?(?:(?:local\/|lib\/postgresql\/[\d.]+\/)?s?bin|lib\/[^/]+\/gdk-pixbuf-2\.0)\/[^/]+$/

/** The answer to one command whose name is known; functions and control are the interpreter's. */
export function runCommand(name: string, call: Call): Answer {
  const { args, world } = call
  const base = PROGRAMS.test(name) ? name.slice(name.lastIndexOf('/') + 1) : name
  if (SILENT.has(base))
    return { status: base === 'false' ? false : base === 'read' ? undefined : true, ...(/^(?:true|false|:)$/.test(base) && { prints: '' }) }
  if (base === '[' || base === 'test') return { status: test(base === '[' ? args.slice(0, -1) : args, world), prints: '' }
  if (FILE_COMMANDS.has(base)) return changeFiles(base, call)
  const special = SPECIAL.get(base)?.(call)
  if (special !== undefined) return special
  if (/^python3?(\.\d+)?$/.test(base) && args.some(arg => arg !== undefined && /(^|\/)(py_compile|compileall)(\.py)?$/.test(arg)))
    return { effects: [{ kind: 'handled', handler: 'compiled Python' }], status: true }
  const harmless = HARMLESS.get(base)
  if (harmless !== undefined) return { effects: [{ kind: 'harmless', why: harmless }] }
  if (COMPILES.has(base)) return { status: true, effects: [{ kind: 'handled', handler: 'compiled Python' }] }
  if (READS.has(base)) return filtered(base, call) ?? {}
  return { ...needs(call, `${base} is not known`), unknown: true }
}

export function needs({ text }: Pick<Call, 'text'>, why: string, paths?: readonly string[]): Answer {
  return { effects: [{ kind: 'needs', why, command: text, ...(paths !== undefined && { paths }) }] }
}

/** True for redirections that read, or that write to nowhere. */
export function writesNothing(operator: string, target: Value): boolean {
  if (operator === '<' || operator === '<<' || operator === '<&') return true
  return target !== undefined && (/^\/dev\/(null|stdout|stderr|tty|fd\/\d)$/.test(target) || (operator === '>&' && /^(\d|-)$/.test(target)))
}

type Special = (call: Call) => Answer | undefined

const SPECIAL = new Map<string, Special>([
  ...PACKAGE_PROGRAMS,
  ['dpkg', dpkg],
  ['dpkg-maintscript-helper', maintscriptHelper],
  ['dpkg-trigger', trigger],
  ['update-alternatives', alternatives],
  ['dpkg-divert', divert],
  ['dpkg-statoverride', statOverride],
  ...['ucf', 'ucfr', 'ucfq'].map(name => [name, ucf] as const),
  ...['setpriv', 'runuser', 'env', 'nice', 'ionice', 'timeout', 'nohup', 'chronic'].map(name => [name, wrapped] as const),
  ['ldconfig', () => ({ status: true, effects: [{ kind: 'handled', handler: 'ld.so.cache' }] })],
  ['update-ca-certificates', () => ({ status: true, effects: [{ kind: 'handled', handler: 'ca-certificates' }] })],
  ['command', program],
  ['which', program],
  ['type', program],
  ['echo', echo],
  ['printf', ({ args: [text, more] }) => ({ status: true, prints: more === undefined && !/[%\\]/.test(text ?? '') ? text : undefined })],
  ['basename', ({ args: [path] }) => ({ status: true, prints: line(path?.replace(/\/+$/, '').replace(/^.*\//, '')) })],
  [
    'dirname',
    ({ args: [path] }) => ({ status: true, prints: line(path?.includes('/') ? path.replace(/\/+[^/]*\/*$/, '') || '/' : path && '.') }),
  ],
  ['readlink', readlink],
  ['stat', stat],
  ['ls', ({ args, world }) => ({ status: filesExist(args, world) })],
  ['getent', getent],
  ['id', identity],
  ['sed', call => (/\s(?:-[a-zA-Z]*i|--in-place)/.test(call.text) ? needs(call, 'sed changes a file') : (filtered('sed', call) ?? {}))],
  ['dpkg-query', queryPackages],
  ['find', find],
  ['run-parts', runParts],
  ['su', su],
  ['xargs', xargs],
  ['tee', call => (call.args.every(arg => arg === '/dev/null') ? {} : needs(call, 'tee writes a file'))],
  ...['adduser', 'useradd', 'addgroup', 'groupadd'].map(name => [name, addAccount] as const),
  [
    'systemd-sysusers',
    ({ world }) =>
      world.package.from === undefined ? undefined : { effects: [{ kind: 'harmless', why: 'its accounts are there already' }] },
  ],
])

function joined(words: readonly Value[]): Value {
  return words.includes(undefined) ? undefined : words.join(' ')
}

/** A line as it is printed; nothing is no line. */
function line(text: Value): Value {
  return text === undefined || text === '' ? text : `${text}\n`
}

/** Shells differ in backslashes and options, and patterns may stand for files. */
function echo({ args }: Call): Answer {
  const bare = args[0] === '-n'
  const text = joined(bare ? args.slice(1) : args)
  return { status: true, prints: text === undefined || /^-|[\\*?[]/.test(text) ? undefined : bare ? text : `${text}\n` }
}

/** `su … -c` with nothing but tests, whose answers depend on who asks. */
function su({ args }: Call): Answer | undefined {
  const text = args[args.indexOf('-c') + 1]
  const isTest = (part: string) => /^\s*(?:test|\[)\s[^;&|<>`$()]*$/.test(part)
  return args.includes('-c') && text?.split(/&&|\|\|/).every(isTest) ? {} : undefined
}

function dpkg(call: Call): Answer {
  const args = call.args.filter(arg => arg !== '--')
  const [first, ...rest] = args
  if (first === '--compare-versions') return { status: compareVersions(rest[0], rest[1], rest[2]), prints: '' }
  if (first === '--print-architecture') return { status: true, prints: line(call.world.native) }
  const reads =
    /^(-[sLlSpCV]|--(status|listfiles|list|search|print-avail|print-foreign-architectures|assert-.*|validate-.*|verify|audit|get-selections|version))$/
  if (first !== undefined && reads.test(first)) {
    return queryPackages(call)
  }
  return needs(call, 'dpkg may change its database')
}

/** `-l`, `-s`, `-L` and `-W` with one name or more: nothing of what dpkg has no record of. */
function queryPackages({ args, world }: Call): Answer {
  const asks = args.find(arg => /^(?:-[lsLW]|--(?:list|status|listfiles|show))/.test(arg ?? ''))
  const names = args.filter(arg => arg === undefined || !/^-|\$\{/.test(arg)).map(name => name?.replace(/:[a-z0-9-]+$/, ''))
  if (asks === undefined || names.length === 0) return {}
  if (names.every(name => name !== undefined && /^[a-z0-9.+-]+$/.test(name) && !world.recorded.has(name)))
    return { status: false, prints: '' }
  const [name, more] = names
  return name !== undefined && more === undefined && world.versions.has(name) && /^-(?:[sL]|-status|-listfiles)/.test(asks)
    ? { status: true }
    : {}
}

function trigger({ args }: Call): Answer {
  const names = args.filter(arg => arg === undefined || !arg.startsWith('-'))
  if (args.includes('--check-supported')) return { status: true }
  const [name] = args.some(arg => arg?.startsWith('--by-package=')) || names.length === 1 ? names : names.slice(-1)
  return name === undefined ? {} : { status: true, effects: [{ kind: 'trigger', name }] }
}

/** `command -v`, `which`: whether a program is there. */
function program(call: Call): Answer | undefined {
  const names = call.args.filter(arg => arg === undefined || !arg.startsWith('-'))
  const [name] = names
  if (name === undefined || names.length !== 1) return {}
  if (SILENT.has(name) || name === 'command') return { status: true, prints: line(name) }
  const found = findProgram(call.world.state, name)
  return { status: found !== undefined, prints: line(found ?? '') }
}

function readlink({ args, world }: Call): Answer {
  const [path, more] = args
  if (path === undefined || more !== undefined || path.startsWith('-')) return {}
  const target = world.state.get(plain(path))?.target
  return { status: target !== undefined, prints: line(target ?? '') }
}

/** `stat -L -c %a <path>`, and the same of owners. */
function stat({ args, world }: Call): Answer {
  const [format, path, more] = args.filter(arg => arg !== '-L' && arg !== '-c' && arg !== '--')
  if (format === undefined || path === undefined || more !== undefined) return {}
  const facts = args.includes('-L') ? world.state.follow(plain(path)) : world.state.get(plain(path))
  if (facts === undefined) return { status: false, prints: '' }
  const known: Readonly<Record<string, string>> = {
    '%a': facts.mode.toString(8),
    '%u': String(facts.uid),
    '%g': String(facts.gid),
    '%s': String(facts.size),
  }
  return { status: true, ...(Object.hasOwn(known, format) && { prints: line(known[format]) }) }
}

function filesExist(args: readonly Value[], { state }: World): Status {
  const paths = args.filter(arg => arg === undefined || !arg.startsWith('-'))
  if (paths.length === 0 || paths.some(path => path === undefined || /[*?[]/.test(path))) return undefined
  return paths.every(path => state.follow(plain(path ?? '')) !== undefined)
}

function getent({ args, world }: Call): Answer {
  const [database, name] = args.filter(arg => arg !== '--')
  if (database === 'passwd') return account(name, world, 'user')
  return database === 'group' ? account(name, world, 'group') : {}
}

function account(name: Value, { accounts }: World, kind: 'user' | 'group'): Answer {
  return name === undefined ? {} : { status: accounts[kind](name) !== undefined }
}

/** `id <user>`: whether there is one; `id -Gn <user>`: the names of its groups. */
function identity({ args, world }: Call): Answer {
  const options = args.flatMap(arg => (arg?.startsWith('-') ? arg.slice(1) : [])).join('')
  const user = args.findLast(arg => arg === undefined || !arg.startsWith('-'))
  const groups = user === undefined || !/^(?:Gn|nG)$/.test(options) ? undefined : world.accounts.groupsOf(user)
  return { ...account(user, world, 'user'), ...(groups !== undefined && { prints: line(groups.join(' ')) }) }
}

/** An account that is there stays as it is, and so does a member of a group (`adduser <user> <group>`). */
function addAccount(call: Call): Answer {
  const plainWords = call.args.filter(arg => arg === undefined || !arg.startsWith('-'))
  const [user, member, more] = plainWords
  if (
    /^adduser\b/.test(call.text) &&
    member !== undefined &&
    more === undefined &&
    call.args.every(arg => !arg?.startsWith('-') || arg === '--quiet')
  ) {
    if (user !== undefined && call.world.accounts.isMember(user, member))
      return { status: true, effects: [{ kind: 'harmless', why: `${user} is in the group ${member} already` }] }
    return needs(call, 'it adds somebody to a group')
  }
  const name = plainWords.at(-1)
  const group = /^(addgroup|groupadd)/.test(call.text) || (call.args.includes('--group') && !call.args.includes('--system'))
  if (name !== undefined && account(name, call.world, group ? 'group' : 'user').status === true) {
    return { status: true, effects: [{ kind: 'harmless', why: `the account ${name} is there already` }] }
  }
  return needs(call, 'it adds an account')
}

/** Configuration files made from templates: an unchanged template changes nothing. */
function ucf(call: Call): Answer {
  const { args, world } = call
  const reads = /^ucf[rq]\b/.test(call.text) && !args.includes('--purge')
  if (reads) return { status: true, effects: [{ kind: 'harmless', why: 'ucf knows the file already' }] }
  const [template] = args.filter(arg => arg === undefined || !arg.startsWith('-'))
  const known = template?.startsWith('/') === true && world.state.follow(plain(template)) !== undefined
  const same = known ? !world.state.changed(plain(template)) : !world.templates
  if (world.package.from !== undefined && same)
    return { status: true, effects: [{ kind: 'harmless', why: 'the template of its configuration is unchanged' }] }
  return needs(call, 'a configuration file is made from a template that changed')
}

/** A program that runs another one. */
function wrapped(call: Call): Answer {
  const dashes = call.args.indexOf('--')
  const at = dashes >= 0 ? dashes + 1 : call.args.findIndex(arg => arg === undefined || !/^-|=|^\d+[smh]?$/.test(arg))
  const name = at < 0 ? undefined : call.args[at]
  if (name === undefined) return needs(call, 'what it runs is not known before')
  return runCommand(name, { ...call, args: call.args.slice(at + 1) })
}

/** Runs what its words say, on words that nobody knows. */
function xargs(call: Call): Answer {
  const at = call.args.findIndex(arg => arg === undefined || !arg.startsWith('-'))
  const name = at < 0 ? 'echo' : call.args[at]
  if (name === undefined) return needs(call, 'a command is not known before')
  return { effects: runCommand(name, { ...call, args: [...call.args.slice(at + 1), undefined] }).effects ?? [] }
}
