// One story: each Dockerfile is built, shrunk and asked; of one of them the microcontainer is made, in both ways that there are; the naive one is linted,
// mended and built again.
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { BASES, folderOf } from '../stories.d/stories.mjs';
import { ignoredIn } from './recipe.mjs';
import { contextsOf } from './story-bases.mjs';
import { closureOf } from './story-closure.mjs';
import { blobsOf, passes, reader, sizesOf } from './story-images.mjs';

const PLAIN_BASES = ['debian', 'alpine'];
/** The smallest on the wire that flags give; sections for debuggers are dropped only by the build of a folder. */
const SMALLEST = ['--compression', 'zstd:19'];

/** Targets of bases.Dockerfile that a story needs. */
export const basesOf = ({ bases = [] }) => [...PLAIN_BASES, ...bases];

/**
 * `host`: `{args, home, layout, project, say, tare, work}`. Answers `{name, stages, micro, closure, lint, digests}`: a stage is `{file, whole, small}`, each
 * with what `facts` tells; `micro` are the ways to the microcontainer, the best one first; sizes are in bytes, start times in seconds.
 */
export async function tell(story, host) {
  const folder = folderOf(story);
  const probes = join(host.project, folder, 'probes.yaml');
  const images = reader(host.tare, probes);
  const app = sourcesOf(story, host);
  const lent = [...host.args, ...contextsOf(host.layout, BASES, basesOf(story))];
  const digests = [];
  const build = async (file, tag, more = []) => {
    const result = await host.tare(['build', '-f', file, app, '-t', `${story.name}:${tag}`, ...lent, ...more]);
    digests.push(...blobsOf(result.built ?? result, host.home));
    return result;
  };
  const stages = [];
  for (const { file, published } of story.stages) {
    const shrink = ['--shrink', '--probe-file', probes];
    const { built, shrunk } = await build(join(host.project, folder, file), tagOf(file), shrink);
    digests.push(...blobsOf(shrunk, host.home));
    const whole = await images.facts(built.reference);
    const small = await images.facts(shrunk.reference);
    stages.push({ file, published, reference: built.reference, whole, small });
    host.say(`${story.name}/${file}: ${mb(whole.disk)} → ${mb(small.disk)} MB`);
  }
  const origin = stages.find(({ file }) => file === story.micro).reference;
  const micro = [];
  for (const way of WAYS.filter(({ flags }) => flags(story) !== undefined)) {
    const flags = way.flags(story);
    const title = way.title(story, flags);
    const result = await host.tare(way.argv({ app, flags, name: `${story.name}:${way.tag}`, origin, probes }));
    digests.push(...blobsOf(result, host.home));
    const facts = await images.facts(result.reference, origin);
    micro.push({ ...facts, title });
    host.say(`${story.name}, ${title}: ${mb(facts.disk)} MB`);
  }
  const naive = stages.find(({ file }) => file === story.naive);
  const lint = await mend({ app, file: join(folder, naive.file), naive }, { ...host, build, images });
  const closure = story.runtime === undefined ? undefined : await closureOf(stages[0].reference, story.runtime, host);
  const best = micro.filter(isAlive).toSorted((a, b) => a.disk - b.disk || a.wire - b.wire);
  return {
    name: story.name,
    stages,
    micro: [...best, ...micro.filter((way) => !isAlive(way))],
    closure,
    lint,
    digests,
  };
}

/** A copy of the story's sources, without what somebody has installed or compiled between them. */
function sourcesOf({ app, name }, { project, work }) {
  const [folder, copy] = [join(project, app), join(work, 'sources', name)];
  const skip = ignoredIn(project, app, []);
  cpSync(folder, copy, { recursive: true, filter: (path) => path === folder || !skip(path) });
  return copy;
}

const isAlive = ({ asked, passed }) => passed === asked;

/** The two doors to a microcontainer: out of an image, and out of a folder with an image to take files from. */
const WAYS = [
  {
    tag: 'micro',
    flags: () => SMALLEST,
    argv: ({ flags, name, origin, probes }) => ['shrink', origin, '-n', name, '--probe-file', probes, ...flags],
    title: ({ micro }, flags) => `\`${micro}\`, \`--shrink ${flags.join(' ')}\``,
  },
  {
    tag: 'folder',
    flags: ({ build }) => build && [...build, '--strip', ...SMALLEST],
    argv: ({ app, flags, name, origin }) => ['build', app, '--from', origin, '-n', name, ...flags],
    title: ({ micro }, flags) => `\`tare build DIR --from IMAGE ${flags.join(' ')}\`, IMAGE of \`${micro}\``,
  },
];

/** What `tare lint` promises of the naive Dockerfile, and what building it again, mended, gives. */
async function mend({ app, file, naive }, { build, images, project, say, tare, work }) {
  const copy = join(work, file.replaceAll('/', '-'));
  copyFileSync(join(project, file), copy);
  const lint = ['lint', copy, '--context', app, '--fail-on', 'never'];
  const [measured] = (await tare([...lint, '--image', naive.reference])).files;
  const [mended] = (await tare([...lint, '--fix'])).files;
  const key = ({ message, rule }) => `${rule} ${message}`;
  const bytes = new Map(measured.findings.map((finding) => [key(finding), finding.bytes]));
  const fixed = mended.fixed.map((finding) => ({ rule: finding.rule, bytes: bytes.get(key(finding)) }));
  const result = await build(copy, 'mended');
  const after = { ...sizesOf(result.layers), ...passes((await images.ask(result.reference)).probes) };
  const [{ findings }] = (await tare([...lint, '--image', result.reference])).files;
  const promised = fixed.reduce((sum, finding) => sum + (finding.bytes ?? 0), 0);
  say(`${file}: promised ${mb(promised)} MB, won ${mb(naive.whole.disk - after.disk)} MB`);
  const left = findings.map(({ bytes, rule }) => ({ rule, bytes }));
  return { file, fixed, left, promised, before: naive.whole, after };
}

const mb = (bytes) => (bytes / 1e6).toFixed(1);

const tagOf = (file) => file.replace(/^Dockerfile\.?/, '') || 'latest';
