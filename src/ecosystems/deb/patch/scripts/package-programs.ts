/** Programs that packages bring for their scripts, where it can be seen in the image that they would change nothing. */
import type { Answer, Call } from './commands.ts'
import type { World } from './world.ts'

type Special = (call: Call) => Answer | undefined

const POSTGRES = 'usr/share/postgresql-common'

export const PACKAGE_PROGRAMS: ReadonlyMap<string, Special> = new Map<string, Special>([
  ['a2query', queryApache],
  ['phpquery', queryPhp],
  ['java', ({ args }) => (args.length === 1 && args[0] === '-version' ? {} : undefined)],
  ['pam-auth-update', ({ world }) => kept(world, !anyChanged(world, 'usr/share/pam-configs'), 'the profiles of PAM are as they were')],
  [
    'pg_updatedicts',
    ({ world }) =>
      kept(
        world,
        DICTIONARIES.every(folder => world.state.children(folder).length === 0),
        'there are no dictionaries',
      ),
  ],
  [`/${POSTGRES}/pg_checksystem`, () => ({ effects: [{ kind: 'harmless', why: 'it looks at a running system' }] })],
  [
    `/${POSTGRES}/run-upgrade-scripts`,
    ({ world }) =>
      kept(world, !world.state.children(`${POSTGRES}/upgrade-scripts`).some(name => name.includes('_')), 'there is nothing to upgrade'),
  ],
  [
    `/${POSTGRES}/pg_updateaptconfig`,
    ({ world }) => {
      const { state } = world
      const same = !state.changed(`${POSTGRES}/pg_updateaptconfig`) && state.get('etc/apt/apt.conf.d/02autoremove-postgresql') !== undefined
      return kept(world, same, 'clusters are as they were')
    },
  ],
])

const DICTIONARIES = ['usr/share/hunspell', 'usr/share/myspell/dicts', 'var/cache/postgresql/dicts']

/** Only on an upgrade can something be as it was. */
function kept({ package: { from } }: World, isSame: boolean, why: string): Answer | undefined {
  return from !== undefined && isSame ? { effects: [{ kind: 'harmless', why }] } : undefined
}

function anyChanged({ state }: World, folder: string): boolean {
  return state.children(folder).some(name => state.changed(`${folder}/${name}`))
}

const APACHE: Readonly<Record<string, readonly [folder: string, ending: string]>> = {
  '-m': ['mods-enabled', 'load'],
  '-s': ['sites-enabled', 'conf'],
  '-c': ['conf-enabled', 'conf'],
}

/** `a2query -m <module>`, and the same of sites and configurations: whether it is enabled, as a2query(1) says. */
function queryApache({ args, world }: Call): Answer {
  const [option = '', name, more] = args.filter(arg => arg !== '-q')
  const place = APACHE[option]
  if (place === undefined || name === undefined || more !== undefined) return {}
  const [folder, ending] = place
  const stem = name.replace(/^mod_/, '').replace(/\.(conf|load)$/, '')
  return { status: world.state.follow(`etc/apache2/${folder}/${stem}.${ending}`) !== undefined }
}

/** `phpquery -v <version> -S`: the interfaces (`cli`, `fpm` …) that PHP is installed for, as phpquery(1) says. */
function queryPhp({ args, world: { state } }: Call): Answer {
  const [option, version, action, more] = args
  if (option !== '-v' || version === undefined || !/^\d+\.\d+$/.test(version) || action !== '-S' || more !== undefined) return {}
  const left = /\.(?:dpkg-(?:old|new|dist)|bak|ucf-(?:old|new|dist))$|[~%]$/
  const names = state.children(`usr/lib/php/${version}/sapi`).filter(name => !left.test(name))
  return { status: true, prints: names.map(name => `${name}\n`).join('') }
}
