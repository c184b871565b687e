import { createCipheriv, createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BLOCK_BYTES = 64 * 1024;
const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** Makes an OCI layout: layers first, then images of them, then `close`. The same calls give the same bytes. */
export function createLayout(dir) {
  const blobs = join(dir, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (bytes, mediaType) => {
    const digest = sha256(bytes);
    writeFileSync(join(blobs, digest.slice('sha256:'.length)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifests = [];
  return {
    /**
     * One file, half of which is noise and the other half text: so its layer has a little more than `wireBytes` when it is compressed.
     * @param seed 1 to 2³² − 1: what is the same for each
     */
    layer: (seed, wireBytes, { gzip = true } = {}) => {
      const tar = archive([member(`opt/layer-${seed}`, gzip ? mixed(seed, wireBytes) : noise(seed, wireBytes))]);
      const descriptor = gzip ? put(gzipSync(tar, { level: 1 }), GZIP) : put(tar, TAR);
      return { descriptor, diffId: sha256(tar) };
    },
    /** Files of the paths and contents that `files` gives, compressed. */
    filesLayer: (files) => {
      const tar = archive([...files].map(([path, content]) => member(path, Buffer.from(content))));
      return { descriptor: put(gzipSync(tar, { level: 1 }), GZIP), diffId: sha256(tar) };
    },
    image: (name, layers) => {
      const config = {
        architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch] ?? process.arch,
        os: 'linux',
        config: { Cmd: ['/opt/layer'], Labels: { name } },
        rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      };
      const manifest = {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: put(json(config), 'application/vnd.oci.image.config.v1+json'),
        layers: layers.map(({ descriptor }) => descriptor),
      };
      const descriptor = put(json(manifest), manifest.mediaType);
      manifests.push({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } });
      return { descriptor, manifest, bytes: sizeOf(manifest) };
    },
    close: () => {
      writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
      writeFileSync(join(dir, 'index.json'), json({ schemaVersion: 2, manifests }));
    },
  };
}

const sizeOf = ({ config, layers }) => [config, ...layers].reduce((sum, { size }) => sum + size, 0);
const json = (value) => Buffer.from(JSON.stringify(value));
const sha256 = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** What no compressor makes shorter: the key stream of AES. */
function noise(seed, length) {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** In turn a block of noise and one of lines. */
function mixed(seed, length) {
  const random = noise(seed, length);
  const text = Buffer.alloc(BLOCK_BYTES, `line of layer ${seed}\n`);
  const parts = [];
  for (let at = 0; at < length; at += BLOCK_BYTES)
    parts.push(random.subarray(at, at + BLOCK_BYTES), text.subarray(0, Math.min(BLOCK_BYTES, length - at)));
  return Buffer.concat(parts);
}

const archive = (members) => Buffer.concat([...members, Buffer.alloc(1024)]);

/** One file of a ustar archive (POSIX.1-1988). */
function member(name, content) {
  const header = Buffer.alloc(512);
  const field = (text, at) => header.write(text, at, 'latin1');
  const octal = (value, digits) => value.toString(8).padStart(digits, '0');
  field(name, 0);
  field(octal(0o644, 7), 100);
  field(octal(0, 7), 108);
  field(octal(0, 7), 116);
  field(octal(content.length, 11), 124);
  field(octal(0, 11), 136);
  field(' '.repeat(8), 148);
  field('0', 156);
  field('ustar\u000000', 257);
  field(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\u0000 `,
    148,
  );
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
