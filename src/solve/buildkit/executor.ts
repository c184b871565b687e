import { randomUUID } from 'node:crypto';
import { throwIfCancelled } from '../../base/context.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import { parseCompression, type Compression } from '../../pack/compression.ts';
import type { Store } from '../../store/types.ts';
import { vertexDigests } from '../digest.ts';
import type { BuildGraph, Executor, Vertex } from '../types.ts';
import { parseEngine } from './address.ts';
import { connectEngine, type EngineClient, type EngineTls } from './client.ts';
import { buildError } from './failure.ts';
import { gatherInputs, mountsOf, verticesOf, type ContextFiles, type ImageSource, type Inputs } from './inputs.ts';
import { solveRequest } from './request.ts';
import { marshalGraph, type Marshalled } from './marshal.ts';
import { emptyImage, imageOfResult } from './result.ts';
import { encodeOp } from './schema.ts';
import { contentService } from './session-content.ts';
import { MAX_SECRET_BYTES, secretsService, type SecretSource } from './session-secrets.ts';
import { agentService, type AgentSource } from './session-ssh.ts';
import { openSession, type ServiceMethod, type Session } from './session.ts';
import { followProgress, type Progress, type StatusResponse } from './status.ts';

export interface BuildkitOptions {
  /** `unix:///PATH`, `tcp://HOST:PORT`, `docker-container:NAME`. */
  readonly address: string;
  /** For tcp. */
  readonly tls?: EngineTls;
  readonly store: Store;
  /** The image of a `source` vertex, by its digest. */
  readonly imageOf: (source: ImageSource) => Promise<Image>;
  /** A folder by its name; `context` is the main one. */
  readonly contextOf: (name: string) => Promise<ContextFiles>;
  readonly secretOf: SecretSource;
  readonly agentOf: AgentSource;
  /** Of new layers, as `parseCompression` reads it; those of the base stay as they are. */
  readonly compression: string;
  /** Do every step anew. */
  readonly noCache?: boolean;
  /** SOURCE_DATE_EPOCH: no file of a new layer is younger, in seconds. */
  readonly epoch?: number | undefined;
}

/** An executor that holds a connection. */
export interface BuildkitExecutor extends Executor {
  close(): Promise<void>;
}

/** How long the last words of a daemon are waited for once it has said how a build ended. */
const LAST_WORDS_MS = 5000;
/** And when it has said nothing before: it may not have begun at all. */
const FIRST_WORD_MS = 1000;

/**
 * A BuildKit daemon as an executor. Everything travels over one connection that we open: base images and local folders are read, secrets and agents are
 * asked for, and the result is written in a session inside of it. So it works wherever the daemon can be reached, and needs no registry.
 * @throws TareError E_USAGE for an address that is none, E_ENGINE when the daemon cannot be used, E_TOOL_MISSING
 */
export async function createBuildkitExecutor(options: BuildkitOptions): Promise<BuildkitExecutor> {
  const compression = parseCompression(options.compression);
  const client = await connectEngine(parseEngine(options.address), options.tls);
  return {
    description: `buildkitd ${client.version} at ${client.address}`,
    /** @throws TareError E_STEP when a step fails, E_SECRET, E_ENGINE, E_CANCELLED; what the options' functions throw */
    solve: (graph, ctx) => solve({ client, compression, ctx, graph, options }),
    close: () => client.close(),
  };
}

interface Solving {
  readonly client: EngineClient;
  readonly compression: Compression;
  readonly ctx: Context;
  readonly graph: BuildGraph;
  readonly options: BuildkitOptions;
}

async function solve(solving: Solving): Promise<Image> {
  const { client, ctx, graph, options } = solving;
  const { store } = options;
  const lease = await store.lease();
  try {
    throwIfCancelled(ctx.signal);
    const vertices = verticesOf(graph.target);
    await checkSecrets(vertices, options);
    const inputs = await gatherInputs(vertices, { ...options, platform: graph.platform, ctx });
    const marshalled = marshalGraph(graph, {
      encodeOp: (op) => encodeOp(client.protocol, op),
      imageOf: inputs.imageOf,
      noCache: options.noCache ?? false,
    });
    if (marshalled === undefined) return await emptyImage(graph, store);
    const content = contentService({ offered: inputs.offered, blobs: store.blobs });
    try {
      const methods = [...content.methods, ...clientMethods(vertices, options)];
      const response = await run(solving, await openSession(client, methods), marshalled, inputs);
      return await imageOfResult(response, graph, store);
    } finally {
      await content.close();
    }
  } finally {
    await lease.release();
  }
}

/** A build that could only fail later, and in words that do not say which step wants what. */
async function checkSecrets(vertices: readonly Vertex[], { agentOf, secretOf }: BuildkitOptions): Promise<void> {
  for (const vertex of vertices) {
    if (vertex.op !== 'exec') continue;
    for (const mount of vertex.mounts) {
      if (mount.kind === 'secret') {
        const secret = await secretOf(mount.id);
        if (secret === undefined && mount.required)
          throw new TareError('E_SECRET', `${vertex.name} needs the secret ${JSON.stringify(mount.id)}`, {
            hint: `give it: --secret id=${mount.id},src=FILE`,
          });
        if (secret !== undefined && secret.length > MAX_SECRET_BYTES)
          throw new TareError(
            'E_LIMIT',
            `the secret ${JSON.stringify(mount.id)} is longer than the ${MAX_SECRET_BYTES} bytes that BuildKit takes`,
          );
      }
      if (mount.kind === 'ssh' && mount.required && agentOf(mount.id) === undefined)
        throw new TareError('E_SECRET', `${vertex.name} needs the ssh agent ${JSON.stringify(mount.id)}`, {
          hint: `give it: --ssh ${mount.id}`,
        });
    }
  }
}

function clientMethods(vertices: readonly Vertex[], { agentOf, secretOf }: BuildkitOptions): ServiceMethod[] {
  const mounts = mountsOf(vertices);
  const secrets = mounts.flatMap((mount) => (mount.kind === 'secret' ? [mount.id] : []));
  const usesGit = vertices.some((vertex) => vertex.op === 'source' && vertex.source.kind === 'git');
  // The names under which the daemon asks for what opens a private repository.
  if (usesGit) secrets.push('GIT_AUTH_TOKEN', 'GIT_AUTH_HEADER');
  const usesAgent = usesGit || mounts.some((mount) => mount.kind === 'ssh');
  return [
    ...(secrets.length === 0 ? [] : [secretsService(new Set(secrets), secretOf)]),
    ...(usesAgent ? agentService(agentOf) : []),
  ];
}

/** @returns what the exporter says */
async function run(
  { client, compression, ctx, graph, options }: Solving,
  session: Session,
  marshalled: Marshalled,
  inputs: Inputs,
): Promise<Readonly<Record<string, string>>> {
  const ref = randomUUID();
  const digestOf = vertexDigests();
  const progress = followProgress(ctx, (operation) => {
    const vertex = marshalled.vertices.get(operation);
    return vertex === undefined ? undefined : digestOf(vertex);
  });
  const status = followStatus(client, ref, progress);
  try {
    const { exporterResponse } = await client.ask<{ exporterResponse: Record<string, string> }>(
      'Solve',
      solveRequest({ ref, session: session.id, marshalled, graph, inputs, compression, epoch: options.epoch }),
      ctx.signal,
    );
    await status.ended();
    return exporterResponse;
  } catch (error) {
    throwIfCancelled(ctx.signal);
    await status.ended();
    throw buildError(error, { client, progress, inputs, marshalled });
  } finally {
    status.stop();
    session.close();
  }
}

function followStatus(client: EngineClient, ref: string, progress: Progress) {
  const call = client.follow('Status', { ref });
  const ended = new Promise<void>((resolve) => {
    call.on('data', (response: StatusResponse) => progress.take(response));
    // How the build ended is told by the solve itself.
    call.on('error', () => resolve());
    call.once('end', resolve);
  });
  return {
    ended: async (): Promise<void> => {
      let timer: NodeJS.Timeout | undefined;
      const patience = progress.hasBegun() ? LAST_WORDS_MS : FIRST_WORD_MS;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
      await Promise.race([ended, late]);
      clearTimeout(timer);
    },
    stop: () => call.cancel(),
  };
}
