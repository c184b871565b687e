import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import type { Op } from '../../../src/solve/buildkit/llb.ts';
import { marshalGraph, type Marshalled } from '../../../src/solve/buildkit/marshal.ts';
import { encodeOp, loadProtocol, type Protocol } from '../../../src/solve/buildkit/schema.ts';
import type { ExecMount, Vertex } from '../../../src/solve/types.ts';
import { copy, exec, LINUX, local, scratch } from './graphs.ts';

const MANIFEST = sha256('a manifest');
let protocol: Protocol;

beforeAll(async () => {
  protocol = await loadProtocol();
});

const from: Vertex = {
  op: 'source',
  name: 'FROM base',
  source: { kind: 'image', reference: 'base', digest: MANIFEST, platform: { os: 'linux', architecture: 'arm64' } },
};

function marshal(target: Vertex, noCache = false): Marshalled {
  const made = marshalGraph(
    { target, platform: LINUX },
    { encodeOp: (op: Op) => encodeOp(protocol, op), imageOf: () => MANIFEST, noCache },
  );
  if (made === undefined) throw new Error('nothing to do');
  return made;
}

/** The operations as the daemon reads them, without the members that are empty. */
function opsOf(target: Vertex): object[] {
  return marshal(target).definition.def.map((bytes) => filled(protocol.decode('Op', bytes)) as object);
}

function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .map(([key, item]): [string, unknown] => [key, filled(item)])
    .filter(([, item]) => item !== null && item !== '' && item !== false && item !== 0)
    .filter(([, item]) => typeof item !== 'object' || item === null || Object.keys(item).length > 0);
  return Object.fromEntries(members);
}

describe('the graph', () => {
  it('may be a chain of thousands', () => {
    let target: Vertex = from;
    for (let number = 0; number < 8000; number++) target = exec(target, String(number));
    expect(marshal(target).definition.def).toHaveLength(8002);
  });

  it('puts inputs first, equal vertices once, and what is wanted last', () => {
    const one = exec(from, 'one');
    const again = exec({ ...from }, 'one');
    const { definition, vertices } = marshal({
      op: 'merge',
      name: 'both',
      inputs: [copy(one, { from: again, sources: ['/a'], destination: '/b' }), again],
    });
    const digests = definition.def.map((bytes) => sha256(bytes));
    expect(definition.def).toHaveLength(5);
    expect(vertices.size).toBe(4);
    const known = new Set<string>();
    for (const [index, bytes] of definition.def.entries()) {
      const { inputs } = protocol.decode('Op', bytes) as { inputs: { digest: string }[] };
      for (const input of inputs) expect(known).toContain(input.digest);
      known.add(digests[index] ?? '');
    }
    expect(protocol.decode('Op', definition.def[4] ?? new Uint8Array())).toMatchObject({
      inputs: [{ digest: digests[3], index: 0 }],
      exec: null,
      merge: null,
    });
    expect(definition.metadata[digests[0] ?? '']).toEqual({
      description: { 'llb.customname': 'FROM base' },
      caps: { 'source.ocilayout': true },
    });
  });

  it('is the same bytes for the same graph, whatever its vertices are called', () => {
    const bytes = (name: string): Buffer => Buffer.concat(marshal(exec(from, 'x', { name })).definition.def);
    expect(bytes('a')).toEqual(bytes('b'));
  });

  it('has no operation for nothing', () => {
    const options = { encodeOp: (op: Op) => encodeOp(protocol, op), imageOf: () => MANIFEST, noCache: false };
    expect(marshalGraph({ target: scratch, platform: LINUX }, options)).toBeUndefined();
    const merged: Vertex = { op: 'merge', name: 'm', inputs: [scratch, from, scratch] };
    expect(opsOf(merged)).toHaveLength(2);
  });

  it('asks for every step anew without a cache', () => {
    const { metadata } = marshal(exec(from, 'x'), true).definition;
    expect(Object.values(metadata).map((item) => item.ignoreCache)).toEqual([true, true]);
  });
});

describe('sources', () => {
  it.each([
    [
      from,
      {
        source: { identifier: `oci-layout://tare/image@${MANIFEST}`, attrs: { 'oci.store': 'tare' } },
        platform: { os: 'linux', architecture: 'arm64' },
      },
    ],
    [
      local,
      {
        source: { identifier: `oci-layout://tare/image@${MANIFEST}`, attrs: { 'oci.store': 'tare' } },
        platform: LINUX,
      },
    ],
    [
      {
        op: 'source',
        name: 'x',
        source: { kind: 'http', url: 'https://example.org/a.tgz', checksum: MANIFEST, filename: 'a.tgz' },
      } as const,
      {
        source: {
          identifier: 'https://example.org/a.tgz',
          attrs: { 'http.checksum': MANIFEST, 'http.filename': 'a.tgz' },
        },
        platform: LINUX,
      },
    ],
    [
      {
        op: 'source',
        name: 'x',
        source: { kind: 'git', url: 'https://example.org/a/b.git', ref: 'v1', subdir: 'src', keepGitDir: true },
      } as const,
      {
        source: {
          identifier: 'git://example.org/a/b.git#v1:src',
          attrs: {
            'git.authheadersecret': 'GIT_AUTH_HEADER',
            'git.authtokensecret': 'GIT_AUTH_TOKEN',
            'git.fullurl': 'https://example.org/a/b.git',
            'git.keepgitdir': 'true',
          },
        },
        platform: LINUX,
      },
    ],
    [
      {
        op: 'source',
        name: 'x',
        source: { kind: 'git', url: 'git@example.org:a/b.git', ref: '', subdir: '', keepGitDir: false },
      } as const,
      {
        source: {
          identifier: 'git://example.org/a/b.git',
          attrs: {
            'git.authheadersecret': 'GIT_AUTH_HEADER',
            'git.authtokensecret': 'GIT_AUTH_TOKEN',
            'git.fullurl': 'git@example.org:a/b.git',
            'git.mountsshsock': 'default',
          },
        },
        platform: LINUX,
      },
    ],
  ])('%#', (vertex, op) => {
    expect(opsOf(vertex)[0]).toEqual(op);
  });

  it('makes here-documents by file operations', () => {
    const inline: Vertex = {
      op: 'source',
      name: 'here',
      source: { kind: 'inline', files: { '/b/two': 'B', one: 'A' }, mode: 0o644 },
    };
    expect(opsOf(inline)[0]).toEqual({
      file: {
        actions: [
          {
            input: -1,
            secondaryInput: -1,
            output: -1,
            mkdir: { path: '/b', mode: 0o755, makeParents: true, timestamp: -1 },
          },
          { secondaryInput: -1, output: -1, mkfile: { path: '/b/two', mode: 0o644, data: 'B', timestamp: -1 } },
          { input: 1, secondaryInput: -1, mkfile: { path: '/one', mode: 0o644, data: 'A', timestamp: -1 } },
        ],
      },
    });
  });

  it('refuses what is no repository', () => {
    const vertex: Vertex = {
      op: 'source',
      name: 'ADD x',
      source: { kind: 'git', url: 'file:///etc', ref: '', subdir: '', keepGitDir: false },
    };
    expect(() => marshal(vertex)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining('ADD x') as string }),
    );
  });
});

describe('files', () => {
  const defaults = {
    followSymlink: true,
    dirCopyContents: true,
    createDestPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    timestamp: -1,
  };

  it.each([
    [{}, { src: '/a', dest: '/d/', mode: -1 }],
    [{ mode: '755' }, { src: '/a', dest: '/d/', mode: 0o755 }],
    [{ mode: 'u=rwX,go=rX' }, { src: '/a', dest: '/d/', modeText: 'u=rwX,go=rX' }],
    [{ owner: '10' }, { src: '/a', dest: '/d/', mode: -1, owner: { user: { byId: 10 } } }],
    [
      { owner: 'app:30' },
      { src: '/a', dest: '/d/', mode: -1, owner: { user: { byName: { name: 'app' } }, group: { byId: 30 } } },
    ],
    [
      { exclude: ['*.log'], unpack: true },
      { src: '/a', dest: '/d/', mode: -1, excludePatterns: ['*.log'], attemptUnpack: true },
    ],
    [
      { parents: true, sources: ['/x/./y/z'] },
      { src: '/x', dest: '/d/', mode: -1, includePatterns: ['y/z'], requiredPaths: ['/x/y/z'] },
    ],
    [
      { parents: true, sources: ['/x/*.c'] },
      { src: '/', dest: '/d/', mode: -1, includePatterns: ['x/*.c'] },
    ],
    [{ destination: '/d//e/.' }, { src: '/a', dest: '/d/e/.', mode: -1 }],
    [{ destination: '/' }, { src: '/a', dest: '/', mode: -1 }],
  ])('copies %j', (action, expected) => {
    const ops = opsOf(copy(from, { from: local, sources: ['/a'], destination: '/d/', ...action }));
    // Both inputs are the same operation here but for their platform.
    expect(ops[2]).toMatchObject({ file: { actions: [{ secondaryInput: 1, copy: { ...defaults, ...expected } }] } });
  });

  it('chains actions: each works on what the one before it made', () => {
    const vertex: Vertex = {
      op: 'file',
      name: 'x',
      root: scratch,
      actions: [
        { kind: 'mkdir', path: '/w/', mode: 0o700, owner: 'app' },
        { kind: 'copy', from, sources: ['/a', '/b'], destination: '/w/', parents: false, exclude: [], unpack: false },
      ],
    };
    expect(opsOf(vertex)[1]).toMatchObject({
      file: {
        actions: [
          {
            input: -1,
            secondaryInput: -1,
            output: -1,
            mkdir: { path: '/w/', mode: 0o700, owner: { user: { byName: { name: 'app', input: -1 } } } },
          },
          { input: 1, output: -1, copy: { src: '/a' } },
          { input: 2, copy: { src: '/b' } },
        ],
      },
    });
  });
});

describe('processes', () => {
  const execOf = (more: Parameters<typeof exec>[2]): object =>
    (opsOf(exec(from, 'x', more)).at(-2) as { exec: object }).exec;

  it('says who, where and how', () => {
    const vertex = exec(from, 'make', {
      env: ['A=1', 'B=2'],
      cwd: '/src',
      user: 'app',
      network: 'host',
      insecure: true,
      hosts: ['db:10.0.0.7', 'six:[::1]'],
      silentEnv: ['HTTP_PROXY=http://p:1', 'no_proxy=localhost'],
    });
    expect(opsOf(vertex)[1]).toMatchObject({
      platform: { os: 'linux', architecture: 'arm64' },
      exec: {
        meta: {
          args: ['/bin/sh', '-c', 'make'],
          env: ['A=1', 'B=2'],
          cwd: '/src',
          user: 'app',
          removeMountStubsRecursive: true,
          extraHosts: [
            { host: 'db', ip: '10.0.0.7' },
            { host: 'six', ip: '::1' },
          ],
          proxyEnv: { httpProxy: 'http://p:1', noProxy: 'localhost' },
        },
        mounts: [{ dest: '/' }],
        network: 1,
        security: 1,
      },
    });
    expect(marshal(vertex).entitlements).toEqual(['network.host', 'security.insecure']);
    expect(marshal(exec(from, 'x')).entitlements).toEqual([]);
  });

  it.each([
    [
      { kind: 'bind', target: '/m', from: local, source: '/sub', readOnly: true },
      { input: 1, selector: '/sub', dest: '/m', output: -1, readonly: true },
    ],
    [
      { kind: 'bind', target: '/m', from: local, source: '/', readOnly: false },
      { input: 1, dest: '/m', output: -1 },
    ],
    [
      { kind: 'tmpfs', target: '/m', size: 4096 },
      { input: -1, dest: '/m', output: -1, mountType: 4, tmpfs: { size: 4096 } },
    ],
    [
      {
        kind: 'cache',
        target: '/m',
        id: 'c',
        sharing: 'locked',
        source: '/',
        readOnly: false,
        mode: 0o755,
        uid: 0,
        gid: 0,
      },
      { input: -1, dest: '/m', output: -1, mountType: 3, cache: { id: '/c', sharing: 2 } },
    ],
    [
      {
        kind: 'cache',
        target: '/m',
        id: 'c',
        sharing: 'shared',
        source: '/',
        readOnly: false,
        mode: 0o700,
        uid: 5,
        gid: 6,
      },
      { input: 1, selector: '/cache', dest: '/m', output: -1, mountType: 3, cache: { id: '/c' } },
    ],
    [
      { kind: 'secret', id: 's', target: '/run/secrets/s', required: true, mode: 0o400, uid: 1, gid: 2 },
      { input: -1, dest: '/run/secrets/s', mountType: 1, secret: { id: 's', uid: 1, gid: 2, mode: 0o400 } },
    ],
    [
      { kind: 'ssh', id: 'default', target: '/run/agent', required: false, mode: 0o600, uid: 0, gid: 0 },
      { input: -1, dest: '/run/agent', mountType: 2, ssh: { id: 'default', mode: 0o600, optional: true } },
    ],
  ] as [ExecMount, object][])('mounts %j', (mount, expected) => {
    expect(execOf({ mounts: [mount] })).toMatchObject({ mounts: [{ dest: '/' }, expected] });
  });

  it('gives secrets as variables, and the way to an agent', () => {
    const mounts: ExecMount[] = [
      { kind: 'secret', id: 's', env: 'TOKEN', required: false, mode: 0o400, uid: 0, gid: 0 },
      { kind: 'ssh', id: 'default', target: '/run/agent', required: false, mode: 0o600, uid: 0, gid: 0 },
    ];
    expect(execOf({ mounts, env: ['A=1'] })).toMatchObject({
      secretEnv: [{ id: 's', name: 'TOKEN', optional: true }],
      meta: { env: ['A=1', 'SSH_AUTH_SOCK=/run/agent'] },
    });
  });

  it.each([
    [{ hosts: ['db'] }, 'db'],
    [{ hosts: ['db:nowhere'] }, 'nowhere'],
    [{ silentEnv: ['OTHER=1'] }, 'OTHER'],
  ])('refuses %j', (more, word) => {
    expect(() => marshal(exec(from, 'x', more))).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining(word) as string }),
    );
  });
});
