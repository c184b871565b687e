// OCI layouts on disk: what script/originals needs beside umoci and skopeo.
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const blobPath = (layout, digest) => join(layout, 'blobs', ...digest.split(':'));

/** An empty layout, unless there is one. */
export function makeLayout(layout) {
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  if (existsSync(join(layout, 'index.json'))) return;
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [] }));
}

/** Tags of a layout and the digests of their manifests. */
export function tagsOf(layout) {
  const { manifests = [] } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  return new Map(
    (manifests ?? []).map(({ digest, annotations }) => [annotations?.['org.opencontainers.image.ref.name'], digest]),
  );
}

/** An annotation of the manifest with that tag; undefined without either. */
export function annotationOf(layout, tag, key) {
  const digest = tagsOf(layout).get(tag);
  return digest === undefined ? undefined : manifestOf(layout, digest).annotations?.[key];
}

/** Gives `to` all blobs of `from` by hard links: skopeo finds them there and copies none. */
export function shareBlobs(from, to) {
  for (const blob of readdirSync(join(from, 'blobs/sha256'))) {
    const target = blobPath(to, `sha256:${blob}`);
    if (!existsSync(target)) linkSync(blobPath(from, `sha256:${blob}`), target);
  }
}

/** Forgets every tag that is not wanted, and the blobs that no tag reaches then. */
export async function prune(layout, wanted) {
  for (const tag of tagsOf(layout).keys())
    if (!wanted.has(tag)) await run(['umoci', 'rm', '--image', `${layout}:${tag}`]);
  // Not `umoci gc`: it reads every byte of every blob.
  const reached = new Set([...tagsOf(layout).values()].flatMap((digest) => blobsOf(layout, digest)));
  for (const blob of readdirSync(join(layout, 'blobs/sha256')))
    if (!reached.has(`sha256:${blob}`)) rmSync(blobPath(layout, `sha256:${blob}`));
}

function blobsOf(layout, digest) {
  const { config, layers } = manifestOf(layout, digest);
  return [digest, config.digest, ...layers.map((layer) => layer.digest)];
}

function manifestOf(layout, digest) {
  return JSON.parse(readFileSync(blobPath(layout, digest), 'utf8'));
}
