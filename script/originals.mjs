// Makes the images of script/originals.d with foreign tools alone: mmdebstrap makes the base, umoci compares each step's files and writes its layer
// and the configuration. Every step is kept in a second layout (.originals/cache), so recipes that begin alike share layers and an edited one starts
// in the middle; both layouts share their blobs by hard links.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { annotationOf, makeLayout, prune, shareBlobs, tagsOf } from './lib/layouts.mjs';
import { argvOf, keysOf, makesLayer, pairsOf, parseRecipe } from './lib/recipe.mjs';
import { copyInto, debianSources, makeBase, runInside } from './lib/rootfs.mjs';
import { run, stopRunning } from './lib/run.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const RECIPES = join(PROJECT, 'script/originals.d');
const LAYOUT = resolve(process.env.TARE_ORIGINALS || join(PROJECT, '.originals'));
const CACHE = join(LAYOUT, 'cache');
const WORK = join(LAYOUT, 'work');
const SUITE = 'bookworm';
/** Changes when makeBase does. */
const BASE = `debian ${SUITE} minbase 4`;
const BASE_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ANNOTATION = 'tare.original.recipe';

const say = (text) => process.stderr.write(`${text}\n`);

const all = readdirSync(RECIPES)
  .filter((name) => name.endsWith('.Dockerfile'))
  .map((name) => name.slice(0, -'.Dockerfile'.length))
  .toSorted();
process.exitCode = await main();

/** The exit code. */
async function main() {
  let asked;
  try {
    asked = parseArgs({
      allowPositionals: true,
      options: { list: { type: 'boolean' }, force: { type: 'boolean' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    say(`script/originals: ${error.message}`);
    return 2;
  }
  const { values, positionals } = asked;
  const unknown = positionals.filter((name) => !all.includes(name));
  if (values.help) say('script/originals [--force] [NAME…] | --list');
  else if (values.list) for (const name of all) process.stdout.write(`${name}\t${recipe(name).title}\n`);
  else if (unknown.length === 0) return makeAll(positionals.length > 0 ? positionals : all, values.force === true);
  else say(`script/originals: no recipe is called ${unknown.join(', ')}; there are: ${all.join(' ')}`);
  return unknown.length === 0 ? 0 : 2;
}

async function makeAll(names, force) {
  let signalled;
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, () => {
      signalled = code;
      stopRunning();
    });
  try {
    // What a killed run left: nothing is mounted in it, for its mounts ended with their namespace.
    rmSync(WORK, { recursive: true, force: true });
    mkdirSync(WORK, { recursive: true });
    for (const layout of [LAYOUT, CACHE]) makeLayout(layout);
    for (const name of names) await ensure(name, force);
    const stages = all.flatMap((name) => recipe(name).keys.map(tagOfKey));
    await prune(CACHE, new Set(['base', ...all, ...stages]));
    await prune(LAYOUT, new Set(all));
    await openUp();
    return 0;
  } catch (error) {
    say(`script/originals: ${error.message}`);
    return signalled ?? 3;
  } finally {
    rmSync(WORK, { recursive: true, force: true });
  }
}

async function ensure(name, force) {
  const { steps, keys, digest } = recipe(name);
  if (!force && annotationOf(LAYOUT, name, ANNOTATION) === digest) say(`${name}: is there`);
  else {
    const began = performance.now();
    await make(name, { steps, keys, digest, force });
    say(`${name}: made in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  process.stdout.write(`oci:${relative(process.cwd(), LAYOUT) || '.'}:${name}\n`);
}

function tagOfKey(key) {
  return key.slice(0, 24);
}

/** `{title, steps, keys, digest}` of a recipe; `digest` covers what it says and what it copies. */
function recipe(name) {
  const parsed = parseRecipe(readFileSync(join(RECIPES, `${name}.Dockerfile`), 'utf8'), name);
  const keys = keysOf(parsed.steps, { project: PROJECT, base: BASE });
  return {
    ...parsed,
    keys,
    digest: createHash('sha256')
      .update(`1:${keys.at(-1)}`)
      .digest('hex'),
  };
}

async function make(name, { steps, keys, digest, force }) {
  const bundle = join(WORK, 'bundle');
  const root = join(bundle, 'rootfs');
  const stages = tagsOf(CACHE);
  const tag = (index) => (index < 0 ? 'base' : tagOfKey(keys[index]));
  const done = force ? -1 : steps.findLastIndex((step, index) => makesLayer(step) && stages.has(tag(index)));
  if (done < 0) await ensureBase();
  let env = [BASE_PATH];
  let cwd = '/';
  let last = tag(done);
  for (const [index, step] of steps.entries()) {
    if (step.word === 'ENV') env = merged(env, pairsOf(step.rest));
    if (step.word === 'WORKDIR') cwd = step.rest;
    if (!makesLayer(step) || index <= done) continue;
    if (!existsSync(bundle)) await run(['umoci', 'unpack', '--image', `${CACHE}:${last}`, bundle]);
    say(`${name}: ${step.line.slice(0, 160)}`);
    if (step.word === 'RUN') await runInside(root, step.rest, { env, cwd, work: WORK });
    else await copyInto(root, step.rest, { project: PROJECT, work: WORK });
    const createdBy = step.word === 'RUN' ? `RUN /bin/sh -c ${step.rest}` : step.line;
    last = tag(index);
    await run([
      'umoci',
      'repack',
      '--refresh-bundle',
      `--history.created_by=${createdBy}`,
      '--image',
      `${CACHE}:${last}`,
      bundle,
    ]);
  }
  rmSync(bundle, { recursive: true, force: true });
  await configure(name, { steps, last, digest, env });
  shareBlobs(CACHE, LAYOUT);
  await run(['skopeo', 'copy', '--quiet', `oci:${CACHE}:${name}`, `oci:${LAYOUT}:${name}`]);
}

async function ensureBase() {
  if (tagsOf(CACHE).has('base') && annotationOf(CACHE, 'base', ANNOTATION) === BASE) return;
  say(`${SUITE}: ${debianSources(SUITE)[0]}`);
  const tar = join(WORK, 'base.tar');
  await makeBase(SUITE, tar, WORK);
  await run(['umoci', 'new', '--image', `${CACHE}:base`]);
  await run([
    'umoci',
    'raw',
    'add-layer',
    `--history.created_by=mmdebstrap --variant=minbase ${SUITE}`,
    '--image',
    `${CACHE}:base`,
    tar,
  ]);
  await run([
    'umoci',
    'config',
    '--no-history',
    `--manifest.annotation=${ANNOTATION}=${BASE}`,
    `--config.env=${BASE_PATH}`,
    '--config.cmd=bash',
    '--image',
    `${CACHE}:base`,
  ]);
  rmSync(tar);
}

/** umoci writes for its own user alone: others read the layout too. */
async function openUp() {
  await run(['chmod', '-R', 'a+rX', ...['blobs', 'index.json', 'oci-layout'].map((name) => join(LAYOUT, name))]);
}

/** The finished image under the recipe's name: the last layer's stage with what the other instructions say, each in the history. */
async function configure(name, { steps, last, digest, env }) {
  const flags = {
    ENV: () => env.map((pair) => `--config.env=${pair}`),
    WORKDIR: (rest) => [`--config.workingdir=${rest}`],
    EXPOSE: (rest) =>
      rest.split(/\s+/).map((port) => `--config.exposedports=${port.includes('/') ? port : `${port}/tcp`}`),
    USER: (rest) => [`--config.user=${rest}`],
    STOPSIGNAL: (rest) => [`--config.stopsignal=${rest}`],
    ENTRYPOINT: (rest) => argvOf(rest).map((word) => `--config.entrypoint=${word}`),
    CMD: (rest) => ['--clear=config.cmd', ...argvOf(rest).map((word) => `--config.cmd=${word}`)],
  };
  await run(['umoci', 'tag', '--image', `${CACHE}:${last}`, name]);
  if (steps.some(({ word }) => word === 'ENTRYPOINT') && !steps.some(({ word }) => word === 'CMD'))
    await run(['umoci', 'config', '--no-history', '--clear=config.cmd', '--image', `${CACHE}:${name}`]);
  for (const step of steps.filter((step) => !makesLayer(step)))
    await run([
      'umoci',
      'config',
      `--history.created_by=${step.line}`,
      ...flags[step.word](step.rest),
      '--image',
      `${CACHE}:${name}`,
    ]);
  await run([
    'umoci',
    'config',
    '--no-history',
    `--manifest.annotation=${ANNOTATION}=${digest}`,
    '--image',
    `${CACHE}:${name}`,
  ]);
}

/** ENV: a later value of a key takes the earlier one's place. */
function merged(env, pairs) {
  const all = new Map([...env, ...pairs].map((pair) => [pair.slice(0, pair.indexOf('=')), pair]));
  return [...all.values()];
}
