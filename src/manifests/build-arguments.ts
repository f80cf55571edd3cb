/** Arguments of a Dockerfile before its first stage: their values, how often each is put in, and where the text of a default stands. */
import { LONGEST_REFERENCE, type Lookup, unquoted } from './image-use.ts'
import type { Word } from './instructions.ts'
import { expand } from './variables.ts'

interface Default {
  readonly text: string
  /** Where it stands literally. */
  readonly place?: { readonly start: number; readonly end: number }
}

export class BuildArguments {
  readonly #given: Lookup
  readonly #ofPlatform: ReadonlyMap<string, string>
  readonly #defaults = new Map<string, Default>()
  readonly #uses = new Map<string, number>()
  readonly #inStages = new Set<string>()

  /** `given`: what is known from elsewhere counts first. `platform`: `os/architecture[/variant]`. */
  constructor(given: Lookup, platform: string | undefined) {
    this.#given = given
    this.#ofPlatform = platformArguments(platform)
  }

  /** Counts: an argument that is put in at one place alone can be changed for that place. */
  readonly lookup: Lookup = name => {
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1)
    return this.#given(name) ?? this.#defaults.get(name)?.text ?? this.#ofPlatform.get(name)
  }

  /** `NAME`, `NAME=value`; the last definition counts. Between single quotes nothing is put in. */
  define({ text: word, place }: Word, mark: string): void {
    const equals = word.indexOf('=')
    const value = word.slice(equals + 1)
    const name = nameIn(word)
    if (equals < 0 || name === undefined || value.length > LONGEST_REFERENCE) return
    const literal = /^'([^']*)'$/.exec(value)?.[1]
    const { text, unset } = literal === undefined ? expand(unquoted(value), this.lookup, mark, LONGEST_REFERENCE) : { text: literal }
    const at = value.indexOf(text)
    const start = (place?.start ?? 0) + equals + 1 + at
    const isLiteral = place !== undefined && text !== '' && unquoted(value) === text
    if (unset === undefined) this.#defaults.set(name, { text, ...(isLiteral ? { place: { start, end: start + text.length } } : {}) })
    else this.#defaults.delete(name)
  }

  /** A stage takes an argument in: it may be put in anywhere in it. */
  takeIn({ text: word }: Word): void {
    this.#inStages.add(nameIn(word) ?? '')
  }

  /** The default that is put in at one place alone, where it stands literally; to be asked when everything was read. */
  onlyDefault(name: string): Default | undefined {
    const found = this.#defaults.get(name)
    const isAlone = this.#uses.get(name) === 1 && !this.#inStages.has(name) && this.#given(name) === undefined
    return isAlone && found?.place !== undefined ? found : undefined
  }
}

function nameIn(word: string): string | undefined {
  return /^([A-Za-z_][A-Za-z0-9_]{0,254})(?:=|$)/.exec(word)?.[1]
}

/** What a builder sets without being told. The machine that builds is not known here, so `BUILDPLATFORM` has no value. */
function platformArguments(platform: string | undefined): ReadonlyMap<string, string> {
  const [os = '', architecture = '', variant = ''] = platform?.split('/') ?? []
  if (platform === undefined) return new Map()
  return new Map([
    ['TARGETPLATFORM', platform],
    ['TARGETOS', os],
    ['TARGETARCH', architecture],
    ['TARGETVARIANT', variant],
  ])
}
