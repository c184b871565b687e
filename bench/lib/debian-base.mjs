import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './measure.mjs';

/** The base of the originals, Debian's minbase, as `DIR:NAME` of an OCI layout. Made by script/originals when it is not there. */
export function debianBase() {
  const layout = join(process.env.TARE_ORIGINALS || join(root, '.originals'), 'cache');
  if (!hasBase(layout)) run(join(root, 'script/originals'), ['py-status']);
  return `${layout}:base`;
}

function hasBase(layout) {
  const index = join(layout, 'index.json');
  if (!existsSync(index)) return false;
  const { manifests } = JSON.parse(readFileSync(index, 'utf8'));
  return manifests.some(({ annotations = {} }) => annotations['org.opencontainers.image.ref.name'] === 'base');
}
