// HOST REPOSITORY CLIENTS: pulls the tag `1` CLIENTS times at once over plain sockets, as a client that costs next to nothing, and prints what it took as
// JSON. VERIFY=1: every blob and the manifest are hashed.
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

const [host, repository, clients] = process.argv.slice(2);
const [name, port] = host.split(':');
const verify = process.env.VERIFY === '1';
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const ACCEPT = 'application/vnd.oci.image.manifest.v1+json';

/** The body of an answer; `keep`: all of it, else its size. @throws unless it is all there, with the content of `digest` */
function get(path, { digest, keep = false }) {
  return new Promise((resolve, reject) => {
    const state = { head: Buffer.alloc(0), inBody: false, length: 0, size: 0, parts: [] };
    const hash = digest !== undefined && verify ? createHash('sha256') : undefined;
    const take = (bytes) => {
      state.size += bytes.length;
      hash?.update(bytes);
      if (keep) state.parts.push(Buffer.from(bytes));
    };
    const onBytes = (bytes) => {
      if (state.inBody) return take(bytes);
      state.head = Buffer.concat([state.head, bytes]);
      const end = state.head.indexOf(END_OF_HEAD);
      if (end === -1) return;
      const head = state.head.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 200 ')) socket.destroy(new Error(head.split('\r\n', 1)[0]));
      state.length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
      state.inBody = true;
      take(state.head.subarray(end + END_OF_HEAD.length));
    };
    const socket = connect({
      host: name,
      port: Number(port),
      onread: {
        buffer: Buffer.allocUnsafe(256 * 1024),
        callback: (count, buffer) => {
          onBytes(buffer.subarray(0, count));
          return true;
        },
      },
    });
    socket.write(
      `GET /v2/${repository}/${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${ACCEPT}\r\nConnection: close\r\n\r\n`,
    );
    socket.on('error', reject);
    socket.on('close', () => {
      if (state.size !== state.length) reject(new Error(`${path}: ${state.size} of ${state.length} bytes`));
      else if (hash !== undefined && `sha256:${hash.digest('hex')}` !== digest) reject(new Error(`${path} lies`));
      else resolve(keep ? Buffer.concat(state.parts) : state.size);
    });
  });
}

async function pull() {
  const { config, layers } = JSON.parse(await get('manifests/1', { keep: true }));
  const sizes = await Promise.all([config, ...layers].map(({ digest }) => get(`blobs/${digest}`, { digest })));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const began = performance.now();
const results = await Promise.allSettled(Array.from({ length: Number(clients) }, pull));
const errors = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message);
const bytes = results.reduce((sum, { value = 0 }) => sum + value, 0);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, bytes, errors }));
