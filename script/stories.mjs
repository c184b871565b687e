// Builds the stories of script/stories.d/stories.mjs and tells what came of them. Each Dockerfile is one command, `tare build -f … --shrink`, which builds
// it, shrinks the result, and compares the answers of both; then the whole image is asked by itself, and the naive one is linted, mended and built again.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run, stopRunning } from './lib/run.mjs';
import { contextsOf, ensureBases } from './lib/story-bases.mjs';
import { hostSettings, leaks } from './lib/story-host.mjs';
import { lintTable, storyTable, withSection } from './lib/story-tables.mjs';
import { BASES, STORIES } from './stories.d/stories.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const DOCKERFILES = join(PROJECT, 'examples/dockerfiles');
const README = join(DOCKERFILES, 'README.md');
const HOME = resolve(process.env.TARE_STORIES || join(PROJECT, '.stories'));
const LAYOUT = join(HOME, 'bases');
const WORK = join(HOME, 'work');
const PLAIN_BASES = ['debian', 'alpine'];

const say = (text) => process.stderr.write(`${text}\n`);
process.exitCode = await main();

/** The exit code. */
async function main() {
  let asked;
  try {
    asked = parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean' },
        force: { type: 'boolean' },
        write: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    say(`script/stories: ${error.message}`);
    return 2;
  }
  const { positionals, values } = asked;
  const unknown = positionals.filter((name) => !STORIES.some((story) => story.name === name));
  if (values.help) say('script/stories [--write] [--force] [NAME…] | --list');
  else if (values.list) for (const { name, title } of STORIES) process.stdout.write(`${name}\t${title}\n`);
  else if (unknown.length > 0)
    say(`script/stories: no story is called ${unknown.join(', ')}; there are: ${STORIES.map((s) => s.name).join(' ')}`);
  else if (values.write && positionals.length > 0) say('script/stories: --write takes the tables of all stories');
  else
    return tellAll(
      STORIES.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
      values,
    );
  return values.help || values.list ? 0 : 2;
}

async function tellAll(stories, { force, write }) {
  let signalled;
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, () => {
      signalled = code;
      stopRunning();
    });
  try {
    rmSync(WORK, { recursive: true, force: true });
    mkdirSync(WORK, { recursive: true });
    const host = await hostSettings(WORK);
    const wanted = [...new Set([...PLAIN_BASES, ...stories.flatMap(({ bases = [] }) => bases)])];
    const recipe = join(PROJECT, 'script/stories.d/bases.Dockerfile');
    const tare = (argv) => tareJson(argv, host.env);
    const settings = host.args;
    await ensureBases(wanted, { dir: HOME, force, layout: LAYOUT, recipe, say, settings, tare, work: WORK });
    const told = [];
    for (const story of stories) told.push(await tell(story, { ...host, tare }));
    const digests = new Set(told.flatMap(({ digests: all }) => all));
    const found = await leaks(join(HOME, 'home'), digests, host.needles);
    if (found.length > 0) throw new Error(`something of this machine is in an image: ${found.join('; ')}`);
    say(`${host.needles.length} settings and certificates of this machine are in none of ${digests.size} blobs`);
    print(told, write);
    return 0;
  } catch (error) {
    say(`script/stories: ${error.message}`);
    return signalled ?? 3;
  } finally {
    rmSync(WORK, { recursive: true, force: true });
  }
}

function print(told, write) {
  const stories = told.map(storyTable).join('\n\n');
  const lint = lintTable(told.map(({ lint: result }) => result));
  process.stdout.write(`${stories}\n\n${lint}\n`);
  if (!write) return;
  const text = withSection(withSection(readFileSync(README, 'utf8'), 'stories', stories), 'lint', lint);
  writeFileSync(README, text);
}

/** One story: `{name, title, stages, lint, digests}`. */
async function tell(story, host) {
  const app = join(PROJECT, 'examples', story.app);
  const flags = [...host.args, ...contextsOf(LAYOUT, BASES, [...PLAIN_BASES, ...(story.bases ?? [])])];
  const digests = [];
  const build = async (file, name, more = []) => {
    const began = performance.now();
    const result = await host.tare(['build', '-f', file, app, '-t', name, ...flags, ...more]);
    return { result, seconds: ((performance.now() - began) / 1000).toFixed(0) };
  };
  const stages = [];
  for (const stage of story.stages) {
    const file = join(DOCKERFILES, story.name, stage.file);
    const name = `${story.name}:${stage.file.replace(/^Dockerfile\.?/, '') || 'latest'}`;
    const { result, seconds } = await build(file, name, ['--shrink']);
    const { built, shrunk } = result;
    digests.push(...blobsOf(built), ...blobsOf(shrunk));
    const whole = { ...sizesOf(built), ...(await ask(built.reference, story, host)) };
    const small = { ...sizesOf(shrunk), ...passes(shrunk.verified?.probes ?? []) };
    stages.push({ ...stage, ...whole, reference: built.reference, small });
    say(`${story.name}/${stage.file}: ${mb(whole.disk)} → ${mb(small.disk)} MB in ${seconds} s`);
  }
  const naive = stages.find(({ file }) => file === story.naive);
  const lint = await mend(story, naive, { ...host, build, app });
  return { name: story.name, title: story.title, stages, lint: lint.row, digests: [...digests, ...lint.digests] };
}

/** What `tare lint` promises of the naive Dockerfile, and what building it again, mended, gives. */
async function mend(story, before, { app, build, tare }) {
  const shown = join(story.name, before.file);
  const copy = join(WORK, `${story.name}-${before.file}`);
  copyFileSync(join(DOCKERFILES, shown), copy);
  const lint = ['lint', copy, '--context', app, '--fail-on', 'never'];
  const [measured] = (await tare([...lint, '--image', before.reference])).files;
  const [mended] = (await tare([...lint, '--fix'])).files;
  const key = ({ message, rule }) => `${rule} ${message}`;
  const bytes = new Map(measured.findings.map((finding) => [key(finding), finding.bytes]));
  const fixed = mended.fixed.map((finding) => ({ rule: finding.rule, bytes: bytes.get(key(finding)) }));
  const { result } = await build(copy, `${story.name}:mended`);
  const after = { ...sizesOf(result), ...(await ask(result.reference, story, { tare })) };
  const [{ findings: left }] = (await tare([...lint, '--image', result.reference])).files;
  const promised = fixed.reduce((sum, finding) => sum + (finding.bytes ?? 0), 0);
  say(`${shown}: promised ${mb(promised)} MB, won ${mb(before.disk - after.disk)} MB`);
  return { row: { file: shown, fixed, left, promised, before, after }, digests: blobsOf(result) };
}

/** `{passed, asked}`: the probes of the example, each put to the running image. */
async function ask(reference, { app }, { tare }) {
  const config = join(PROJECT, 'examples', app, 'tare.yaml');
  return passes((await tare(['verify', reference, '--config', config])).probes);
}

function passes(probes) {
  return { passed: probes.filter(({ ok }) => ok).length, asked: probes.length };
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(1);
}

/** As `docker images` counts: all layers, so that what a later one hides counts too. */
function sizesOf({ files, layers }) {
  const sum = (key) => layers.reduce((bytes, layer) => bytes + layer[key], 0);
  return { disk: sum('disk'), wire: sum('wire'), files };
}

function blobsOf({ digest, layers }) {
  const manifest = JSON.parse(readFileSync(join(HOME, 'home/blobs', ...digest.split(':')), 'utf8'));
  return [digest, manifest.config.digest, ...layers.map((layer) => layer.digest)];
}

/** The answer of a command. */
async function tareJson(argv, env) {
  say(`  tare ${argv.map((word) => word.replaceAll(PROJECT, '')).join(' ')}`);
  const options = { env: { ...process.env, ...env, TARE_HOME: join(HOME, 'home') } };
  const main = join(PROJECT, 'dist/cli/main.js');
  return JSON.parse(await run([process.execPath, main, ...argv, '--json', '--progress', 'plain'], options));
}
