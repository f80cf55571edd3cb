/**
 * The entry. The version and the check of Node.js come before anything else is loaded: the first has to be quick, the second has to
 * work where the rest would not even load.
 */
import manifest from '../../package.json' with { type: 'json' }

const OLDEST = [22, 18] as const

const words = process.argv.slice(2)

function tooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

if (tooOld(process.versions.node)) {
  const { FAULTS } = await import('../model/faults.ts')
  const message = `Suture needs Node.js ${OLDEST.join('.')} or newer; this is ${process.versions.node}`
  process.stderr.write(`error[node-too-old]: ${message}\nhint: ${FAULTS['node-too-old'].hint}\n`)
  process.exitCode = FAULTS['node-too-old'].exit
} else if (words.length === 1 && (words[0] === '--version' || words[0] === '-v')) {
  process.stdout.write(`${manifest.version}\n`)
} else {
  const { runProcess } = await import('./run-process.ts')
  await runProcess(words, manifest.version)
}
