import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { TareEvent } from '../../src/base/events.ts';
import { copy } from '../../src/ship/copy.ts';
import { openImage } from '../../src/transports/index.ts';
import { failure, NAME, readAll, sample } from '../transports/sample.ts';

const MEDIA = ['store', 'oci', 'oci-archive', 'docker-archive'] as const;
type Medium = (typeof MEDIA)[number];

const referenceOf = (medium: Medium, dir: string, name: string): string => {
  if (medium === 'store') return `${name}:1`;
  return `${medium}:${join(dir, medium === 'oci' ? 'layouts' : `${name}.${medium}`)}:${name}:1`;
};

describe('copy', () => {
  const pairs = MEDIA.flatMap((from) => MEDIA.map((to) => [from, to] as const));
  it.each(pairs)('%s to %s', async (from, to) => {
    const { ctx, dir, evidence, made, store } = await sample();
    const source = referenceOf(from, dir, 'source');
    const target = referenceOf(to, dir, 'target');
    await copy({ source: NAME, target: source, store, ctx });
    const before = await openImage(source, { store, ctx });
    const result = await copy({ source, target, store, ctx });
    const after = await openImage(result.reference, { store, ctx });
    expect(after.descriptor.digest).toBe(result.digest);
    expect(after.config).toEqual(made.config);
    expect(after.manifest.config.digest).toBe(made.manifest.config.digest);
    if (to !== 'docker-archive') expect(result.digest).toBe(before.descriptor.digest);
    const travels = from !== 'docker-archive' && to !== 'docker-archive';
    expect(after.evidence).toEqual(travels ? evidence : undefined);
    await readAll(after);
  });

  it('says how much was new', async () => {
    const { ctx, dir, made, store } = await sample();
    const target = `oci:${join(dir, 'x')}`;
    const first = await copy({ source: NAME, target, store, ctx });
    const sizes = [made.descriptor, made.manifest.config, ...made.manifest.layers.slice(0, 2)].map(({ size }) => size);
    const expected = sizes.reduce((a, b) => a + b, 0) + '{"why":"because"}'.length;
    expect(first).toEqual({ reference: target, digest: made.descriptor.digest, bytes: expected, blobs: 5, reused: 0 });
    expect(await copy({ source: NAME, target, store, ctx })).toMatchObject({ bytes: 0, blobs: 0, reused: 5 });
  });

  it('tells what it does', async () => {
    const { dir, made, store } = await sample();
    const events: TareEvent[] = [];
    const ctx = createContext({ onEvent: (event) => events.push(event) });
    await copy({ source: NAME, target: `oci:${join(dir, 'x')}`, store, ctx });
    expect(events[0]).toMatchObject({ kind: 'step.started', step: 'copy' });
    expect(events.at(-1)).toMatchObject({ kind: 'step.done', step: 'copy' });
    const { digest, size } = made.descriptor;
    expect(events).toContainEqual({ kind: 'blob.progress', digest, done: size, total: size });
  });

  it('refuses a copy onto itself, however it is written', async () => {
    const { ctx, dir, store } = await sample();
    const layout = join(dir, 'x');
    await copy({ source: NAME, target: `oci:${layout}:a`, store, ctx });
    await copy({ source: NAME, target: `oci-archive:${layout}.tar`, store, ctx });
    for (const [source, target] of [
      [NAME, NAME],
      [`oci:${layout}:a`, `oci:${layout}/../x:a`],
      // Writing an archive replaces all that it holds.
      [`oci-archive:${layout}.tar`, `oci-archive:${layout}.tar:other`],
      ['docker-daemon:x', 'docker-daemon:docker.io/library/x:latest'],
    ] as const)
      expect(await failure(copy({ source, target, store, ctx }))).toMatchObject({ code: 'E_USAGE' });
  });

  it.each(['oci', 'oci-archive', 'docker-archive'] as const)(
    'cancelled on its way to %s, leaves nothing',
    async (to) => {
      const { dir, store } = await sample();
      const stop = new AbortController();
      const onEvent = (event: TareEvent): void => {
        if (event.kind === 'blob.progress') stop.abort();
      };
      const ctx = createContext({ onEvent, signal: stop.signal, concurrency: 1 });
      const target = `${to}:${join(dir, 'x')}`;
      expect(await failure(copy({ source: NAME, target, store, ctx }))).toMatchObject({ code: 'E_CANCELLED' });
      const left = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('home'));
      expect(left.filter((path) => path.includes('.tmp') || path.endsWith('.lock'))).toEqual([]);
      if (to !== 'oci') expect(left).toEqual([]);
      else
        expect(await failure(openImage(target, { store, ctx: createContext() }))).toMatchObject({
          code: 'E_IMAGE_NOT_FOUND',
        });
    },
  );
});
