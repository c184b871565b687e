// Tells the stories of script/stories.d/stories.mjs, and writes what came of them into docs/stories.md: see script/stories. Results of each story are kept
// in .stories/told, so that a run of one of them can write the tables of all.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run, stopRunning } from './lib/run.mjs';
import { ensureBases } from './lib/story-bases.mjs';
import { hostSettings, leaks } from './lib/story-host.mjs';
import { basesOf, tell } from './lib/story-run.mjs';
import { isThere, tellSystem } from './lib/story-system.mjs';
import { goalTable, lintTable, sectionOf, storySection, withSection } from './lib/story-tables.mjs';
import { PACKAGES, STORIES } from './stories.d/stories.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENT = join(PROJECT, 'docs/stories.md');
const DIR = resolve(process.env.TARE_STORIES || join(PROJECT, '.stories'));
const HOME = join(DIR, 'home');
const LAYOUT = join(DIR, 'bases');
const TOLD = join(DIR, 'told');
const WORK = join(DIR, 'work');
/** Commands on the images of a story stand there, with what they print. */
const DISSECTED = 'aspnet-dissected.md';
const USAGE = 'script/stories [--write] [--force] [NAME…] | --list';

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
    say(`script/stories: ${error.message}\n${USAGE}`);
    return 2;
  }
  const { positionals, values } = asked;
  const unknown = positionals.filter((name) => !STORIES.some((story) => story.name === name));
  if (values.help) process.stdout.write(`${USAGE}\n`);
  else if (values.list) for (const { name, title } of STORIES) process.stdout.write(`${name}\t${title}\n`);
  else if (unknown.length > 0)
    say(`script/stories: no story is called ${unknown.join(', ')}; there are: ${STORIES.map((s) => s.name).join(' ')}`);
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
    // More than once: some send a signal to the process and to its group.
    process.on(signal, () => {
      signalled = code;
      stopRunning();
    });
  try {
    rmSync(WORK, { recursive: true, force: true });
    for (const dir of [WORK, TOLD]) mkdirSync(dir, { recursive: true });
    const settings = await hostSettings(WORK);
    const tareText = (argv, isAnswer) => tare(argv, settings.env, isAnswer);
    const tareJson = async (argv, { isAnswer } = {}) =>
      JSON.parse(await tareText([...argv, '--json', '--progress', 'plain'], isAnswer));
    const host = {
      args: settings.args,
      home: HOME,
      layout: LAYOUT,
      project: PROJECT,
      say,
      tare: tareJson,
      tareText,
      work: WORK,
    };
    await ensureBases([...new Set(stories.flatMap(basesOf))], {
      dir: DIR,
      force,
      layout: LAYOUT,
      packages: PACKAGES,
      recipe: join(PROJECT, 'script/stories.d/bases.Dockerfile'),
      say,
      settings: settings.args,
      tare: tareJson,
      work: WORK,
    });
    let isGood = true;
    for (const story of stories) isGood = (await tellOne(story, host, settings.needles)) && isGood;
    const results = resultsOf(STORIES);
    process.stdout.write(`${goalTable(stories, results)}\n`);
    if (write) {
      writeDocument(results);
      if (stories.some(({ page }) => page === DISSECTED)) await run([join(PROJECT, 'script/screenshots'), '--text']);
    }
    return isGood ? 0 : 1;
  } catch (error) {
    say(`script/stories: ${error.message}`);
    return signalled ?? 3;
  } finally {
    rmSync(WORK, { recursive: true, force: true });
  }
}

/** Whether every image of the story answered as it has to. */
async function tellOne(story, host, needles) {
  if (story.system !== undefined && !isThere(story, PROJECT)) {
    say(`${story.name}: ${story.folder}/${story.system.compose} is not there: left out`);
    return true;
  }
  const began = performance.now();
  const { digests, ...told } = await (story.system === undefined ? tell : tellSystem)(story, host);
  const found = await leaks(HOME, new Set(digests), needles);
  if (found.length > 0) throw new Error(`something of this machine is in an image: ${found.join('; ')}`);
  say(`${needles.length} settings and certificates of this machine are in none of ${new Set(digests).size} blobs`);
  // Unpacked roots weigh more than all images; the steps of builds stay.
  await host.tare(['prune']);
  writeFileSync(join(TOLD, `${story.name}.json`), JSON.stringify(told, undefined, 1));
  const images = [...told.stages.flatMap(({ small, whole }) => [whole, small]), ...told.micro];
  const isGood = images.every(({ asked, passed }) => passed === asked);
  say(
    `${story.name}: told in ${((performance.now() - began) / 1000).toFixed(0)} s${isGood ? '' : ', and not every image answers'}`,
  );
  return isGood;
}

/** What is known of each story, from this run or an earlier one, by its name. */
function resultsOf(stories) {
  const files = stories.map(({ name }) => [name, join(TOLD, `${name}.json`)]).filter(([, file]) => existsSync(file));
  return new Map(files.map(([name, file]) => [name, JSON.parse(readFileSync(file, 'utf8'))]));
}

/** @throws Error when a story of this machine has never been told here */
function writeDocument(results) {
  const missing = STORIES.filter(
    (story) => !results.has(story.name) && (story.system === undefined || isThere(story, PROJECT)),
  );
  if (missing.length > 0)
    throw new Error(`--write wants all stories; not told yet: ${missing.map(({ name }) => name).join(' ')}`);
  let text = readFileSync(DOCUMENT, 'utf8');
  text = withSection(text, 'goals', goalTable(STORIES, results));
  for (const story of STORIES.filter(({ name }) => results.has(name))) {
    const section = storySection(story, results.get(story.name), sectionOf(text, story.name));
    text = withSection(text, story.name, section);
  }
  text = withSection(text, 'lint', lintTable([...results.values()].flatMap(({ lint }) => lint ?? [])));
  writeFileSync(DOCUMENT, text);
  say('docs/stories.md: written');
}

/** What a command prints; with `isAnswer`, a no (exit code 1) is an answer too. */
async function tare(argv, env, isAnswer) {
  say(`  tare ${argv.map((word) => word.replaceAll(PROJECT, '').split('\n', 1)[0]).join(' ')}`);
  const options = { env: { ...process.env, ...env, TARE_HOME: HOME }, codes: isAnswer ? [0, 1] : [0] };
  return run([process.execPath, join(PROJECT, 'dist/cli/main.js'), ...argv], options);
}
