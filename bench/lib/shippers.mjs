import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findCrane } from './registries.mjs';
import { cli, installed, run, seconds } from './measure.mjs';

/** In the order of the table. */
export const SHIPPERS = ['skopeo', 'crane'];

/**
 * tare and its peers, each as `push(layout, image)` and `pull(image, layout)`; `image` is HOST/REPOSITORY:TAG, and the image in a layout is called
 * `bench`. All of them give seconds of wall time, from when what was written before is on the disk.
 */
export function shippers({ log, work }) {
  const home = join(work, 'home');
  mkdirSync(home, { recursive: true });
  const env = { ...process.env, TARE_HOME: home };
  const timed = (program, ...args) => {
    run('sync', ['-f', work]);
    return seconds(program, args, { env });
  };
  const found = new Map([
    [
      'tare',
      {
        push: (layout, image) => timed(process.execPath, cli, 'copy', '-q', `oci:${layout}:bench`, `docker://${image}`),
        pull: (image, layout) => timed(process.execPath, cli, 'copy', '-q', `docker://${image}`, `oci:${layout}:bench`),
      },
    ],
  ]);
  if (installed('skopeo'))
    found.set('skopeo', {
      push: (layout, image) =>
        timed('skopeo', 'copy', '-q', '--dest-tls-verify=false', `oci:${layout}:bench`, `docker://${image}`),
      pull: (image, layout) =>
        timed('skopeo', 'copy', '-q', '--src-tls-verify=false', `docker://${image}`, `oci:${layout}:bench`),
    });
  const crane = findCrane();
  if (crane !== undefined)
    found.set('crane', {
      push: (layout, image) => timed(crane, 'push', '--insecure', layout, image),
      pull: (image, layout) => timed(crane, 'pull', '--insecure', '--format=oci', image, layout),
    });
  for (const name of SHIPPERS)
    if (!found.has(name)) log(`${name} is not there${name === 'crane' ? ': script/crane makes it' : ''}`);
  return found;
}
