// A story of several images: the services of a Compose file. Its originals are made by a script of their own, the small ones by `tare shrink -f`, which
// watches all of them while the whole system is probed from outside.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { folderOf } from '../stories.d/stories.mjs';
import { run } from './run.mjs';
import { blobsOf, passes, reader } from './story-images.mjs';

const composeOf = (story, project) => join(project, folderOf(story), story.system.compose);

/** Whether this checkout has the system. */
export function isThere(story, project) {
  return existsSync(composeOf(story, project));
}

/**
 * As `tell` of story-run.mjs: a stage is a service, shrunk as it is by default. `micro`: the service that is of the published kind, as small as evidence lets it be (every
 * endpoint is asked), and by default. `system`: what is true of all of them together.
 */
export async function tellSystem(story, { home, project, tare }) {
  const images = reader(tare);
  const compose = composeOf(story, project);
  // Not its wrapper, which would wait for the lock that this process has.
  const env = { ...process.env, TARE_HOME: home };
  await run([process.execPath, join(project, `${story.system.originals}.mjs`)], { env });
  const used = await shrunk(['--tightness', 'used']);
  const reachable = await shrunk([]);
  const stages = [];
  for (const { original, reference, service } of reachable.services) {
    const whole = { ...(await images.parts(original.reference)), ...answersOf(reachable, 'originalStartMs') };
    const small = { ...(await images.parts(reference)), ...answersOf(reachable, 'startMs') };
    const least = used.services.find((row) => row.service === service);
    stages.push({ file: service, whole, small, used: least.facts });
  }
  const like = stages.find(({ file }) => file === story.system.like);
  const { cost, verified } = reachable;
  return {
    name: story.name,
    stages,
    micro: [
      { ...like.used, title: `\`${like.file}\`, \`--tightness used\`` },
      { ...like.small, title: `\`${like.file}\`` },
    ],
    system: {
      before: cost.before,
      after: cost.after,
      usedAfter: used.cost.after,
      seconds: { before: verified.originalStartMs / 1000, after: verified.startMs / 1000 },
    },
    digests: [used, reachable].flatMap(({ services }) => services.flatMap((row) => row.blobs)),
  };

  /** Named anew by each call: what is asked of the images is asked at once. */
  async function shrunk(flags) {
    const result = await tare(['shrink', '-f', compose, ...flags]);
    const services = [];
    for (const row of result.services) {
      const facts = { ...(await images.parts(row.reference)), ...answersOf(result, 'startMs') };
      services.push({ ...row, facts, blobs: blobsOf(row, home) });
    }
    return { ...result, services };
  }
}

const answersOf = ({ verified }, key) => ({ ...passes(verified.probes), start: verified[key] / 1000 });
