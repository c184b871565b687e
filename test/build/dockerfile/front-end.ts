import * as grpc from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { Context } from '../../../src/base/events.ts';
import type { Digest } from '../../../src/base/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Image } from '../../../src/oci/types.ts';
import { connectEngine } from '../../../src/solve/buildkit/client.ts';
import { gatherInputs, type ContextFiles } from '../../../src/solve/buildkit/inputs.ts';
import { CONTENT_STORE } from '../../../src/solve/buildkit/marshal-source.ts';
import { marshalGraph } from '../../../src/solve/buildkit/marshal.ts';
import { encodeOp } from '../../../src/solve/buildkit/schema.ts';
import { contentService } from '../../../src/solve/buildkit/session-content.ts';
import { secretsService } from '../../../src/solve/buildkit/session-secrets.ts';
import { openSession } from '../../../src/solve/buildkit/session.ts';
import type { SourceVertex, Vertex } from '../../../src/solve/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { imageOf } from '../../../src/transports/image.ts';
import { copy, LINUX, scratch } from '../../solve/buildkit/graphs.ts';

export interface FrontEndBuild {
  /** Of the daemon. */
  readonly socket: string;
  readonly store: Store;
  readonly ctx: Context;
  /** All of it: what `.dockerignore` hides is hidden by BuildKit. */
  readonly context: ContextFiles;
  /** Lines of the ignore file. */
  readonly ignore: readonly string[];
  /** A folder with the Dockerfile. */
  readonly dockerfile: ContextFiles;
  /** By the names that the Dockerfile has for them. */
  readonly images: ReadonlyMap<string, Image>;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** `target`, `build-arg:NAME`, `label:NAME`. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** Numbers of SolveRequest's members in moby/buildkit v0.29, api/services/control/control.proto, that the product has no use for. */
const FRONTEND = 6;
const FRONTEND_ATTRS = 7;
const FRONTEND_INPUTS = 10;

/** Lets BuildKit's own front end build: context and Dockerfile are its inputs, and base images are named contexts. */
export async function buildWithFrontEnd(build: FrontEndBuild): Promise<Image> {
  const { ctx, images, secrets, store } = build;
  const client = await connectEngine({ kind: 'unix', path: build.socket }, undefined);
  const solver = new grpc.Client(`unix:${build.socket}`, grpc.credentials.createInsecure());
  try {
    const folders = { context: build.context, dockerfile: build.dockerfile };
    const sources = Object.keys(folders).map(localOf);
    const bases = [...images].map(([name, image]) => imageVertex(name, image));
    const inputs = await gatherInputs([...sources, ...bases], {
      store,
      ctx,
      platform: LINUX,
      imageOf: ({ reference }) => Promise.resolve(images.get(reference) as Image),
      contextOf: (name) => Promise.resolve(folders[name as keyof typeof folders]),
    });
    const definition = (target: Vertex): Buffer => {
      const marshalled = marshalGraph(
        { target, platform: LINUX },
        { encodeOp: (op) => encodeOp(client.protocol, op), imageOf: inputs.imageOf, noCache: false },
      );
      return client.protocol.encode('Definition', marshalled?.definition ?? {});
    };
    const visible: Vertex =
      build.ignore.length === 0
        ? localOf('context')
        : copy(scratch, { from: localOf('context'), sources: ['/'], destination: '/', exclude: build.ignore });
    const attrs = {
      ...build.attrs,
      'force-network-mode': 'none',
      ...Object.fromEntries(
        [...images].map(([name, image]) => [
          `context:${name}`,
          `oci-layout://${CONTENT_STORE}@${image.descriptor.digest}`,
        ]),
      ),
    };
    const content = contentService({ offered: inputs.offered, blobs: store.blobs });
    const secretMethod = secretsService(new Set(secrets.keys()), (id) => Promise.resolve(secrets.get(id)));
    const session = await openSession(client, [...content.methods, secretMethod]);
    try {
      const request = Buffer.concat([
        client.protocol.encode('SolveRequest', {
          ref: randomUUID(),
          session: session.id,
          exporters: [{ type: 'oci', attrs: { tar: 'false', 'oci-mediatypes': 'true', compression: 'uncompressed' } }],
        }),
        member(FRONTEND, 'dockerfile.v0'),
        ...Object.entries(attrs).map(([key, value]) => pair(FRONTEND_ATTRS, key, value)),
        pair(FRONTEND_INPUTS, 'context', definition(visible)),
        pair(FRONTEND_INPUTS, 'dockerfile', definition(localOf('dockerfile'))),
      ]);
      const answer = await new Promise<Buffer>((resolve, reject) => {
        solver.makeUnaryRequest(
          '/moby.buildkit.v1.Control/Solve',
          (bytes: Buffer) => bytes,
          (bytes: Buffer) => bytes,
          request,
          (error, bytes) => (error === null ? resolve(bytes as Buffer) : reject(error)),
        );
      });
      const { exporterResponse } = client.protocol.decode('SolveResponse', answer) as {
        readonly exporterResponse: Readonly<Record<string, string>>;
      };
      const digest = exporterResponse['containerimage.digest'] as Digest;
      const descriptor = { mediaType: OCI_MANIFEST, digest, size: (await store.blobs.size(digest)) ?? 0 };
      return await imageOf({ reference: digest, blobs: store.blobs, descriptor, platform: undefined });
    } finally {
      session.close();
      await content.close();
    }
  } finally {
    solver.close();
    await client.close();
  }
}

const localOf = (context: string): SourceVertex => ({
  op: 'source',
  name: context,
  source: { kind: 'local', context },
});

const imageVertex = (name: string, { descriptor }: Image): SourceVertex => ({
  op: 'source',
  name,
  source: { kind: 'image', reference: name, digest: descriptor.digest, platform: LINUX },
});

/** A member of bytes or text, as protocol buffers have it. */
function member(id: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  return Buffer.concat([Buffer.from([(id << 3) | 2, ...varint(bytes.length)]), bytes]);
}

/** An entry of a map. */
const pair = (id: number, key: string, value: string | Uint8Array): Buffer =>
  member(id, Buffer.concat([member(1, key), member(2, value)]));

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
