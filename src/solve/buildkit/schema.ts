import type { IField, IMapField, IType, Root, Type } from 'protobufjs';
import type { Op } from './llb.ts';

/** `[type, field number]`, with a rule where it is not a single value: all of a list, a map from text, or one of several, which is sent also when it is 0. */
type Field = readonly [type: string, id: number, rule?: 'repeated' | 'map' | 'oneof'];
type Message = Readonly<Record<string, Field>>;

/** moby/buildkit v0.29, solver/pb/ops.proto: what a build graph is made of. Members that are never set or read are left out. */
const OPS: Readonly<Record<string, Message>> = {
  Op: {
    inputs: ['Input', 1, 'repeated'],
    exec: ['ExecOp', 2],
    source: ['SourceOp', 3],
    file: ['FileOp', 4],
    merge: ['MergeOp', 6],
    platform: ['Platform', 10],
  },
  Platform: { architecture: ['string', 1], os: ['string', 2], variant: ['string', 3], osVersion: ['string', 4] },
  Input: { digest: ['string', 1], index: ['int64', 2] },
  ExecOp: {
    meta: ['Meta', 1],
    mounts: ['Mount', 2, 'repeated'],
    network: ['int32', 3],
    security: ['int32', 4],
    secretEnv: ['SecretEnv', 5, 'repeated'],
  },
  Meta: {
    args: ['string', 1, 'repeated'],
    env: ['string', 2, 'repeated'],
    cwd: ['string', 3],
    user: ['string', 4],
    proxyEnv: ['ProxyEnv', 5],
    extraHosts: ['HostIp', 6, 'repeated'],
    removeMountStubsRecursive: ['bool', 11],
  },
  HostIp: { host: ['string', 1], ip: ['string', 2] },
  SecretEnv: { id: ['string', 1], name: ['string', 2], optional: ['bool', 3] },
  Mount: {
    input: ['int64', 1],
    selector: ['string', 2],
    dest: ['string', 3],
    output: ['int64', 4],
    readonly: ['bool', 5],
    mountType: ['int32', 6],
    tmpfs: ['TmpfsOpt', 19],
    cache: ['CacheOpt', 20],
    secret: ['FileOpt', 21],
    ssh: ['FileOpt', 22],
  },
  TmpfsOpt: { size: ['int64', 1] },
  CacheOpt: { id: ['string', 1], sharing: ['int32', 2] },
  /** SecretOpt and SSHOpt are alike. */
  FileOpt: { id: ['string', 1], uid: ['uint32', 2], gid: ['uint32', 3], mode: ['uint32', 4], optional: ['bool', 5] },
  ProxyEnv: {
    httpProxy: ['string', 1],
    httpsProxy: ['string', 2],
    ftpProxy: ['string', 3],
    noProxy: ['string', 4],
    allProxy: ['string', 5],
  },
  SourceOp: { identifier: ['string', 1], attrs: ['string', 2, 'map'] },
  FileOp: { actions: ['FileAction', 2, 'repeated'] },
  FileAction: {
    input: ['int64', 1],
    secondaryInput: ['int64', 2],
    output: ['int64', 3],
    copy: ['FileActionCopy', 4],
    mkfile: ['FileActionMkFile', 5],
    mkdir: ['FileActionMkDir', 6],
  },
  FileActionCopy: {
    src: ['string', 1],
    dest: ['string', 2],
    owner: ['ChownOpt', 3],
    mode: ['int32', 4],
    followSymlink: ['bool', 5],
    dirCopyContents: ['bool', 6],
    attemptUnpack: ['bool', 7],
    createDestPath: ['bool', 8],
    allowWildcard: ['bool', 9],
    allowEmptyWildcard: ['bool', 10],
    timestamp: ['int64', 11],
    includePatterns: ['string', 12, 'repeated'],
    excludePatterns: ['string', 13, 'repeated'],
    modeText: ['string', 15],
    requiredPaths: ['string', 16, 'repeated'],
  },
  FileActionMkFile: { path: ['string', 1], mode: ['int32', 2], data: ['bytes', 3], timestamp: ['int64', 5] },
  FileActionMkDir: {
    path: ['string', 1],
    mode: ['int32', 2],
    makeParents: ['bool', 3],
    owner: ['ChownOpt', 4],
    timestamp: ['int64', 5],
  },
  ChownOpt: { user: ['UserOpt', 1], group: ['UserOpt', 2] },
  UserOpt: { byName: ['NamedUserOpt', 1, 'oneof'], byId: ['uint32', 2, 'oneof'] },
  NamedUserOpt: { name: ['string', 1], input: ['int64', 2] },
  MergeOp: { inputs: ['MergeInput', 1, 'repeated'] },
  MergeInput: { input: ['int64', 1] },
  OpMetadata: { ignoreCache: ['bool', 1], description: ['string', 2, 'map'], caps: ['bool', 5, 'map'] },
  Definition: { def: ['bytes', 1, 'repeated'], metadata: ['OpMetadata', 2, 'map'] },
};

/** moby/buildkit v0.29, api/services/control/control.proto and api/types/worker.proto; google/protobuf/timestamp.proto. */
const CONTROL: Readonly<Record<string, Message>> = {
  SolveRequest: {
    ref: ['string', 1],
    definition: ['Definition', 2],
    exporterDeprecated: ['string', 3],
    exporterAttrsDeprecated: ['string', 4, 'map'],
    session: ['string', 5],
    entitlements: ['string', 9, 'repeated'],
    exporters: ['Exporter', 13, 'repeated'],
  },
  Exporter: { type: ['string', 1], attrs: ['string', 2, 'map'] },
  SolveResponse: { exporterResponse: ['string', 1, 'map'] },
  StatusRequest: { ref: ['string', 1] },
  StatusResponse: { vertexes: ['Vertex', 1, 'repeated'], logs: ['VertexLog', 3, 'repeated'] },
  Vertex: {
    digest: ['string', 1],
    name: ['string', 3],
    cached: ['bool', 4],
    started: ['Timestamp', 5],
    completed: ['Timestamp', 6],
    error: ['string', 7],
  },
  VertexLog: { vertex: ['string', 1], stream: ['int64', 3], msg: ['bytes', 4] },
  Timestamp: { seconds: ['int64', 1], nanos: ['int32', 2] },
  BytesMessage: { data: ['bytes', 1] },
  Empty: {},
  InfoResponse: { version: ['BuildkitVersion', 1] },
  BuildkitVersion: { package: ['string', 1], version: ['string', 2], revision: ['string', 3] },
};

/**
 * What the daemon asks of us over a session: moby/buildkit v0.29, session/secrets/secrets.proto and session/sshforward/ssh.proto; containerd v2.2,
 * services/content/v1/content.proto; grpc/health/v1/health.proto.
 */
const SESSION: Readonly<Record<string, Message>> = {
  GetSecretRequest: { id: ['string', 1] },
  GetSecretResponse: { data: ['bytes', 1] },
  CheckAgentRequest: { id: ['string', 1] },
  HealthCheckResponse: { status: ['int32', 1] },
  ContentDigest: { digest: ['string', 1] },
  ContentInfo: { digest: ['string', 1], size: ['int64', 2] },
  ContentInfoResponse: { info: ['ContentInfo', 1] },
  ReadContentRequest: { digest: ['string', 1], offset: ['int64', 2], size: ['int64', 3] },
  ReadContentResponse: { offset: ['int64', 1], data: ['bytes', 2] },
  WriteContentRequest: {
    action: ['int32', 1],
    ref: ['string', 2],
    total: ['int64', 3],
    expected: ['string', 4],
    offset: ['int64', 5],
    data: ['bytes', 6],
  },
  WriteContentResponse: { action: ['int32', 1], offset: ['int64', 4], total: ['int64', 5], digest: ['string', 6] },
};

/** Messages of the protocol as bytes, and back. Unset members come back as the empty value of their type: 0, '', [], {}, null for a message. */
export interface Protocol {
  encode(message: string, value: object): Buffer;
  /** @throws Error when the bytes are no such message */
  decode(message: string, bytes: Uint8Array): unknown;
}

/** An operation as Go writes it: what it does comes last, whatever the numbers of the fields say. */
export function encodeOp(protocol: Protocol, { inputs = [], platform, ...rest }: Op): Buffer {
  const where = { inputs, ...(platform === undefined ? {} : { platform }) };
  return Buffer.concat([protocol.encode('Op', where), protocol.encode('Op', rest)]);
}

/** Loads the protobuf library: nobody pays for it who builds on this machine alone. */
export async function loadProtocol(): Promise<Protocol> {
  const { default: protobuf } = await import('protobufjs');
  const root: Root = protobuf.Root.fromJSON({ nested: { tare: { nested: nestedOf(OPS, CONTROL, SESSION) } } });
  root.resolveAll();
  const types = new Map<string, Type>();
  const typeOf = (name: string): Type => {
    const type = types.get(name) ?? root.lookupType(`tare.${name}`);
    types.set(name, type);
    return type;
  };
  return {
    encode: (name, value) => {
      const type = typeOf(name);
      return Buffer.from(type.encode(type.fromObject(withoutDefaults(type, value))).finish());
    },
    decode: (name, bytes) => {
      const type = typeOf(name);
      // `defaults` makes every member present, so that what is written as a type holds.
      return type.toObject(type.decode(bytes), { defaults: true, longs: Number });
    },
  };
}

/**
 * A value without the members that are empty, as Go writes messages: the digest of an operation is of its bytes, and the daemon writes them anew before
 * it makes digests.
 */
function withoutDefaults(type: Type, value: object): object {
  const kept: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value) as [string, unknown][]) {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`${type.name} has no member ${name}`);
    const inner = field.resolve().resolvedType;
    const of = (part: unknown): unknown =>
      inner !== null && 'fields' in inner ? withoutDefaults(inner, part as object) : part;
    const isPlain = !field.repeated && !field.map && field.options?.['always'] !== true;
    if (item === undefined || (isPlain && (item === 0 || item === '' || item === false))) continue;
    if (field.map)
      kept[name] = Object.fromEntries(
        Object.entries(item as object).map(([key, part]: [string, unknown]) => [key, of(part)]),
      );
    else kept[name] = field.repeated ? (item as unknown[]).map(of) : of(item);
  }
  return kept;
}

function nestedOf(...groups: readonly Readonly<Record<string, Message>>[]): Record<string, IType> {
  const nested: Record<string, IType> = {};
  for (const group of groups) {
    for (const [name, message] of Object.entries(group)) {
      const fields: Record<string, IField | IMapField> = {};
      for (const [field, [type, id, rule]] of Object.entries(message)) {
        if (rule === 'map') fields[field] = { keyType: 'string', type, id };
        else if (rule === 'repeated') fields[field] = { rule, type, id };
        else fields[field] = { type, id, options: { always: rule === 'oneof' } };
      }
      nested[name] = { fields };
    }
  }
  return nested;
}
