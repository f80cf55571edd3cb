/** From an image's packages and what repositories offer to what moves, through the whole planner, on worlds small enough to see the answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { below, type DebCase, planned } from './deb/made-world.ts'

const rows: readonly {
  readonly says: string
  readonly of: DebCase
  readonly moves: readonly string[]
  readonly asked?: readonly string[]
}[] = [
  {
    says: 'one library moves alone, and the main suite is not looked into',
    of: {
      installed: { 'liba 1-1': {}, 'app 1-1': { depends: 'liba (>= 1)' }, 'other 1-1': {} },
      security: { 'liba 1-1+deb12u1': {}, 'other 1-1+deb12u1': {} },
      main: { 'liba 2-1': {} },
      flaws: below({ liba: '1-1+deb12u1' }),
    },
    moves: ['liba 1-1 → 1-1+deb12u1'],
    asked: [],
  },
  {
    says: 'of several fixing versions the lowest is taken',
    of: {
      installed: { 'liba 1-1': {} },
      security: { 'liba 1-2': {}, 'liba 1-3': {}, 'liba 1-1.1': {} },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['liba 1-1 → 1-2'],
  },
  {
    says: 'siblings that need the exact version move along, in both directions, and those that do not stay',
    of: {
      installed: {
        'perl 5-1': { source: 'perl', depends: 'perl-base (= 5-1)' },
        'perl-base 5-1': { source: 'perl' },
        'perl-doc 5-1': { source: 'doc', depends: 'perl (>= 5-1)' },
        'perl-tools 5-1': { source: 'tools', depends: 'perl-base (= 5-1)' },
      },
      security: {
        'perl 5-1+deb12u1': { source: 'perl', depends: 'perl-base (= 5-1+deb12u1)' },
        'perl-base 5-1+deb12u1': { source: 'perl' },
        'perl-doc 5-1+deb12u1': { source: 'doc', depends: 'perl (>= 5-1)' },
        'perl-tools 5-1+deb12u1': { source: 'tools', depends: 'perl-base (= 5-1+deb12u1)' },
      },
      flaws: below({ perl: '5-1+deb12u1' }),
    },
    moves: ['perl 5-1 → 5-1+deb12u1', 'perl-base 5-1 → 5-1+deb12u1', 'perl-tools 5-1 → 5-1+deb12u1'],
    asked: [],
  },
  {
    says: 'a sibling of which no suite has a fitting version keeps the fix out',
    of: {
      installed: { 'liba 1-1': {}, 'pin 1': { depends: 'liba (= 1-1)' } },
      security: { 'liba 1-2': {} },
      main: { 'pin 1': { depends: 'liba (= 1-1)' } },
      flaws: below({ liba: '1-2' }),
    },
    moves: [],
    asked: ['liba', 'pin'],
  },
  {
    says: 'what the main suite has newer is taken where the security suite alone would not do',
    of: {
      installed: { 'liba 1-1': {}, 'pin 1': { depends: 'liba (= 1-1)' } },
      security: { 'liba 1-2': {} },
      main: { 'pin 2': { depends: 'liba (>= 1-2)' } },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['liba 1-1 → 1-2', 'pin 1 → 2'],
    asked: ['liba', 'pin'],
  },
  {
    says: 'a fix that only a point release has comes from the main suite',
    of: { installed: { 'liba 1-1': {} }, security: { 'liba 1-2': {} }, main: { 'liba 1-3': {} }, flaws: below({ liba: '1-3' }) },
    moves: ['liba 1-1 → 1-3'],
    asked: ['liba'],
  },
  {
    says: 'where the record says that nothing is free of the flaw, no index is asked',
    of: { installed: { 'liba 1-1': {} }, main: { 'liba 1-3': {} }, flaws: () => ['CVE-open'] },
    moves: [],
    asked: [],
  },
  {
    says: 'a newer point release is never taken down to what the security suite has',
    of: { installed: { 'liba 1-3': {} }, security: { 'liba 1-2': {} }, flaws: source => (source === 'liba' ? ['CVE-liba'] : []) },
    moves: [],
  },
  {
    says: 'epochs and tildes count: 1:1 is higher than 2, 3~rc is lower than 3',
    of: {
      installed: { 'liba 2': {}, 'libb 3~rc1': {} },
      security: { 'liba 1:1': {}, 'libb 3': {} },
      flaws: below({ liba: '1:0', libb: '3' }),
    },
    moves: ['liba 2 → 1:1', 'libb 3~rc1 → 3'],
  },
  {
    says: 'a new dependency comes in when the fix needs it, with what it needs itself',
    of: {
      installed: { 'liba 1-1': {} },
      security: { 'liba 1-2': { depends: 'libnew (>= 1)' } },
      main: { 'libnew 1': { depends: 'libdeep' }, 'libnew 0': {}, 'libdeep 1': {} },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['liba 1-1 → 1-2', 'libdeep new → 1', 'libnew new → 1'],
    asked: ['liba', 'libnew', 'libdeep'],
  },
  {
    says: 'no new package where an installed alternative does',
    of: {
      installed: { 'liba 1-1': {}, 'libold 1': {} },
      security: { 'liba 1-2': { depends: 'libnew | libold' } },
      main: { 'libnew 1': {} },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['liba 1-1 → 1-2'],
    asked: [],
  },
  {
    says: 'a versioned Provides meets a versioned need, an unversioned one does not',
    of: {
      installed: { 'liba 1-1': {}, 'plain 1': { provides: 'virtual' }, 'good 1': { provides: 'api (= 3)' }, 'libb 1-1': {} },
      security: { 'liba 1-2': { depends: 'virtual (>= 2)' }, 'libb 1-2': { depends: 'api (>= 2)' } },
      flaws: below({ liba: '1-2', libb: '1-2' }),
    },
    moves: ['libb 1-1 → 1-2'],
    asked: ['liba', 'virtual'],
  },
  {
    says: 'what a fix breaks moves to where it is broken no more',
    of: {
      installed: { 'liba 1-1': {}, 'app 1': {} },
      security: { 'liba 1-2': { breaks: 'app (<< 2)' } },
      main: { 'app 2': {} },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['app 1 → 2', 'liba 1-1 → 1-2'],
    asked: ['liba', 'app'],
  },
  {
    says: 'what a fix breaks and cannot move keeps it out; nothing is removed',
    of: {
      installed: { 'liba 1-1': {}, 'app 1': {} },
      security: { 'liba 1-2': { conflicts: 'app' } },
      main: { 'app 2': {} },
      flaws: below({ liba: '1-2' }),
    },
    moves: [],
  },
  {
    says: 'a package on hold in the image or by the policy stays, and what needs it to move stays with it',
    of: {
      installed: { 'liba 1-1': {}, 'libb 1-1': { want: 'hold' }, 'libc 1-1': {} },
      security: { 'liba 1-2': { depends: 'libb (>= 1-2)' }, 'libb 1-2': {}, 'libc 1-2': {} },
      flaws: below({ liba: '1-2', libb: '1-2', libc: '1-2' }),
      policy: { hold: ['libc'] },
    },
    moves: [],
  },
  {
    says: 'a pin lets in what lies within it',
    of: {
      installed: { 'liba 1-1': {} },
      security: { 'liba 1-2': {}, 'liba 1-3': {} },
      flaws: below({ liba: '1-2' }),
      policy: { pin: { liba: '>= 1-3' } },
    },
    moves: ['liba 1-1 → 1-3'],
  },
  {
    says: 'what the image breaks already holds nothing back',
    of: {
      installed: { 'liba 1-1': { depends: 'missing, libold (>= 9)' }, 'libold 1': {}, 'app 1': { conflicts: 'liba' } },
      security: { 'liba 1-2': { depends: 'missing, libold (>= 9)' } },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['liba 1-1 → 1-2'],
    asked: [],
  },
  {
    says: 'a removed package of which configuration is left is not there',
    of: { installed: { 'liba 1-1': { state: 'config-files' } }, security: { 'liba 1-2': {} }, flaws: below({ liba: '1-2' }) },
    moves: [],
  },
  {
    says: 'architectures of one library move together',
    of: {
      installed: { 'liba 1-1': { multiArch: 'same' }, 'liba 1-1 i386': { architecture: 'i386', multiArch: 'same' } },
      security: { 'liba 1-2': { multiArch: 'same' }, 'liba 1-2 i386': { architecture: 'i386', multiArch: 'same' } },
      flaws: below({ liba: '1-2' }),
    },
    moves: ['liba 1-1 → 1-2', 'liba:i386 1-1 → 1-2'],
  },
  {
    says: 'of a source whose binaries are built apart, a rebuild of one is not mistaken for another source version',
    of: {
      installed: { 'liba 1-1+b1': { source: 'a', sourceVersion: '1-1' }, 'a-tools 1-1': { source: 'a', sourceVersion: '1-1' } },
      security: { 'liba 1-2+b1': { source: 'a', sourceVersion: '1-2' }, 'a-tools 1-2': { source: 'a', sourceVersion: '1-2' } },
      flaws: below({ a: '1-2' }),
    },
    moves: ['a-tools 1-1 → 1-2', 'liba 1-1+b1 → 1-2+b1'],
  },
  {
    says: 'an update that was asked for is made without any finding, to the highest that the security suite has, with its siblings',
    of: {
      installed: { 'liba 1-1': { source: 'a' }, 'a-tools 1-1': { source: 'a', depends: 'liba (= 1-1)' }, 'libb 1-1': {} },
      security: {
        'liba 1-2': { source: 'a' },
        'liba 1-3': { source: 'a' },
        'a-tools 1-3': { source: 'a', depends: 'liba (= 1-3)' },
        'libb 1-2': {},
      },
      flaws: () => [],
      update: ['liba'],
    },
    moves: ['a-tools 1-1 → 1-3', 'liba 1-1 → 1-3'],
    asked: [],
  },
  {
    says: 'an update of everything takes what can be had and leaves what is held back',
    of: {
      installed: { 'liba 1-1': {}, 'libb 1-1': {}, 'pin 1': { depends: 'libb (= 1-1)' } },
      security: { 'liba 1-2': {}, 'libb 1-2': {} },
      flaws: () => [],
      update: 'all',
    },
    moves: ['liba 1-1 → 1-2'],
    asked: ['libb', 'pin'],
  },
  {
    says: 'findings that were not asked about move nothing, but no new one is brought in',
    of: {
      installed: { 'liba 1-1': {}, 'libb 1-1': {} },
      security: { 'liba 1-2': {}, 'libb 1-2': {}, 'libb 1-3': {} },
      flaws: (source, version) =>
        source === 'liba'
          ? below({ liba: '1-2' })(source, version)
          : version === '1-2'
            ? ['CVE-new']
            : ['1-1'].includes(version)
              ? ['CVE-libb']
              : [],
      aside: ['liba'],
    },
    moves: ['libb 1-1 → 1-3'],
  },
  {
    says: 'a version whose maintainer script would have to run is barred, and the next is taken',
    of: {
      installed: { 'liba 1-1': {} },
      security: { 'liba 1-2': {}, 'liba 1-3': {} },
      flaws: below({ liba: '1-2' }),
      barred: { 'liba:amd64@1-2': 'one whose postinst would have to run' },
    },
    moves: ['liba 1-1 → 1-3'],
  },
]

for (const { says, of, moves, asked } of rows) {
  test(says, async () => {
    const found = await planned(of)
    assert.deepEqual(found.moves, moves)
    assert.deepEqual(found.proposal.realised.defects, [])
    if (asked !== undefined) assert.deepEqual(found.asked, asked)
  })
}
