import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { chmodSync, lutimesSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { cleanPath, textOfBytes } from '../../../src/base/path.ts';
import { buildDockerfile } from '../../../src/build/dockerfile/build.ts';
import type { Image } from '../../../src/oci/types.ts';
import { findSandbox, type Sandbox } from '../../../src/sandbox/index.ts';
import { openContext } from '../../../src/solve/context/index.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { imageOf } from '../../../src/transports/image.ts';
import { openImage } from '../../../src/transports/index.ts';
import { treeOfImage } from '../../../src/tree/image-tree.ts';
import type { Entry } from '../../../src/tree/types.ts';
import { makeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { canRunBuildkitd, startBuildkitd, type Buildkitd } from '../../solve/buildkit/daemon.ts';
import { busyboxImage } from '../../solve/buildkit/graphs.ts';
import { CASES, DIFFERENCES, REFUSED, STRICTER, type Case, type CaseFile } from './equal-cases.ts';
import { buildWithFrontEnd } from './front-end.ts';

/** What is not compared, and why; it is the reason given when a case fails, so that nobody looks for it there. What is compared and differs: DIFFERENCES. */
const NOT_COMPARED = [
  'times of what a build makes itself: 0 here unless a process made it, of their clock there (those of copied files are compared)',
  'times of folders: whoever changes something in a folder changes its time',
  'times in the config and its history: without SOURCE_DATE_EPOCH we leave them out, so that equal builds are equal',
  'layers that hold nothing: a step that changes nothing gives none here, and `empty_layer: true` in the history',
  "xattrs but security.capability: BuildKit's layers have no others, ours have what was there",
  'mount points that the base has not, and which of several hard links is the file',
].join('\n');

const MOUNT_POINTS = ['/dev', '/proc', '/sys'];

/** Of all files of a context. */
const COPIED_TIME = 1_000_000_000;

interface World {
  readonly dir: string;
  readonly store: Store;
  readonly sandbox: Sandbox;
  readonly images: ReadonlyMap<string, Image>;
  readonly daemon: Buildkitd;
}

let world: World;
let number = 0;

describe.skipIf(!canRunBuildkitd() || !needs('crun'))("what BuildKit's own front end gives", () => {
  beforeAll(async () => {
    const daemon = await startBuildkitd();
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tare-equal-')));
    const store = await openStore({ home: join(dir, 'home') });
    const busybox = await busyboxImage(store);
    const images = new Map([
      ['busybox', busybox],
      ['parent', await parentImage(store)],
    ]);
    for (const [name, image] of images) await store.tag(`${name}:latest`, image.descriptor);
    const run = join(dir, 'run');
    mkdirSync(run);
    const sandbox = await findSandbox({ env: { ...process.env, XDG_RUNTIME_DIR: run } });
    if ('unavailable' in sandbox) throw new Error(sandbox.unavailable);
    world = { dir, store, sandbox, images, daemon };
  });
  afterAll(async () => {
    await world.daemon.stop();
    rmSync(world.dir, { recursive: true, force: true });
  });

  it.each(CASES)('$name', async (item) => {
    const made = prepare(item);
    const expected = await described(await reference(item, made));
    expect(await described(await ours(item, made, {})), `the local executor; not compared:\n${NOT_COMPARED}`).toEqual(
      expected,
    );
    const engine = { engine: world.daemon.address };
    expect(
      await described(await ours(item, made, engine)),
      `the BuildKit engine; not compared:\n${NOT_COMPARED}`,
    ).toEqual(expected);
  });

  it.each(REFUSED)('refuses as well: $name', async (item) => {
    const made = prepare(item);
    expect(await outcomes(item, made)).toEqual({ frontEnd: 'refused', local: 'refused', engine: 'refused' });
  });

  it.each(STRICTER)('is stricter on this machine: $name', async (item) => {
    const made = prepare(item);
    expect(await outcomes(item, made)).toEqual({ frontEnd: 'built', local: 'refused', engine: 'built' });
  });

  it.each(DIFFERENCES)('differs by design: $name', async (item) => {
    const made = prepare(item);
    const [theirs, own] = await Promise.all(
      [reference(item, made), ours(item, made, {})].map(async (build) => names(await build)),
    );
    const without = (lines: readonly string[] = [], others: readonly string[] = []) =>
      lines.filter((line) => !others.includes(line));
    expect({ theirs: without(theirs, own), ours: without(own, theirs) }, item.reason).toEqual({
      theirs: item.theirs,
      ours: item.ours,
    });
  });
});

/** With all that a base image can hand on. */
async function parentImage(store: Store): Promise<Image> {
  const made = await makeImage({
    store,
    layers: [[{ path: 'parent', content: 'parent' }]],
    config: {
      author: 'the parent',
      config: {
        Env: ['A=1', 'B=2'],
        Cmd: ['of', 'the', 'parent'],
        Entrypoint: ['/bin/echo'],
        Labels: { from: 'parent', kept: 'yes' },
        ExposedPorts: { '1/tcp': {} },
        Volumes: { '/data': {} },
        WorkingDir: '/work',
        User: '5:6',
        StopSignal: 'SIGINT',
        OnBuild: ['LABEL trigger=done', 'COPY a.txt /triggered'],
      },
      history: [{ created_by: 'the parent' }],
    },
  });
  return imageOf({ reference: 'parent', blobs: store.blobs, descriptor: made.descriptor, platform: undefined });
}

interface Prepared {
  readonly context: string;
  readonly dockerfile: string;
  readonly ignore: readonly string[];
  readonly tag: string;
}

function prepare({ dockerfile, files = {} }: Case): Prepared {
  const dir = join(world.dir, String(number));
  const ignore = files['.dockerignore'];
  const made: Prepared = {
    context: join(dir, 'context'),
    dockerfile: join(dir, 'dockerfile'),
    tag: `case${number++}:latest`,
    ignore: typeof ignore === 'string' ? ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#')) : [],
  };
  mkdirSync(made.context, { recursive: true });
  mkdirSync(made.dockerfile);
  for (const [name, file] of Object.entries(files)) writeFile(join(made.context, name), name, file);
  for (const name of readdirSync(made.context, { recursive: true, encoding: 'utf8' }).sort().reverse())
    lutimesSync(join(made.context, name), COPIED_TIME, COPIED_TIME);
  writeFileSync(join(made.dockerfile, 'Dockerfile'), dockerfile);
  return made;
}

function writeFile(path: string, name: string, file: CaseFile): void {
  const { content = '', link, mode } = typeof file === 'string' || Buffer.isBuffer(file) ? { content: file } : file;
  mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
  if (link !== undefined) symlinkSync(link, path);
  else if (!name.endsWith('/')) writeFileSync(path, content);
  if (mode !== undefined) chmodSync(path, mode);
}

const SECRETS = new Map([['token', Buffer.from('of the secret')]]);

async function ours(item: Case, made: Prepared, more: { readonly engine?: string }): Promise<Image> {
  const { sandbox, store } = world;
  const ctx = createContext({});
  const result = await buildDockerfile(
    {
      dir: made.context,
      file: join(made.dockerfile, 'Dockerfile'),
      tags: [made.tag],
      environment: {},
      network: 'none',
      secrets: SECRETS,
      buildArgs: new Map(Object.entries(item.buildArgs ?? {})),
      labels: new Map(Object.entries(item.labels ?? {})),
      ...(item.target === undefined ? {} : { target: item.target }),
      ...more,
    },
    { store, ctx, sandbox },
  );
  return openImage(result.reference, { store, ctx });
}

async function reference(item: Case, made: Prepared): Promise<Image> {
  const { daemon, images, store } = world;
  const ctx = createContext({});
  const open = (dir: string) => openContext({ dir, ignore: undefined, home: store.home, ctx });
  const attrs = (prefix: string, values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}:${name}`, value]));
  return buildWithFrontEnd({
    socket: daemon.socket,
    store,
    ctx,
    images,
    secrets: SECRETS,
    context: await open(made.context),
    dockerfile: await open(made.dockerfile),
    ignore: made.ignore,
    attrs: {
      ...attrs('build-arg', item.buildArgs),
      ...attrs('label', item.labels),
      ...(item.target === undefined ? {} : { target: item.target }),
    },
  });
}

/** The path of each file, and the names it shares its inode with. */
async function names(image: Image): Promise<readonly string[]> {
  const { tree } = await treeOfImage(image, world.store);
  const entries = [...tree.walk()];
  return entries.map((entry) => {
    const file = entry.type === 'hardlink' ? entry.link : entry.path;
    const group = entries.filter((other) => (other.type === 'hardlink' ? other.link : other.path) === file);
    return [entry.path, ...(group.length > 1 ? ['one of', ...group.map(({ path }) => path)] : [])].join(' ');
  });
}

/** What becomes of a build. */
async function outcomes(item: Case, made: Prepared): Promise<Readonly<Record<string, string>>> {
  const outcome = (build: Promise<Image>): Promise<string> =>
    build.then(
      () => 'built',
      () => 'refused',
    );
  return {
    frontEnd: await outcome(reference(item, made)),
    local: await outcome(ours(item, made, {})),
    engine: await outcome(ours(item, made, { engine: world.daemon.address })),
  };
}

/** All that is compared of an image. */
async function described(image: Image): Promise<{ readonly files: readonly string[]; readonly config: unknown }> {
  const { indexes, tree } = await treeOfImage(image, world.store);
  const entries = [...tree.walk()].filter(({ path }) => !MOUNT_POINTS.includes(textOfBytes(path)));
  const groups = new Map<string, string[]>();
  for (const entry of entries) {
    const file = entry.type === 'hardlink' ? (entry.link ?? '') : entry.path;
    groups.set(file, [...(groups.get(file) ?? []), entry.path]);
  }
  const files = entries.map((entry) => {
    const file = entry.type === 'hardlink' ? (tree.get(entry.link as Entry['path']) ?? entry) : entry;
    const group = groups.get(file.path) ?? [];
    return [
      textOfBytes(entry.path),
      file.type,
      file.mode.toString(8),
      `${file.uid}:${file.gid}`,
      ...(file.type === 'symlink' ? [`-> ${textOfBytes(file.link ?? '')}`] : []),
      ...(file.type === 'file' ? [`${file.size} bytes ${file.sha256 ?? ''}`] : []),
      ...(file.device === undefined ? [] : [file.device.join(',')]),
      ...[...(file.xattrs ?? [])]
        .filter(([name]) => name === 'security.capability')
        .map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`)
        .sort(),
      ...(group.length > 1 ? [`one of ${group.map((path) => textOfBytes(path)).join(' ')}`] : []),
      ...(file.type === 'directory'
        ? []
        : [file.mtime === 0 || file.mtime > COPIED_TIME ? 'made' : `at ${file.mtime}`]),
    ].join(' ');
  });
  return {
    files,
    config: configOf(
      image,
      indexes.map(({ members }) => members.every(({ path }) => MOUNT_POINTS.includes(cleanPath(path)))),
    ),
  };
}

/** As it is written, without times; rows of layers that hold nothing are rows without layers. */
function configOf(image: Image, isEmpty: readonly boolean[]): unknown {
  const config = JSON.parse(Buffer.from(image.raw.config).toString('utf8')) as Record<string, unknown> & {
    readonly history: readonly (Record<string, unknown> & { readonly empty_layer?: boolean })[];
  };
  const { created: _created, rootfs: _rootfs, history, ...rest } = config;
  let layer = 0;
  const rows = history.map(({ created: _time, empty_layer: noLayer, ...row }) =>
    noLayer === true || isEmpty[layer++] === true ? { ...row, empty_layer: true } : row,
  );
  return { ...rest, history: rows };
}
