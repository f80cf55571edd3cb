/** Container images: the cost of fixes beside `podman build`, of the inventory, and how it grows. Needs podman, runc and mmdebstrap. */
import { loadavg } from 'node:os'
import { imageFixes } from './image-fixes.ts'
import { imageGrowth } from './image-growth.ts'
import { imageInventory } from './image-inventory.ts'
import { openImageBench } from './image-setting.ts'

export async function imagesSection(): Promise<string> {
  const bench = openImageBench()
  try {
    const before = loadavg()
    const [inventory, fixes, growth] = [await imageInventory(bench), await imageFixes(bench), await imageGrowth(bench)]
    const load = (averages: readonly number[]) => averages.map(average => average.toFixed(1)).join(', ')
    return `## Container images

Real images of Debian's stable suite without its security updates, by mmdebstrap: minbase, a server set (nginx, openssl, curl, Python, Perl, PostgreSQL's
client, redis) and minbase's libraries as distroless images hold them; OCI layouts with gzip layers, patched in place. Times are of the
built command line as a process of its own, start and network included; the fastest of several runs, because others use the machine:
its load (1, 5, 15 minutes) was ${load(before)} before and ${load(loadavg())} after. Memory is the highest peak of these runs.

*Known before*: package indexes fetched and verified; the packages themselves downloaded; the image's layers indexed by an earlier \`suture plan\`. \`podman
build\` of a Dockerfile (\`FROM\`, \`RUN apt-get update && apt-get install -y --only-upgrade\` or \`upgrade -y\`, lists removed) runs once, its base
pulled before; its processor time includes its containers', its memory is the sum of resident sets, and packing the layer is not in its time.

*Floor*: the changed files and package database alone, in a bare archive, gzip -9. *Forced*: the package asked for and what exact versions tie
to it. Targets for the layer: at most 1 % above the floor, nothing unchanged, as many packages as are forced.

${fixes}

${inventory}

${growth}`
  } finally {
    bench.close()
  }
}
