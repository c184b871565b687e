import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { sha256 } from '../../src/base/digest.ts';
import { pathOfText, ROOT } from '../../src/base/path.ts';
import { packLayer, parseCompression } from '../../src/pack/index.ts';
import { membersOf } from '../../src/pack/members.ts';
import { contentIdentity } from '../../src/shrink/content-identity.ts';
import type { Grouped } from '../../src/shrink/layers.ts';
import {
  MAX_IMAGE_LAYERS,
  MIN_SHARED_BYTES,
  shareLayers,
  type Shared,
  type ServiceLayers,
} from '../../src/shrink/share.ts';
import { openStore } from '../../src/store/index.ts';
import type { LayerIndex } from '../../src/store/types.ts';
import { treeOfLayers } from '../../src/tree/layers.ts';
import { plainDirectory } from '../../src/tree/memory.ts';
import type { ContentReader, Entry } from '../../src/tree/types.ts';
import { tempDir } from '../helpers/temp.ts';

const LARGE = MIN_SHARED_BYTES;

/** Its content is told by one text; which layer it comes from is different in each service. */
function file(path: string, content = path, size = LARGE, more: Partial<Entry> = {}): Entry {
  return {
    ...plainDirectory(pathOfText(path)),
    type: 'file',
    mode: 0o644,
    mtime: 7,
    size,
    content: { in: 'layer', diffId: sha256(`layer of ${Math.random()}`), offset: 512, size },
    sha256: sha256(`${content} ${size}`).slice(7),
    ...more,
  };
}
const folder = (path: string, more: Partial<Entry> = {}): Entry => ({ ...plainDirectory(pathOfText(path)), ...more });
const linkTo = (path: string, target: Entry): Entry => ({
  ...target,
  path: pathOfText(path),
  type: 'hardlink',
  link: target.path,
});

const service = (name: string, layers: Readonly<Record<string, readonly Entry[]>>): ServiceLayers => ({
  service: name,
  layers: Object.entries(layers).map(([group, entries]) => ({ group, entries })),
});
const share = (...services: ServiceLayers[]): Shared => shareLayers(services, { identityOf: contentIdentity });
const outline = ({ services }: Shared): unknown =>
  Object.fromEntries(
    services.map(({ layers, service: name }) => [
      name,
      Object.fromEntries(layers.map(({ entries, group }) => [group, entries.map(({ path }) => path)])),
    ]),
  );

function indexOf({ entries }: Grouped, at: number): LayerIndex {
  return {
    diffId: sha256(`layer ${at}`),
    wire: 1,
    disk: 1,
    members: membersOf(entries, 'own').map(({ header, source }) => ({
      ...header,
      dataOffset: 0,
      dataSize: header.size,
      ...(source === undefined ? {} : { sha256: contentIdentity(source) ?? 'none' }),
    })),
  };
}

/** What a container of these layers sees: all but which layer something came in. */
function seen(layers: readonly Grouped[]): unknown {
  const tree = treeOfLayers(layers.map(indexOf));
  const root = tree.get(ROOT);
  return [...(root === undefined ? [] : [root]), ...tree.walk()].map((entry) => ({
    ...entry,
    content: undefined,
    layer: undefined,
  }));
}

describe('shared layers', () => {
  it('one for each set of services, larger sets first, what is alone stays', () => {
    const common = (): Entry[] => [folder('/lib'), file('/lib/libc.so')];
    const result = share(
      service('web', { runtime: [file('/bin/node')], system: [...common(), file('/lib/web.so')] }),
      service('api', { runtime: [file('/bin/node')], system: common(), application: [file('/app/api.js')] }),
      service('job', { system: common() }),
    );
    expect(outline(result)).toEqual({
      web: {
        'shared: api, job, web': ['/lib', '/lib/libc.so'],
        'shared: api, web': ['/bin/node'],
        system: ['/lib', '/lib/web.so'],
      },
      api: {
        'shared: api, job, web': ['/lib', '/lib/libc.so'],
        'shared: api, web': ['/bin/node'],
        application: ['/app/api.js'],
      },
      job: { 'shared: api, job, web': ['/lib', '/lib/libc.so'] },
    });
    expect(result.shared).toEqual([
      { group: 'shared: api, job, web', services: ['api', 'job', 'web'], bytes: LARGE, files: 1 },
      { group: 'shared: api, web', services: ['api', 'web'], bytes: LARGE, files: 1 },
    ]);
  });

  it.each<readonly [string, Partial<Entry>]>([
    ['mode', { mode: 0o755 }],
    ['owner', { uid: 1 }],
    ['group', { gid: 1 }],
    ['time', { mtime: 8 }],
    ['attributes', { xattrs: new Map([['user.a', new Uint8Array([1])]]) }],
    ['content', { sha256: sha256('other').slice(7) }],
    ['size', { size: LARGE + 1 }],
  ])('not where the %s differs', (_, more) => {
    const result = share(
      service('a', { system: [file('/x')] }),
      service('b', { system: [file('/x', '/x', LARGE, more)] }),
    );
    expect(result.shared).toEqual([]);
    expect(outline(result)).toEqual({ a: { system: ['/x'] }, b: { system: ['/x'] } });
  });

  it('whatever the target of a symbolic link and the numbers of a device are, they are compared', () => {
    const link = (link: string): Entry => ({ ...folder('/lib/l'), type: 'symlink', mode: 0o777, link });
    const device = (minor: number): Entry => ({ ...folder('/dev/x'), type: 'char', device: [1, minor] });
    const both = (target: string, minor: number): Entry[] => [file('/x'), link(target), device(minor)];
    const result = share(service('a', { system: both('one', 3) }), service('b', { system: both('two', 3) }));
    expect(outline(result)).toMatchObject({ a: { 'shared: a, b': ['/dev/x', '/x'], system: ['/lib/l'] } });
  });

  it('nothing of the application, which changes with every build', () => {
    const app = (): ServiceLayers['layers'] => service('', { application: [file('/app/x.js')] }).layers;
    const services = [
      { service: 'a', layers: app() },
      { service: 'b', layers: app() },
    ];
    expect(share(...services)).toEqual({ services, shared: [] });
  });

  it('no layer for a few small files; with those of a larger set that some of them have anyhow', () => {
    const small = (): Entry => file('/etc/small', 'x', 10);
    const result = share(
      service('a', { system: [small(), file('/lib/x')] }),
      service('b', { system: [small(), file('/lib/x')] }),
      service('c', { system: [small()] }),
    );
    expect(outline(result)).toEqual({
      a: { 'shared: a, b': ['/etc/small', '/lib/x'] },
      b: { 'shared: a, b': ['/etc/small', '/lib/x'] },
      c: { system: ['/etc/small'] },
    });
    const many = (): Entry[] => Array.from({ length: 8 }, (_, at) => file(`/etc/${at}`, 'x', 10));
    expect(share(service('a', { system: many().slice(1) }), service('b', { system: many().slice(1) })).shared).toEqual(
      [],
    );
    expect(share(service('a', { system: many() }), service('b', { system: many() })).shared).toHaveLength(1);
  });

  it('all names of an inode or none, whichever of them is the file', () => {
    const [x, y] = [file('/bin/x', 'one'), file('/bin/y', 'one')];
    const one = service('a', { system: [x, linkTo('/bin/y', x)] });
    const two = service('b', { system: [linkTo('/bin/x', y), y] });
    const three = service('c', { system: [file('/bin/x', 'one'), file('/bin/y', 'one')] });
    const result = share(one, two, three);
    expect(outline(result)).toEqual({
      a: { 'shared: a, b': ['/bin/x', '/bin/y'] },
      b: { 'shared: a, b': ['/bin/x', '/bin/y'] },
      c: { system: ['/bin/x', '/bin/y'] },
    });
    expect(result.shared[0]?.bytes).toBe(LARGE);
    const split = (name: string): ServiceLayers => {
      const node = file('/bin/node');
      return service(name, { runtime: [node], system: [linkTo('/bin/nodejs', node)] });
    };
    expect(share(split('a'), split('b')).shared).toEqual([]);
  });

  it('nothing that replaces what a lower layer has, or is replaced', () => {
    const made = (name: string): ServiceLayers =>
      service(name, { 'layer 0': [file('/etc/passwd', 'old'), file('/x')], 'layer 1': [file('/etc/passwd', 'new')] });
    const result = share(made('a'), made('b'));
    expect(outline(result)).toMatchObject({
      a: { 'shared: a, b': ['/x'], 'layer 0': ['/etc/passwd'], 'layer 1': ['/etc/passwd'] },
    });
    const through = (name: string): ServiceLayers =>
      service(name, { one: [file('/a/x')], two: [file('/y'), { ...folder('/a'), type: 'symlink', link: 'b' }] });
    expect(share(through('a'), through('b')).shared).toEqual([]);
  });

  it('folders that differ stay above, and win', () => {
    const made = (name: string, mode: number): ServiceLayers =>
      service(name, {
        system: [folder('/', { mode: 0o711 }), folder('/tmp', { mode }), file('/tmp/x'), folder('/run')],
      });
    const [a, b] = [made('a', 0o1777), made('b', 0o700)];
    const result = share(a, b);
    expect(outline(result)).toEqual({
      a: { 'shared: a, b': ['/', '/run', '/tmp/x'], system: ['/', '/tmp'] },
      b: { 'shared: a, b': ['/', '/run', '/tmp/x'], system: ['/', '/tmp'] },
    });
    expect(seen(result.services[1]?.layers ?? [])).toEqual(seen(b.layers));
  });

  it('never more layers than an image may have: those that save most', () => {
    const names = Array.from({ length: 30 }, (_, at) => `s${String(at).padStart(2, '0')}`);
    const services = names.map((name, at) =>
      service(name, {
        system:
          at === 0
            ? names.slice(1).map((other, i) => file(`/${other}`, other, LARGE + i))
            : [file(`/${name}`, name, LARGE + at - 1)],
      }),
    );
    const result = share(...services);
    expect(result.services[0]?.layers).toHaveLength(MAX_IMAGE_LAYERS);
    expect(result.shared).toHaveLength(MAX_IMAGE_LAYERS - 1);
    expect(result.shared.map((layer) => layer.services[1])).not.toContain('s01');
    expect(result.shared.map((layer) => layer.services[1])).toContain('s29');
  });

  it('are one blob in all of their services', async () => {
    const store = await openStore({ home: tempDir() });
    const bytes = (text: string): Uint8Array => Buffer.from(text.repeat(20_000));
    const reader: ContentReader = {
      read: () => Promise.reject(new Error('not asked for')),
      stream: async function* ({ content }) {
        if (content?.in === 'memory') yield content.bytes;
      },
    };
    const made = (name: string, order: 1 | -1): ServiceLayers => {
      const entry = file('/lib/libc.so', 'x', 80_000, { content: { in: 'memory', bytes: bytes('libc') } });
      const all = [
        folder('/lib', { mtime: order }),
        entry,
        linkTo('/lib/libc.so.6', entry),
        folder('/srv'),
        file('/own', name, 3),
      ];
      return service(name, { system: order === 1 ? all : all.toReversed() });
    };
    const digests = await Promise.all(
      share(made('a', 1), made('b', -1)).services.map(async ({ layers }) => {
        const { descriptor, diffId } = await packLayer({
          entries: layers[0]?.entries ?? [],
          content: reader,
          store,
          compression: parseCompression('gzip'),
          epoch: 'own',
          ctx: createContext({}),
        });
        return [descriptor.digest, diffId];
      }),
    );
    expect(digests[0]).toEqual(digests[1]);
  });
});

// Few names and few values, so that services meet often; sizes such that some sets are worth a layer and some are not.
const text = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const attributes = fc.record({
  mode: fc.constantFrom(0o644, 0o700),
  mtime: fc.constantFrom(1, 2),
  uid: fc.constantFrom(0, 0, 5),
});
const entry: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(text, attributes, fc.constantFrom('x', 'y'), fc.constantFrom(0, 10, LARGE))
      .map(([path, more, content, size]) => file(path, content, size, more)),
  },
  { weight: 3, arbitrary: fc.tuple(text, attributes).map(([path, more]) => folder(path, more)) },
  {
    weight: 1,
    arbitrary: fc.tuple(text, text).map(([path, link]): Entry => ({ ...folder(path), type: 'symlink', link })),
  },
  { weight: 2, arbitrary: fc.tuple(text, text).map(([path, target]) => linkTo(path, file(target, 'linked'))) },
);
const layer = (group: string): fc.Arbitrary<Grouped> =>
  fc.tuple(fc.array(entry, { maxLength: 6 }), fc.boolean()).map(([entries, root]) => ({
    group,
    entries: [
      ...new Map(
        [...(root ? [folder('/', { mode: 0o711 })] : []), ...entries].map((each) => [each.path, each]),
      ).values(),
    ],
  }));
const layers = fc.tuple(layer('runtime'), layer('system'), layer('application'));
/** Services that are much the same, so that there is something to share: each is the first with some layers of its own. */
const systems = fc
  .tuple(
    layers,
    fc.array(fc.tuple(layers, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 })), { minLength: 1, maxLength: 3 }),
  )
  .map(([first, others]) => [
    { service: 'z', layers: first },
    ...others.map(([own, same], at) => ({
      service: `s${at}`,
      layers: own.map((each, i) => (same[i] === true ? (first[i] ?? each) : each)),
    })),
  ]);

/** No tree has a second name for a folder or a symbolic link under which it is a file. */
function linksToFiles({ layers: all }: ServiceLayers): boolean {
  const entries = all.flatMap((each) => each.entries);
  const others = new Set(
    entries.filter(({ type }) => type === 'directory' || type === 'symlink').map(({ path }) => path),
  );
  return entries.every(({ link, type }) => type !== 'hardlink' || !others.has(link as Entry['path']));
}

function whole(services: readonly ServiceLayers[]): boolean {
  if (!services.every(linksToFiles)) return false;
  try {
    for (const each of services) seen(each.layers);
    return true;
  } catch {
    // Layers that no image has: a link to nothing, a path through a file.
    return false;
  }
}

describe('sharing', () => {
  it('changes nothing that a container sees, and makes equal layers of equal names', () => {
    let met = 0;
    fc.assert(
      fc.property(systems, (services) => {
        fc.pre(whole(services));
        const result = share(...services);
        met += result.shared.length;
        for (const [at, each] of result.services.entries())
          expect(seen(each.layers)).toEqual(seen(services[at]?.layers ?? []));
        for (const { group, services: of } of result.shared) {
          const same = result.services
            .filter(({ service: name }) => of.includes(name))
            .map((each) => each.layers.filter((one) => one.group === group).map((one) => indexOf(one, 0)));
          for (const each of same) {
            expect(each).toHaveLength(1);
            expect(each).toEqual(same[0]);
          }
        }
      }),
      { numRuns: 400 },
    );
    expect(met).toBeGreaterThan(20);
  });

  it('does not depend on the order of services and entries', () => {
    fc.assert(
      fc.property(systems, (services) => {
        fc.pre(whole(services));
        const turned = services.toReversed().map((each) => ({
          ...each,
          layers: each.layers.map((one) => ({ ...one, entries: one.entries.toReversed() })),
        }));
        const [one, two] = [share(...services), share(...turned)];
        expect(two.shared).toEqual(one.shared);
        expect(two.services.map((each) => each.layers.map(indexOf)).toReversed()).toEqual(
          one.services.map((each) => each.layers.map(indexOf)),
        );
      }),
    );
  });
});
