import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interleaved, run as command } from '../lib/measure.mjs';
import { dockerRegistry, tareRegistry } from '../lib/registries.mjs';
import { shipImage } from '../lib/ship-image.mjs';
import { shippers } from '../lib/shippers.mjs';
import { row } from '../lib/table.mjs';

const child = fileURLToPath(new URL('../lib/get-child.mjs', import.meta.url));
const CLIENTS = 200;
/** Of the image that 200 clients pull at once: 13 MB each, 2.6 GB in all. */
const SMALL = 0.05;

/** The embedded server and docker-registry, asked for the same image by the same clients. */
export async function run({ log, runs, work }) {
  const images = { large: shipImage(join(work, 'large')), small: shipImage(join(work, 'small'), { scale: SMALL }) };
  const tools = shippers({ log, work });
  const servers = {
    tare: await tareRegistry(join(work, 'tare')),
    'docker-registry': await dockerRegistry(join(work, 'docker')),
  };
  try {
    for (const { host } of Object.values(servers))
      for (const size of Object.keys(images)) tools.get('tare').push(join(work, size), `${host}/${size}:1`);
    const got = (name, size, clients, env = {}) =>
      JSON.parse(
        command(process.execPath, [child, servers[name].host, size, String(clients)], {
          env: { ...process.env, ...env },
        }),
      );
    const throughput = (name) => {
      const { bytes, errors, seconds } = got(name, 'large', 1);
      if (errors.length > 0) throw new Error(`${name}: ${errors[0]}`);
      return bytes / 1e6 / seconds;
    };
    const pulled = join(work, 'pulled');
    const crane = (name) => {
      rmSync(pulled, { recursive: true, force: true });
      return images.large.bytes / 1e6 / tools.get('crane').pull(`${servers[name].host}/large:1`, pulled);
    };
    const errors = { tare: [], 'docker-registry': [] };
    const crowd = (name) => {
      const result = got(name, 'small', CLIENTS, { VERIFY: '1' });
      errors[name].push(...result.errors);
      return result.bytes / 1e6 / result.seconds;
    };
    const subjects = {};
    const steps = { sockets: throughput, ...(tools.has('crane') ? { crane } : {}), crowd };
    for (const [step, action] of Object.entries(steps))
      for (const name of Object.keys(servers)) subjects[`${step} ${name}`] = () => action(name);
    const rates = await interleaved(subjects, runs);
    const compared = (subject, step, target) =>
      row({
        subject,
        value: rates[`${step} tare`].median,
        values: rates[`${step} tare`].values,
        unit: 'MB/s',
        peer: 'docker-registry',
        peerValue: rates[`${step} docker-registry`].median,
        peerValues: rates[`${step} docker-registry`].values,
        ...target,
      });
    const atLeast = { target: { atLeast: 0.8 } };
    for (const [name, messages] of Object.entries(errors))
      if (messages.length > 0) log(`${name}, ${messages.length} errors: ${messages.join(', ').slice(0, 500)}`);
    return {
      rows: [
        compared('264 MB, all blobs at once', 'sockets', atLeast),
        ...(tools.has('crane') ? [compared('264 MB, crane pull', 'crane', atLeast)] : []),
        compared(`${CLIENTS} pulls of 13 MB at once, verified`, 'crowd', {}),
        row({
          subject: `${CLIENTS} pulls at once: errors`,
          value: errors.tare.length,
          unit: '',
          target: { of: 'value', atMost: 0 },
        }),
        row({
          subject: 'peak memory of the server',
          value: servers.tare.peak() / 1e6,
          unit: 'MB',
          peer: 'docker-registry',
          peerValue: servers['docker-registry'].peak() / 1e6,
        }),
      ],
      details: rates,
    };
  } finally {
    for (const { close } of Object.values(servers)) await close();
  }
}
