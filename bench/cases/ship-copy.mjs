import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { interleaved } from '../lib/measure.mjs';
import { dockerRegistry } from '../lib/registries.mjs';
import { shipImage } from '../lib/ship-image.mjs';
import { SHIPPERS, shippers } from '../lib/shippers.mjs';
import { row } from '../lib/table.mjs';

/** An image of 264 MB from a layout into an empty registry and back into a new layout; and both again, when everything is there. */
export async function run({ log, runs, work }) {
  const layout = join(work, 'layout');
  const { bytes } = shipImage(layout);
  log(`${(bytes / 1e6).toFixed(0)} MB`);
  const tools = shippers({ log, work });
  const registry = await dockerRegistry(join(work, 'registry'));
  const image = `${registry.host}/bench:1`;
  const target = (name) => join(work, `${name}-pulled`);
  const steps = {
    push: (name) => {
      registry.empty();
      return tools.get(name).push(layout, image);
    },
    'push again': (name) => tools.get(name).push(layout, image),
    pull: (name) => {
      rmSync(target(name), { recursive: true, force: true });
      return tools.get(name).pull(image, target(name));
    },
    'pull again': (name) => tools.get(name).pull(image, target(name)),
  };
  try {
    const subjects = Object.fromEntries(
      Object.keys(steps).flatMap((step) =>
        [...tools.keys()].map((name) => [`${step} ${name}`, () => steps[step](name)]),
      ),
    );
    const times = await interleaved(subjects, runs);
    const peerOf = (step, name) =>
      tools.has(name)
        ? { peer: name, peerValue: times[`${step} ${name}`].median, peerValues: times[`${step} ${name}`].values }
        : { peer: name, missing: 'not installed' };
    const own = (step) => ({ value: times[`${step} tare`].median, values: times[`${step} tare`].values, unit: 's' });
    const compared = (step, bounds) =>
      SHIPPERS.map((name) =>
        row({
          subject: `264 MB, ${step}`,
          ...own(step),
          ...peerOf(step, name),
          ...(bounds[name] === undefined ? {} : { target: { atMost: bounds[name] } }),
        }),
      );
    const again = (step) => [
      row({ subject: `264 MB, ${step}`, ...own(step), target: { of: 'value', atMost: 0.4 } }),
      ...SHIPPERS.map((name) => row({ subject: `264 MB, ${step}`, ...own(step), ...peerOf(step, name) })),
    ];
    return {
      rows: [
        // The faster of the two is the one that counts: no more than either.
        ...compared('push', { skopeo: 1, crane: 1 }),
        ...compared('pull', { crane: 1.2 }),
        ...again('push again'),
        ...again('pull again'),
      ],
      details: times,
    };
  } finally {
    await registry.close();
  }
}
