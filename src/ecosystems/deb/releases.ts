/**
 * Until when each release of Debian and Ubuntu gets security updates. Source: the table of the package distro-info-data, 0.58+deb12u6,
 * read in November 2026. Dates are inclusive.
 */
export interface KnownRelease {
  readonly distribution: 'debian' | 'ubuntu'
  readonly version: string
  readonly codename: string
  /** Ends of the archive's own updates: everybody gets them. Absent for releases that are still to come. */
  readonly standard?: string
  /** Debian: the LTS team, in the same archive. */
  readonly longTerm?: string
  /** Updates from an archive of its own, for those who have access: Debian ELTS, Ubuntu ESM (Pro). */
  readonly extended?: string
  readonly lts: boolean
}

const DEBIAN: readonly (readonly [string, string, string?, string?, string?])[] = [
  ['7', 'wheezy', '2016-04-25', '2018-05-31', '2020-06-30'],
  ['8', 'jessie', '2018-06-17', '2020-06-30', '2025-06-30'],
  ['9', 'stretch', '2020-07-18', '2022-06-30', '2027-06-30'],
  ['10', 'buster', '2022-09-10', '2024-06-30', '2029-06-30'],
  ['11', 'bullseye', '2024-08-14', '2026-08-31', '2031-06-30'],
  ['12', 'bookworm', '2026-07-11', '2028-06-30', '2033-06-30'],
  ['13', 'trixie', '2028-08-09', '2030-06-30', '2035-06-30'],
  ['14', 'forky'],
  ['15', 'duke'],
]

const UBUNTU: readonly (readonly [string, string, string, string?])[] = [
  ['14.04', 'trusty', '2019-04-25', '2024-04-25'],
  ['16.04', 'xenial', '2021-04-30', '2026-04-23'],
  ['18.04', 'bionic', '2023-05-31', '2028-04-26'],
  ['20.04', 'focal', '2025-05-29', '2030-04-23'],
  ['20.10', 'groovy', '2021-07-22'],
  ['21.04', 'hirsute', '2022-01-20'],
  ['21.10', 'impish', '2022-07-14'],
  ['22.04', 'jammy', '2027-06-01', '2032-04-21'],
  ['22.10', 'kinetic', '2023-07-20'],
  ['23.04', 'lunar', '2024-01-25'],
  ['23.10', 'mantic', '2024-07-11'],
  ['24.04', 'noble', '2029-05-31', '2034-04-25'],
  ['24.10', 'oracular', '2025-07-10'],
  ['25.04', 'plucky', '2026-01-15'],
  ['25.10', 'questing', '2026-07-09'],
  ['26.04', 'resolute', '2031-05-29', '2036-04-23'],
]

export const RELEASES: readonly KnownRelease[] = [
  ...DEBIAN.map(([version, codename, standard, longTerm, extended]) => ({
    distribution: 'debian' as const,
    version,
    codename,
    ...(standard !== undefined && { standard }),
    ...(longTerm !== undefined && { longTerm }),
    ...(extended !== undefined && { extended }),
    lts: false,
  })),
  ...UBUNTU.map(([version, codename, standard, extended]) => ({
    distribution: 'ubuntu' as const,
    version,
    codename,
    standard,
    ...(extended !== undefined && { extended }),
    lts: extended !== undefined,
  })),
]

/** How a release stands on a day. `extended` says until when an archive that not everybody may use goes on. */
export type Support =
  | { readonly state: 'supported' | 'long-term'; readonly until?: string }
  | { readonly state: 'ended'; readonly since: string; readonly extended?: { readonly name: 'ELTS' | 'ESM'; readonly until: string } }
  | { readonly state: 'unknown' }

/** `now` decides by its day in UTC. */
export function supportOf(release: KnownRelease | undefined, now: Date): Support {
  if (release === undefined) return { state: 'unknown' }
  const { standard, longTerm, extended } = release
  const today = now.toISOString().slice(0, 10)
  if (standard === undefined) return { state: 'supported' }
  if (today <= standard) return { state: 'supported', until: longTerm ?? standard }
  if (longTerm !== undefined && today <= longTerm) return { state: 'long-term', until: longTerm }
  return {
    state: 'ended',
    since: longTerm ?? standard,
    ...(extended !== undefined &&
      today <= extended && { extended: { name: release.distribution === 'debian' ? 'ELTS' : 'ESM', until: extended } }),
  }
}
