// Builds the services of examples/gateway/compose.yaml. What a plain `docker compose build` would fetch from a registry is made here: Debian by mmdebstrap,
// the others upon it. Printed: one line for each image, its name, what it weighs on disk and on the wire in MB, and its files.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { run, stopRunning } from './lib/run.mjs';
import { contextsOf, ensureBases } from './lib/story-bases.mjs';
import { hostSettings } from './lib/story-host.mjs';
import { PACKAGES } from './stories.d/stories.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const SYSTEM = join(PROJECT, 'examples/gateway');
const HOME = resolve(process.env.TARE_STORIES || join(PROJECT, '.stories'));
const LAYOUT = join(HOME, 'bases');
const WORK = join(HOME, 'work-gateway');
/** Targets of bases.Dockerfile, and the name that the FROM lines of the services have for each. */
const BASES = {
  debian: 'debian:12',
  'node-slim': 'node:24-bookworm-slim',
  'dotnet-sdk': 'mcr.microsoft.com/dotnet/sdk:3.1',
  'dotnet-aspnet': 'mcr.microsoft.com/dotnet/aspnet:3.1',
};
const COMPOSE = join(SYSTEM, 'compose.yaml');
const SERVICES = servicesOf(parse(readFileSync(COMPOSE, 'utf8')));

const say = (text) => process.stderr.write(`${text}\n`);
process.exitCode = await main();

/** The exit code. */
async function main() {
  let asked;
  try {
    const flag = { type: 'boolean' };
    asked = parseArgs({ allowPositionals: true, options: { list: flag, force: flag, help: flag } });
  } catch (error) {
    say(`script/gateway: ${error.message}`);
    return 2;
  }
  const { positionals, values } = asked;
  const names = SERVICES.map(({ name }) => name);
  const unknown = positionals.filter((name) => !names.includes(name));
  if (values.help) say('script/gateway [--force] [SERVICE…] | --list');
  else if (values.list) for (const { name, image } of SERVICES) process.stdout.write(`${name}\t${image}\n`);
  else if (unknown.length > 0)
    say(`script/gateway: no service is called ${unknown.join(', ')}; there are: ${names.join(' ')}`);
  else
    return build(
      SERVICES.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
      values,
    );
  return values.help || values.list ? 0 : 2;
}

async function build(services, { force }) {
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
    const froms = services.flatMap(({ dockerfile }) =>
      [...readFileSync(dockerfile, 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, name]) => name),
    );
    const bases = ['debian', ...Object.keys(BASES).filter((base) => base !== 'debian' && froms.includes(BASES[base]))];
    const recipe = join(PROJECT, 'script/stories.d/bases.Dockerfile');
    const tare = (argv, home) => tareJson(argv, { ...host.env, ...(home === undefined ? {} : { TARE_HOME: home }) });
    const toBases = (argv) => tare(argv, join(HOME, 'home'));
    const made = {
      dir: HOME,
      force,
      layout: LAYOUT,
      packages: PACKAGES,
      recipe,
      say,
      settings: host.args,
      tare: toBases,
      work: WORK,
    };
    await ensureBases(bases, made);
    const settings = [...host.args, ...contextsOf(LAYOUT, BASES, bases)];
    const tell = (image, { files, size }) =>
      process.stdout.write(`${[image, mb(size.disk), mb(size.wire), files].join('\t')}\n`);
    if (services.length === SERVICES.length) {
      // All of them at once: what they are run from is made ready while the next one is built.
      const built = await tare(['build', '-f', COMPOSE, ...settings]);
      for (const row of built) tell(services.find(({ name }) => name === row.service).image, row);
    } else {
      for (const { context, dockerfile, image } of services)
        tell(image, await tare(['build', '-f', dockerfile, context, '-t', image, ...settings]));
    }
    return 0;
  } catch (error) {
    say(`script/gateway: ${error.message}`);
    return signalled ?? 3;
  } finally {
    rmSync(WORK, { recursive: true, force: true });
  }
}

/** What is to be built: `{name, image, context, dockerfile}` of each service. */
function servicesOf({ services }) {
  return Object.entries(services).flatMap(([name, { build, image }]) => {
    if (build === undefined) return [];
    const context = join(SYSTEM, typeof build === 'string' ? build : build.context);
    return [{ name, image, context, dockerfile: join(context, 'Dockerfile') }];
  });
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(1);
}

/** The answer of a command. */
async function tareJson(argv, env) {
  say(`  tare ${argv.map((word) => word.replaceAll(PROJECT, '')).join(' ')}`);
  const main = join(PROJECT, 'dist/cli/main.js');
  const options = { env: { ...process.env, ...env } };
  return JSON.parse(await run([process.execPath, main, ...argv, '--json', '--progress', 'plain'], options));
}
