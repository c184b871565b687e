import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLayout } from '../lib/layout.mjs';
import { cli, installed, interleaved, run as command } from '../lib/measure.mjs';
import { dockerRegistry } from '../lib/registries.mjs';
import { row } from '../lib/table.mjs';

const TAGS = 100;

/** A repository of 100 tags, which have a base of 12 MB in two layers in common and one layer of 200 KB each, to an empty registry. */
export async function run({ log, runs, work }) {
  const layout = createLayout(join(work, 'layout'));
  const base = [layout.layer(1, 10e6), layout.layer(2, 2e6)];
  for (let tag = 1; tag <= TAGS; tag++) layout.image(`v${tag}`, [...base, layout.layer(100 + tag, 200e3)]);
  layout.close();
  const home = join(work, 'home');
  mkdirSync(home);
  const env = { ...process.env, TARE_HOME: home };
  const tare = (...args) => command(process.execPath, [cli, ...args], { env });
  const copyAll = (lines) => {
    const file = join(work, 'list');
    writeFileSync(file, lines.map((line) => `${line.join(' ')}\n`).join(''));
    return tare('copy', '--json', '--from-file', file);
  };
  const source = await dockerRegistry(join(work, 'source'));
  const target = await dockerRegistry(join(work, 'target'));
  try {
    const names = Array.from({ length: TAGS }, (_, at) => `v${at + 1}`);
    copyAll(names.map((tag) => [`oci:${join(work, 'layout')}:${tag}`, `docker://${source.host}/team/app:${tag}`]));
    const timed = (action) => {
      target.empty();
      command('sync', ['-f', work]);
      const began = performance.now();
      action();
      return (performance.now() - began) / 1000;
    };
    // Both ask for the tags first.
    const own = () => {
      const { tags } = JSON.parse(tare('tags', '--json', `${source.host}/team/app`));
      copyAll(tags.map((tag) => [`docker://${source.host}/team/app:${tag}`, `docker://${target.host}/app:${tag}`]));
    };
    const peer = () =>
      command(
        'skopeo',
        ['sync', '--src=docker', '--dest=docker', '--src-tls-verify=false', '--dest-tls-verify=false'].concat([
          `${source.host}/team/app`,
          target.host,
        ]),
      );
    const hasSkopeo = installed('skopeo');
    if (!hasSkopeo) log('skopeo is not there');
    const times = await interleaved(
      { tare: () => timed(own), ...(hasSkopeo ? { skopeo: () => timed(peer) } : {}) },
      runs,
    );
    const { skopeo, tare: ours } = times;
    const rows = [
      row({
        subject: '100 tags, registry to registry',
        value: ours.median,
        values: ours.values,
        unit: 's',
        peer: 'skopeo sync',
        ...(skopeo === undefined
          ? { missing: 'not installed' }
          : { peerValue: skopeo.median, peerValues: skopeo.values }),
        target: { atMost: 0.5 },
      }),
    ];
    return { rows, details: times };
  } finally {
    await target.close();
    await source.close();
  }
}
