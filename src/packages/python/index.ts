import { compareBytes, isInside, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import type { Manager } from '../manager.ts';
import { ownership, type Ownership } from '../ownership.ts';
import { recordEntry } from '../record-files.ts';
import { readDistInfos, readEggInfos, type Distribution } from './distributions.ts';
import { reducedHeaders } from './headers.ts';

/** Distributions of Python, whoever installed them: `*.dist-info` and `*.egg-info`. */
export const pythonDb: Manager = async (input) => {
  const distributions = [...(await readDistInfos(input)), ...(await readEggInfos(input))];
  if (distributions.length === 0) return undefined;
  const owners = ownership(input.tree, distributions);
  return {
    manager: 'python',
    packages: distributions.map((item) => item.pkg),
    owner: owners.owner,
    files: owners.files,
    lacks: owners.lacks,
    // oxlint-disable-next-line typescript/require-await -- a Manager's answer is a promise, and others do read
    reduced: async (kept) =>
      distributions
        .filter((item) => keepsCode(item, owners, kept))
        .flatMap((item) => reducedRecords(item, owners, kept))
        .sort((a, b) => compareBytes(a.path, b.path)),
  };
};

/** Something besides the records themselves. */
function keepsCode(item: Distribution, owners: Ownership, kept: (path: TreePath) => boolean): boolean {
  const paths = item.paths().filter((path) => !isInside(item.pkg.record, path));
  return owners.keepsAny({ pkg: item.pkg, paths: () => paths }, kept);
}

/** METADATA without prose, RECORD without what was dropped; what is kept whole stays as it is. */
function reducedRecords(item: Distribution, owners: Ownership, kept: (path: TreePath) => boolean): Entry[] {
  const { metadata, metadataText, record } = item;
  const out: Entry[] = [];
  if (!owners.keeps(metadata.path, kept))
    out.push(recordEntry(metadata.path, Buffer.from(reducedHeaders(metadataText), 'latin1')));
  if (record === undefined || owners.keeps(record.path, kept)) return out;
  const lines = record.lines.filter(([path]) => owners.keeps(path, kept)).map(([, line]) => `${line}\n`);
  return [...out, recordEntry(record.path, Buffer.from(lines.join(''), 'latin1'))];
}
