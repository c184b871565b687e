// One process among several in a store: `node store-child.mjs COMMAND HOME ARGUMENTS…`. Says on stdout what it has completed, a line each.
import { randomBytes } from 'node:crypto';
import { sha256 } from '../../dist/base/digest.js';
import { encodeConfig, encodeManifest } from '../../dist/oci/encode.js';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../dist/oci/media-types.js';
import { openStore } from '../../dist/store/index.js';

const [command, home, ...rest] = process.argv.slice(2);
const store = await openStore({ home });
const say = (line) => process.stdout.write(`${line}\n`);

/** Two layers, one of them the same in every image. The layers are no tars: the store does not look into them. */
async function makeImage(name) {
  const blobs = [];
  for (const bytes of [Buffer.alloc(70_000, 's'), randomBytes(50_000)]) {
    const writer = await store.blobs.writer();
    for (let at = 0; at < bytes.length; at += 16_384) await writer.write(bytes.subarray(at, at + 16_384));
    blobs.push({ ...(await writer.commit()), diffId: sha256(bytes) });
  }
  const config = {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: blobs.map((blob) => blob.diffId) },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...(await store.blobs.putBytes(encodeConfig(config))) },
    layers: blobs.map(({ digest, size }) => ({ mediaType: OCI_LAYER, digest, size })),
  };
  const descriptor = { mediaType: OCI_MANIFEST, ...(await store.blobs.putBytes(encodeManifest(manifest))) };
  await store.tag(name, descriptor);
  return descriptor.digest;
}

const outcome = (call) =>
  call().then(
    () => 'ok',
    (error) => error.code,
  );

const commands = {
  /** COUNT images `PREFIX-0:latest` …, under a lease. */
  async make(prefix, count) {
    const lease = await store.lease();
    for (let at = 0; at < Number(count); at++) say(`${prefix}-${at}:latest ${await makeImage(`${prefix}-${at}`)}`);
    await lease.release();
  },
  async prune(count) {
    for (let at = 0; at < Number(count); at++) await store.prune();
  },
  /** Blobs of 64 KiB until something goes wrong. */
  async fill() {
    say(
      await outcome(async () => {
        for (;;) await store.blobs.putBytes(randomBytes(65_536));
      }),
    );
  },
  /** The outcome of every kind of call. `digest` names a manifest that is there. */
  async all(digest) {
    const size = await store.blobs.size(digest);
    const descriptor = { mediaType: OCI_MANIFEST, digest, size };
    const calls = {
      images: () => store.images(),
      open: async () => {
        for await (const chunk of store.blobs.open(descriptor))
          if (chunk.length === 0) throw new Error('an empty chunk');
      },
      dryRun: () => store.prune({ dryRun: true }),
      putAgain: async () => store.blobs.put(store.blobs.open(descriptor), descriptor),
      put: () => store.blobs.putBytes(randomBytes(10)),
      tag: () => store.tag('other', descriptor),
      untag: () => store.untag('app'),
      lease: () => store.lease(),
      prune: () => store.prune(),
    };
    for (const [name, call] of Object.entries(calls)) say(`${name} ${await outcome(call)}`);
  },
};

await commands[command](...rest);
