import { readFileSync } from 'node:fs';
import type { Digest } from '../../../src/base/digest.ts';
import type { Image } from '../../../src/oci/types.ts';
import type { BuildGraph, CopyAction, ExecVertex, FileVertex, SourceVertex, Vertex } from '../../../src/solve/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { imageOf } from '../../../src/transports/image.ts';
import { makeImage, type LayerEntry } from '../../helpers/images.ts';

export const LINUX = { os: 'linux', architecture: 'amd64' } as const;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const APPLETS = [
  'sh',
  'cat',
  'echo',
  'env',
  'false',
  'id',
  'ls',
  'mkdir',
  'sleep',
  'stat',
  'test',
  'touch',
  'true',
  'wc',
];

/** A base image with a shell: BusyBox of this machine, and two users. */
export async function busyboxImage(store: Store): Promise<Image> {
  const files: LayerEntry[] = [
    { path: 'bin/' },
    { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    ...APPLETS.map((name): LayerEntry => ({ path: `bin/${name}`, type: 'symlink', link: 'busybox' })),
    { path: 'etc/' },
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\n' },
    { path: 'etc/group', content: 'root:x:0:\napp:x:1001:\n' },
    { path: 'tmp/', mode: 0o1777 },
  ];
  const made = await makeImage({
    store,
    layers: [files],
    config: { config: { Env: [PATH] }, history: [{ created_by: 'the base' }] },
  });
  return imageOf({
    reference: 'busybox:latest',
    blobs: store.blobs,
    descriptor: made.descriptor,
    platform: undefined,
  });
}

export const scratch: Vertex = { op: 'scratch' };

export function base(image: Image): SourceVertex {
  const digest: Digest = image.descriptor.digest;
  return {
    op: 'source',
    name: 'FROM busybox',
    source: { kind: 'image', reference: 'busybox', digest, platform: LINUX },
  };
}

export const local: SourceVertex = { op: 'source', name: 'context', source: { kind: 'local', context: 'context' } };

/** `sh -c script`. */
export function exec(root: Vertex, script: string, more: Partial<ExecVertex> = {}): ExecVertex {
  return {
    op: 'exec',
    name: `RUN ${script}`,
    root,
    argv: ['/bin/sh', '-c', script],
    env: [PATH],
    cwd: '/',
    user: '',
    mounts: [],
    network: 'none',
    insecure: false,
    hosts: [],
    silentEnv: [],
    ...more,
  };
}

export function copy(
  root: Vertex,
  action: Partial<CopyAction> & Pick<CopyAction, 'from' | 'sources' | 'destination'>,
): FileVertex {
  return {
    op: 'file',
    name: `COPY ${action.sources.join(' ')} ${action.destination}`,
    root,
    actions: [{ kind: 'copy', parents: false, exclude: [], unpack: false, ...action }],
  };
}

/** `rows`: what the history says of the layers above the base. */
export function graphOf(target: Vertex, rows: readonly string[], more: Partial<BuildGraph['config']> = {}): BuildGraph {
  return {
    target,
    platform: LINUX,
    config: {
      ...LINUX,
      config: { Env: [PATH], Cmd: ['/bin/sh'] },
      history: [
        { created_by: 'the base' },
        ...rows.map((row) => ({ created_by: row, comment: 'buildkit.dockerfile.v0' })),
      ],
      ...more,
    },
  };
}
