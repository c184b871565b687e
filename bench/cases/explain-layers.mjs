import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { cli, installed, interleaved, root, run as command, seconds } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const ORIGINAL = 'node-express';
/** What umoci adds, so that there are twelve; each writes some files of the one below again. */
const MORE_LAYERS = 5;
const FILES = 200;

/**
 * `tare layers` of an archive of `docker save`, about 390 MB in 12 layers, against dive: the first time with an empty TARE_HOME, and again. The file is in
 * the cache of the kernel.
 */
export async function run({ work, runs, log }) {
  const dive = process.env.TARE_DIVE || join(root, '.tools/dive');
  if (!existsSync(dive)) log('dive is missing: script/dive makes it');
  const archive = makeArchive(work, log);
  if (archive === undefined) return { rows: [] };
  const home = join(work, 'home');
  const env = { ...process.env, TARE_HOME: home };
  const layers = () => seconds(process.execPath, [cli, 'layers', `docker-archive:${archive}`], { env });
  command('cat', [archive], { stdio: ['ignore', 'ignore', 'inherit'] });
  const times = await interleaved(
    {
      ...(existsSync(dive) && {
        dive: () => seconds(dive, ['--source', 'docker-archive', archive, '--json', join(work, 'dive.json')]),
      }),
      first: () => {
        rmSync(home, { recursive: true, force: true });
        return layers();
      },
      again: layers,
    },
    runs,
  );
  const peer = { peer: 'dive', peerValue: times.dive?.median, peerValues: times.dive?.values, missing: 'not there' };
  return {
    rows: [
      row({
        subject: 'layers of a docker-archive, first',
        ...peer,
        value: times.first.median,
        values: times.first.values,
        unit: 's',
        target: { of: 'ratio', atMost: 1 },
      }),
      row({
        subject: 'layers of a docker-archive, again',
        ...peer,
        value: times.again.median,
        values: times.again.values,
        unit: 's',
        target: { of: 'ratio', atMost: 0.5 },
      }),
    ],
  };
}

/** Undefined, with a word about it, when there are no originals or no tools for it. */
function makeArchive(work, log) {
  const originals = process.env.TARE_ORIGINALS || join(root, '.originals');
  if (!installed('skopeo', 'umoci')) return void log('skopeo or umoci is not installed');
  if (!existsSync(join(originals, 'index.json'))) return void log('there are no originals: script/originals');
  const layout = join(work, 'layout');
  command('skopeo', ['copy', '-q', `oci:${originals}:${ORIGINAL}`, `oci:${layout}:x`]);
  for (let layer = 0; layer < MORE_LAYERS; layer++) {
    const files = join(work, `files${layer}`);
    mkdirSync(files);
    for (let at = 0; at < FILES; at++) writeFileSync(join(files, `${(at + layer * 100) % 300}`), randomBytes(500));
    command('umoci', ['insert', '--image', `${layout}:x`, files, '/opt/more']);
  }
  const archive = join(work, 'image.tar');
  command('skopeo', ['copy', '-q', `oci:${layout}:x`, `docker-archive:${archive}:x:latest`]);
  return archive;
}
