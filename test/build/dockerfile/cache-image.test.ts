import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { openImage, writeImage } from '../../../src/transports/index.ts';
import { execute } from '../../helpers/cli.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { instructionOf, openBuilds, ranSteps, type Built, type ContextFiles } from './builds.ts';

const canRun = needs('crun', 'busybox');

const CONTEXT: ContextFiles = { 'a.txt': 'a', 'b.txt': 'b', 'm/f': 'mounted' };
/** Every kind of step; without times of a process in what is compared. */
const TEXT = `FROM busybox AS build
COPY a.txt /a
RUN --mount=type=bind,source=m,target=/m cat /a /m/f > /out && touch -d @0 /out
RUN true
FROM busybox
WORKDIR /w
COPY --link b.txt /b
COPY --from=build /out /out
ADD a.txt /w/
RUN cat /b > /done
`;
/** One of them changes nothing, and two give the same layer. */
const STEPS = 9;

const warningsOf = ({ result }: Built): readonly string[] => result.warnings.map(({ message }) => message);

type Exported = Pick<Built, 'files' | 'result'> & { readonly dir: string; readonly reference: string };

let folder: string | undefined;
let making: Promise<Exported> | undefined;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** By the first test that asks, for all of them. */
async function make(): Promise<Exported> {
  folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  const dir = join(folder, 'cache');
  const reference = `oci:${dir}:app`;
  const builds = await openBuilds(CONTEXT, folder);
  const { files, result } = await builds.build(TEXT, { cacheTo: { reference, mode: 'max' } });
  return { dir, reference, files, result };
}

/** A cache image of TEXT in a layout of its own, and what was built. */
async function exported(): Promise<Exported> {
  const made = await (making ??= make());
  const dir = join(tempDir(), 'cache');
  cpSync(made.dir, dir, { recursive: true });
  return { ...made, dir, reference: `oci:${dir}:app` };
}

describe.skipIf(!canRun)('a cache image', () => {
  it('spares another machine every step', async () => {
    const { reference, result } = await exported();
    expect(result.cache).toMatchObject({ records: STEPS, layers: STEPS - 2 });
    const { build } = await openBuilds(CONTEXT);
    const built = await build(TEXT, { cacheFrom: [reference] });
    expect([ranSteps(built), warningsOf(built)]).toEqual([[], []]);
    expect(built.result.digest).toBe(result.digest);
    expect(built.result.layers).toEqual(result.layers);
    // From here on it is this machine's own.
    expect(ranSteps(await build(TEXT))).toEqual([]);
  });

  it('is the same when the same is exported again', async () => {
    const made = await exported();
    const { build } = await openBuilds(CONTEXT);
    const digests: (string | undefined)[] = [];
    for (const name of ['one', 'two']) {
      const options = { cacheFrom: [made.reference], cacheTo: { reference: name, mode: 'max' } } as const;
      digests.push((await build(TEXT, options)).result.cache?.digest);
    }
    expect(digests).toEqual([made.result.cache?.digest, made.result.cache?.digest]);
  });

  it('carries the steps of the result alone with mode=min', async () => {
    const made = await exported();
    const reference = `oci:${join(tempDir(), 'cache')}:min`;
    const here = await openBuilds(CONTEXT);
    const min = await here.build(TEXT, { cacheFrom: [made.reference], cacheTo: { reference, mode: 'min' } });
    expect(min.result.cache).toMatchObject({ records: 5, layers: 5 });
    const { build } = await openBuilds(CONTEXT);
    const built = await build(TEXT, { cacheFrom: [reference] });
    expect(built.result.steps.filter((step) => step.cached).map(instructionOf)).toEqual(
      expect.arrayContaining(['WORKDIR /w', 'COPY --link b.txt /b']),
    );
    expect(ranSteps(built)).toContain('COPY a.txt /a');
  });

  it('gives the steps that are still the same', async () => {
    const { reference } = await exported();
    const { build } = await openBuilds({ ...CONTEXT, 'b.txt': 'other' });
    const built = await build(TEXT, { cacheFrom: [reference] });
    expect(ranSteps(built)[0]).toBe('COPY --link b.txt /b');
    expect(ranSteps(built)).toContain('RUN cat /b > /done');
    expect(ranSteps(built)).not.toContain('COPY a.txt /a');
  });

  it('leaves layers that no step asks for where they are', async () => {
    const { reference } = await exported();
    const { build, home } = await openBuilds(CONTEXT);
    await build('FROM busybox\nWORKDIR /w\n', { cacheFrom: [reference] });
    expect(readdirSync(join(home, 'tare/solve/layers'))).toHaveLength(1);
  });

  it.skipIf(!needs('skopeo'))('is moved by skopeo, compressed anew on the way', async () => {
    const { reference, result } = await exported();
    const copy = `oci:${join(tempDir(), 'copy')}:moved`;
    const how = ['--insecure-policy', 'copy', '--dest-compress-format', 'zstd', '--dest-force-compress-format'];
    const moved = await execute('skopeo', [...how, reference, copy]);
    // Versions before 1.13 cannot force it.
    const plain = moved.code === 0 ? moved : await execute('skopeo', ['--insecure-policy', 'copy', reference, copy]);
    expect(plain.stderr + String(plain.code)).toBe('0');
    const built = await (await openBuilds(CONTEXT)).build(TEXT, { cacheFrom: [copy] });
    expect([ranSteps(built), built.result.digest]).toEqual([[], result.digest]);
  });

  it.each(['oci-archive', 'docker-archive'])('is moved through %s', async (medium) => {
    const { reference, result } = await exported();
    const { build, store } = await openBuilds(CONTEXT);
    const ctx = createContext();
    const target = `${medium}:${join(tempDir(), 'cache.tar')}`;
    await writeImage(await openImage(reference, { store, ctx }), target, { store, ctx });
    const built = await build(TEXT, { cacheFrom: [target] });
    expect([ranSteps(built), built.result.digest]).toEqual([[], result.digest]);
  });

  it('may be one of several, and may be missing', async () => {
    const { dir, reference, result } = await exported();
    const none = `oci:${join(dir, '../none')}:x`;
    const built = await (await openBuilds(CONTEXT)).build(TEXT, { cacheFrom: [none, 'busybox', reference] });
    expect([ranSteps(built), built.result.digest]).toEqual([[], result.digest]);
    expect(warningsOf(built)).toEqual([
      expect.stringContaining(`the build goes on without the cache ${none}: `) as string,
      'the build goes on without the cache busybox: it is an image, but carries no records of build steps',
    ]);
  });

  it.each<readonly [name: string, damage: (blob: string) => void]>([
    [
      'changed',
      (blob) =>
        writeFileSync(
          blob,
          readFileSync(blob).map((byte, at) => (at === 30 ? byte ^ 1 : byte)),
        ),
    ],
    ['cut short', (blob) => truncateSync(blob, statSync(blob).size - 5)],
    ['gone', (blob) => rmSync(blob)],
  ])('with a layer that is %s gives the others', async (_name, damage) => {
    const { dir, files, reference } = await exported();
    const { store } = await openBuilds();
    const image = await openImage(reference, { store, ctx: createContext() });
    const at = image.config.history?.findIndex(({ created_by }) => created_by?.endsWith('RUN cat /b > /done') === true);
    const layer = image.manifest.layers[at ?? -1];
    damage(join(dir, 'blobs', layer?.digest.replace(':', '/') ?? ''));
    const { build, home, plan } = await openBuilds(CONTEXT);
    const planned = await plan(TEXT, { cacheFrom: [reference] });
    expect(planned.steps.filter((step) => step.cached === false).map(instructionOf)).toEqual(['RUN cat /b > /done']);
    const built = await build(TEXT, { cacheFrom: [reference] });
    expect(ranSteps(built)).toEqual(['RUN cat /b > /done']);
    expect(warningsOf(built)).toEqual([
      expect.stringContaining(`RUN cat /b > /done is not taken from the cache ${reference}: `) as string,
    ]);
    expect(built.files).toEqual(files);
    expect(readdirSync(join(home, 'tare/solve/layers')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is not asked with noCache, and nothing is written when the build fails', async () => {
    const { dir, reference } = await exported();
    const { build } = await openBuilds(CONTEXT);
    expect(ranSteps(await build(TEXT, { cacheFrom: [reference], noCache: true }))).toHaveLength(STEPS);
    const target = { reference: `oci:${join(dir, '../other')}:x`, mode: 'max' } as const;
    await expect(build('FROM busybox\nRUN false\n', { cacheTo: target })).rejects.toMatchObject({ code: 'E_STEP' });
    expect(existsSync(join(dir, '../other'))).toBe(false);
  });

  it('is left as it is', async () => {
    const { dir } = await exported();
    const copy = join(tempDir(), 'copy');
    cpSync(dir, copy, { recursive: true });
    const before = readdirSync(copy, { recursive: true, encoding: 'utf8' });
    await (await openBuilds(CONTEXT)).build(TEXT, { cacheFrom: [`oci:${copy}:app`] });
    expect(readdirSync(copy, { recursive: true, encoding: 'utf8' })).toEqual(before);
  });
});

describe('references of caches', () => {
  it.each<readonly [name: string, options: object, code: string]>([
    ['a transport that is not there', { cacheFrom: ['nope://x'] }, 'E_TRANSPORT'],
    ['a target that is not there', { cacheTo: { reference: 'nope://x', mode: 'max' } }, 'E_TRANSPORT'],
    ['an engine that has its own', { cacheFrom: ['x'], engine: 'unix:///none' }, 'E_USAGE'],
    ['an engine, as a target', { cacheTo: { reference: 'x', mode: 'max' }, engine: 'unix:///none' }, 'E_USAGE'],
    ['an engine, explained', { explainCache: true, engine: 'unix:///none' }, 'E_USAGE'],
  ])('refuses %s before anything is built', async (_name, options, code) => {
    const { build } = await openBuilds();
    await expect(build('FROM scratch\n', options)).rejects.toMatchObject({ code });
  });
});
