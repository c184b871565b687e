// The base images that the stories' FROM lines name, as an OCI layout: Debian by mmdebstrap, the others upon it by `tare build` itself.
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { tagsOf } from './layouts.mjs';
import { debianSources, makeBase, npmPackage } from './rootfs.mjs';

const SUITE = 'bookworm';
/** As Docker's own image: merged from the start, with no Perl to do it with, and apt removes what is only suggested by something that stays. */
const OPTIONS = [
  '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  '--include=usr-is-merged',
  `--customize-hook=echo 'APT::AutoRemove::SuggestsImportant "false";' >"$1/etc/apt/apt.conf.d/90autoremove"`,
];

/** Flags of `tare build` that give each name of a FROM line its image. */
export function contextsOf(layout, bases, wanted) {
  return wanted.flatMap((target) => ['--build-context', `${bases[target]}=oci:${layout}:${target}`]);
}

/**
 * Makes what is missing of `wanted` (targets of `recipe`). `tare(argv)` runs it; `packages` are the npm packages by the name that the recipe has for them.
 * Debian is kept as it is when only the recipe has changed: what stands on it stays in the cache.
 */
export async function ensureBases(wanted, { dir, force, layout, packages, recipe, say, settings, tare, work }) {
  const isDebian = !force && isMarked(join(dir, 'debian.key'), [SUITE, OPTIONS]);
  const isSame = isDebian && isMarked(join(dir, 'bases.key'), [readFileSync(recipe, 'utf8'), packages]);
  if (!isSame) rmSync(layout, { recursive: true, force: true });
  const there = existsSync(join(layout, 'index.json')) ? tagsOf(layout) : new Map();
  const missing = wanted.filter((target) => !there.has(target));
  if (missing.length === 0) return;
  const context = join(work, 'bases');
  mkdirSync(context, { recursive: true });
  const tar = join(dir, 'debian.tar');
  if (!isDebian || !existsSync(tar)) {
    say(`${SUITE}: ${debianSources(SUITE)[0]}`);
    rmSync(tar, { force: true });
    await makeBase(SUITE, tar, work, OPTIONS);
    mark(join(dir, 'debian.key'), [SUITE, OPTIONS]);
  }
  linkSync(tar, join(context, 'debian.tar'));
  const folders = await foldersOf(packages, missing, { say, work });
  for (const target of missing) {
    const argv = ['build', '-f', recipe, context, '--target', target, '-t', `base/${target}`];
    await tare([...argv, ...settings, ...folders, '-o', `oci:${layout}:${target}`]);
    say(`${target}: made`);
  }
  mark(join(dir, 'bases.key'), [readFileSync(recipe, 'utf8'), packages]);
}

/** Flags for the folders of packages; those that none of the targets copies from are empty. */
async function foldersOf(packages, targets, { say, work }) {
  const isDotnet = targets.some((target) => target.startsWith('dotnet'));
  const isNode = targets.some((target) => target.startsWith('node'));
  const flags = [];
  for (const [name, spec] of Object.entries(packages)) {
    let folder = join(work, name);
    mkdirSync(folder, { recursive: true });
    if (name === 'sdk' ? isDotnet : isNode) {
      const exact = spec.replace('$ARCH', process.arch);
      say(`npm: ${exact}`);
      folder = await npmPackage(exact, work);
    }
    flags.push('--build-context', `${name}=${folder}`);
  }
  return flags;
}

const keyOf = (value) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

function isMarked(file, value) {
  return existsSync(file) && readFileSync(file, 'utf8') === keyOf(value);
}

function mark(file, value) {
  writeFileSync(file, keyOf(value));
}
