import { isIP } from 'node:net';
import { posix } from 'node:path';
import { TareError } from '../../base/error.ts';
import { compareBytes } from '../../base/path.ts';
import type { ExecMount, ExecVertex, Vertex } from '../types.ts';
import {
  MOUNT_TYPE,
  NETWORK,
  NOTHING,
  SECURITY,
  SHARING,
  type ExecOp,
  type OpInput,
  type OpMount,
  type OpPlatform,
  type ProxyEnv,
} from './llb.ts';
import { inputList, type Marshaller } from './marshaller.ts';

/** moby/buildkit v0.29, client/llb/exec.go and dockerfile2llb/convert_runmount.go. */
export function execOp(vertex: ExecVertex, marshaller: Marshaller, platform: OpPlatform): OpInput {
  const { indexOf, inputs } = inputList();
  const caps = new Set(['exec.meta.base']);
  const index = (from: Vertex | undefined): number => {
    const input = from === undefined ? undefined : marshaller.input(from);
    return input === undefined ? NOTHING : indexOf(input);
  };
  const mounts: OpMount[] = [{ input: index(vertex.root), dest: '/', output: 0 }];
  for (const mount of [...vertex.mounts].sort(byTarget)) {
    const made = mountOf(mount, marshaller, index);
    if (made !== undefined) mounts.push(made);
    caps.add(`exec.mount.${mount.kind}`);
  }
  const secretEnv = vertex.mounts.flatMap((mount) =>
    mount.kind === 'secret' && mount.env !== undefined
      ? { id: mount.id, name: mount.env, optional: !mount.required }
      : [],
  );
  if (secretEnv.length > 0) caps.add('exec.secretenv');
  if (vertex.network !== 'default') caps.add('exec.meta.network');
  if (vertex.network === 'host') marshaller.entitle('network.host');
  if (vertex.insecure) {
    caps.add('exec.meta.security');
    marshaller.entitle('security.insecure');
  }
  const exec: ExecOp = {
    meta: metaOf(vertex),
    mounts,
    network: NETWORK[vertex.network],
    security: vertex.insecure ? SECURITY.insecure : SECURITY.sandbox,
    ...(secretEnv.length === 0 ? {} : { secretEnv }),
  };
  return marshaller.add({ inputs, exec, platform }, { name: vertex.name, vertex, caps: [...caps].sort() });
}

const targetOf = (mount: ExecMount): string => mount.target ?? '';
const byTarget = (a: ExecMount, b: ExecMount): number => compareBytes(targetOf(a), targetOf(b));

function metaOf(vertex: ExecVertex): ExecOp['meta'] {
  const proxyEnv = proxyOf(vertex);
  const agent = vertex.mounts.find((mount) => mount.kind === 'ssh');
  const needsAgent = agent !== undefined && !vertex.env.some((line) => line.startsWith('SSH_AUTH_SOCK='));
  return {
    args: vertex.argv,
    env: needsAgent ? [...vertex.env, `SSH_AUTH_SOCK=${agent.target}`] : vertex.env,
    cwd: vertex.cwd,
    user: vertex.user,
    ...(proxyEnv === undefined ? {} : { proxyEnv }),
    ...(vertex.hosts.length === 0 ? {} : { extraHosts: vertex.hosts.map((line) => hostOf(line, vertex)) }),
    removeMountStubsRecursive: true,
  };
}

function hostOf(line: string, vertex: ExecVertex): { host: string; ip: string } {
  const cut = line.indexOf(':');
  const host = line.slice(0, Math.max(0, cut));
  const ip = line.slice(cut + 1).replace(/^\[(.*)\]$/, '$1');
  if (host === '' || isIP(ip) === 0)
    throw new TareError('E_USAGE', `${vertex.name}: ${JSON.stringify(line)} is no host with its address`, {
      hint: 'write HOST:ADDRESS, for example db:10.0.0.7',
    });
  return { host, ip };
}

const PROXIES: Readonly<Record<string, keyof ProxyEnv>> = {
  http_proxy: 'httpProxy',
  https_proxy: 'httpsProxy',
  ftp_proxy: 'ftpProxy',
  no_proxy: 'noProxy',
  all_proxy: 'allProxy',
};

/** The daemon gives each proxy to the process in both spellings; of two here, the last one counts. */
function proxyOf(vertex: ExecVertex): ProxyEnv | undefined {
  const proxies: ProxyEnv = {};
  for (const line of vertex.silentEnv) {
    const cut = line.indexOf('=');
    const key = PROXIES[line.slice(0, Math.max(0, cut)).toLowerCase()];
    if (key === undefined)
      throw new TareError(
        'E_USAGE',
        `${vertex.name}: BuildKit can give proxies to a step without a trace, but not ${JSON.stringify(line.slice(0, Math.max(0, cut)))}`,
        { hint: 'build without --engine' },
      );
    proxies[key] = line.slice(cut + 1);
  }
  return Object.keys(proxies).length === 0 ? undefined : proxies;
}

function mountOf(
  mount: ExecMount,
  marshaller: Marshaller,
  index: (from: Vertex | undefined) => number,
): OpMount | undefined {
  switch (mount.kind) {
    case 'bind':
      return {
        input: index(mount.from),
        dest: mount.target,
        output: NOTHING,
        readonly: mount.readOnly,
        ...selectorOf(mount.source),
      };
    case 'cache':
      return {
        ...cacheStart(mount, marshaller, index),
        dest: mount.target,
        output: NOTHING,
        readonly: mount.readOnly,
        mountType: MOUNT_TYPE.cache,
        // The front end of docker writes the name of a namespace before the slash; it is empty unless somebody sets it.
        cache: { id: `/${mount.id}`, sharing: SHARING[mount.sharing] },
      };
    case 'tmpfs':
      return {
        input: NOTHING,
        dest: mount.target,
        output: NOTHING,
        mountType: MOUNT_TYPE.tmpfs,
        tmpfs: { size: mount.size ?? 0 },
      };
    case 'secret':
      if (mount.target === undefined) return undefined;
      return { ...fromClient(mount.target), mountType: MOUNT_TYPE.secret, secret: fileOpt(mount) };
    case 'ssh':
  }
  return { ...fromClient(mount.target), mountType: MOUNT_TYPE.ssh, ssh: fileOpt(mount) };
}

/** The first output is the root's: the daemon's own client leaves a 0 here, too. */
const fromClient = (dest: string): Pick<OpMount, 'dest' | 'input' | 'output'> => ({ input: NOTHING, dest, output: 0 });

function fileOpt(mount: Extract<ExecMount, { kind: 'secret' | 'ssh' }>): NonNullable<OpMount['secret']> {
  const { gid, id, mode, required, uid } = mount;
  return { id, uid, gid, mode, optional: !required };
}

function selectorOf(source: string): { readonly selector?: string } {
  const path = posix.join('/', source);
  return path === '/' ? {} : { selector: path };
}

const CACHE_FOLDER = '/cache';

/** What a new cache folder begins as. Attributes of its own need a folder to carry them. */
function cacheStart(
  mount: Extract<ExecMount, { kind: 'cache' }>,
  marshaller: Marshaller,
  index: (from: Vertex | undefined) => number,
): Pick<OpMount, 'input' | 'selector'> {
  const { from, gid, mode, uid } = mount;
  const selector = selectorOf(mount.source);
  if (selector.selector !== undefined || (mode === 0o755 && uid === 0 && gid === 0))
    return { input: index(from), ...selector };
  const folder: Vertex = {
    op: 'file',
    name: `[internal] folder of the cache ${mount.id}`,
    root: from ?? { op: 'scratch' },
    actions: [{ kind: 'mkdir', path: CACHE_FOLDER, mode, owner: `${uid}:${gid}` }],
  };
  return { input: index(folder), selector: CACHE_FOLDER };
}
