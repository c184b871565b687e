import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { errnoOf } from '../base/error.ts';
import { bytesOfText, compareBytes, isInside, type TreePath } from '../base/path.ts';
import { CONFIG_FILE } from '../config/config.ts';
import type { Descriptor } from '../oci/types.ts';
import {
  filesResource,
  hashedFiles,
  imageResource,
  isLockFile,
  shownReference,
} from '../attest/provenance/resources.ts';
import { maskedValues, maskedWords, present } from '../attest/provenance/parameters.ts';
import { digestSet } from '../attest/provenance/statement.ts';
import type { BuildFacts, Resource } from '../attest/provenance/types.ts';
import { readHostFile } from '../transports/host-file.ts';
import type { Entry } from '../tree/types.ts';
import type { Prepared } from './prepare.ts';
import { platformText } from './warehouse.ts';

/** What an application says of itself. */
const MANIFESTS: ReadonlySet<string> = new Set([CONFIG_FILE, 'package.json', 'pyproject.toml', 'global.json']);

/**
 * From what an application folder became an image: the files that were taken, of the folder and of its warehouse, and the settings.
 * @param dir as it was named: what is compiled first lies elsewhere
 * @throws TareError what reading throws
 */
export async function folderFacts(prepared: Prepared, evidence: Descriptor, dir: string): Promise<BuildFacts> {
  const { content, plan, tree, warehouse } = prepared;
  const kept = plan.keep.flatMap((item) => {
    const entry = tree.get(item.path);
    return entry?.content === undefined ? [] : [entry];
  });
  const { mount } = prepared.application;
  const [own, others] = [
    kept.filter(({ path }) => isInside(mount, path)),
    kept.filter(({ path }) => !isInside(mount, path)),
  ];
  const hashed = async (entries: readonly Entry[], root: TreePath) =>
    hashedFiles(
      entries.map((entry) => [relative(root, entry.path), entry] as const),
      content,
    );
  const { image } = warehouse;
  const base =
    image === undefined
      ? filesResource('host', await hashed(others, '/' as TreePath))
      : imageResource('warehouse', {
          reference: image.reference,
          digest: image.descriptor.digest,
          platform: warehouse.platform,
        });
  return {
    type: 'folder',
    parameters: parametersOf(prepared),
    dependencies: [filesResource('application', await hashed(own, mount)), base, ...(await manifestsOf(prepared, dir))],
    byproducts: [{ name: 'evidence', digest: digestSet(evidence.digest) }],
  };
}

const relative = (root: TreePath, path: TreePath): string => path.slice(root === '/' ? 1 : root.length + 1);

/** Settings of tare.yaml and flags together; what only decides whether the image may have its name is no part of them. */
function parametersOf({ epoch, settings, start, warehouse }: Prepared): BuildFacts['parameters'] {
  const { env = {}, from = 'host', labels = {} } = settings;
  const { budget: _b, check: _c, lint: _l, name: _n, probes: _p, timeoutMs: _t, ...shaping } = settings;
  return present({
    ...shaping,
    from: shownReference(from),
    platform: platformText(warehouse.platform),
    entrypoint: start.entrypoint === undefined ? undefined : maskedWords(start.entrypoint),
    cmd: start.cmd === undefined ? undefined : maskedWords(start.cmd),
    epoch: epoch === 0 ? undefined : epoch,
    env: maskedValues(Object.entries(env)),
    labels: maskedValues(Object.entries(labels)),
  });
}

/** Of the folder, and of the workspace that it is a part of. */
async function manifestsOf({ application }: Prepared, dir: string): Promise<readonly Resource[]> {
  const own = await manifestsIn(dir);
  if (application.isCompiled === true || application.dir === application.mount) return own;
  const shared = await manifestsIn(application.hostRoot);
  return [
    ...own,
    ...shared.map(({ digest, name = '' }) => ({
      name: `workspace/${name}`,
      ...(digest === undefined ? {} : { digest }),
    })),
  ];
}

/** Lock files and manifests at the top of a folder, each by its own digest. */
async function manifestsIn(dir: string): Promise<readonly Resource[]> {
  const names = (await readdir(dir)).map(bytesOfText).filter((name) => MANIFESTS.has(name) || isLockFile(name));
  const found: Resource[] = [];
  for (const name of names.sort(compareBytes)) {
    const file = join(dir, name);
    if (!(await isFile(file))) continue;
    const sum = createHash('sha256');
    for await (const chunk of readHostFile(file, 'file', 'E_PATH_NOT_FOUND')) sum.update(chunk);
    found.push({ name, digest: { sha256: sum.digest('hex') } });
  }
  return found;
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
