/** `[ … ]` and `dpkg --compare-versions`, answered from the image; undefined where they cannot be. */
import { deb } from '../../../../versions/deb.ts'
import type { Value } from './expand.ts'
import { plain, type World } from './world.ts'

export type Status = boolean | undefined

/** The arguments of `test`, without the closing bracket. */
export function test(args: readonly Value[], world: World): Status {
  const [first, second, third] = args
  if (first === '!' && args.length > 1 && !(args.length === 3 && isBinary(second))) return negate(test(args.slice(1), world))
  const or = args.indexOf('-o')
  if (or > 0 && args.length > 3) return either(test(args.slice(0, or), world), test(args.slice(or + 1), world))
  const and = args.indexOf('-a')
  if (and > 0 && args.length > 3) return both(test(args.slice(0, and), world), test(args.slice(and + 1), world))
  if (args.length === 0) return false
  if (args.length === 1) return first === undefined ? undefined : first !== ''
  if (args.length === 2) return unary(first, second, world)
  if (args.length === 3) return binary(first, second, third)
  return undefined
}

function isBinary(word: Value): boolean {
  return word !== undefined && /^(=|==|!=|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef|<|>)$/.test(word)
}

function unary(operator: Value, operand: Value, { state }: World): Status {
  if (operator === undefined || operand === undefined) return undefined
  const followed = () => state.follow(plain(operand))
  switch (operator) {
    case '-n':
      return operand !== ''
    case '-z':
      return operand === ''
    case '-e':
      return known(operand) ?? followed() !== undefined
    case '-f':
      return known(operand) ?? followed()?.type === 'file'
    case '-d':
      return known(operand) ?? followed()?.type === 'directory'
    case '-s':
      return known(operand) ?? (followed()?.size ?? 0) > 0
    case '-x':
      return known(operand) ?? executable(followed())
    case '-r':
    case '-w':
      return known(operand) ?? followed() !== undefined
    case '-L':
    case '-h':
      return known(operand) ?? state.get(plain(operand))?.type === 'symlink'
    case '-p':
    case '-S':
    case '-b':
      return known(operand) ?? (followed() === undefined ? false : undefined)
    default:
      return undefined
  }
}

/** Nothing has an empty name; what is in /proc, /sys, /dev and /run is made when a container starts, except that nothing manages services. */
function known(path: string): false | null {
  if (path === '') return false
  if (path.startsWith('/run/systemd')) return false
  return null
}

function executable(facts: { readonly type: string; readonly mode: number } | undefined): boolean {
  return facts !== undefined && (facts.type === 'directory' || (facts.mode & 0o111) !== 0)
}

function binary(left: Value, operator: Value, right: Value): Status {
  if (left === undefined || right === undefined || operator === undefined) return undefined
  if (operator === '=' || operator === '==') return left === right
  if (operator === '!=') return left !== right
  if (!/^-?\d{1,15}$/.test(left) || !/^-?\d{1,15}$/.test(right)) return undefined
  const difference = Number(left) - Number(right)
  const holds: Readonly<Record<string, boolean>> = {
    '-eq': difference === 0,
    '-ne': difference !== 0,
    '-lt': difference < 0,
    '-le': difference <= 0,
    '-gt': difference > 0,
    '-ge': difference >= 0,
  }
  return Object.hasOwn(holds, operator) ? holds[operator] : undefined
}

/** Source: dpkg(1): an absent version is earlier than any, but with `-nl` later than any. */
export function compareVersions(left: Value, operator: Value, right: Value): Status {
  if (left === undefined || operator === undefined || right === undefined) return undefined
  const match = /^(lt|le|eq|ne|ge|gt)(-nl)?$/.exec(operator)
  const sign: Readonly<Record<string, string>> = { '<<': 'lt', '<': 'le', '<=': 'le', '=': 'eq', '>=': 'ge', '>': 'ge', '>>': 'gt' }
  const relation = match?.[1] ?? (Object.hasOwn(sign, operator) ? sign[operator] : undefined)
  if (relation === undefined) return undefined
  const absent = match?.[2] === undefined ? -1 : 1
  const order = orderOf(left, right, absent)
  if (order === undefined) return undefined
  switch (relation) {
    case 'lt':
      return order < 0
    case 'le':
      return order <= 0
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'ge':
      return order >= 0
    default:
      return order > 0
  }
}

function orderOf(left: string, right: string, absent: number): number | undefined {
  if (left === '' && right === '') return 0
  if (left === '') return absent
  if (right === '') return -absent
  return deb.valid(left) && deb.valid(right) ? deb.compare(left, right) : undefined
}

export function negate(status: Status): Status {
  return status === undefined ? undefined : !status
}

export function both(left: Status, right: Status): Status {
  if (left === false || right === false) return false
  return left === undefined || right === undefined ? undefined : true
}

export function either(left: Status, right: Status): Status {
  if (left === true || right === true) return true
  return left === undefined || right === undefined ? undefined : false
}
