import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run as command, tare } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

/**
 * Bytes on disk of the node-status image against what it cannot do without: the node binary, the files that `ldd` lists for it, and the
 * application. Every file beyond these, and the reason that `tare why` gives for it, is in the details.
 */
export async function run({ log, work }) {
  const home = join(work, 'home');
  const app = join(root, 'examples/node-status');
  const built = JSON.parse(tare(home, 'build', app, '--no-verify', '--json'));
  const files = JSON.parse(tare(home, 'files', built.reference, '--json')).filter((entry) => entry.type === 'file');
  const node = command('sh', ['-c', 'command -v node']).trim();
  const needed = new Set([realpathSync(node), ...libraries(node)]);
  const isApp = ({ path }) => path.startsWith('/app/');
  const isNeeded = ({ path }) => needed.has(path) || needed.has(real(path));
  const size = (entries) => entries.reduce((total, entry) => total + entry.size, 0);
  const least = [...needed].reduce((total, path) => total + statSync(path).size, 0) + size(files.filter(isApp));
  const beyond = files.filter((entry) => !isApp(entry) && !isNeeded(entry));
  const reasons = beyond.map(({ path, size: bytes }) => {
    const { chain } = JSON.parse(tare(home, 'why', built.reference, path, '--json'));
    return {
      path,
      bytes,
      because: chain
        .map((step) => step.because)
        .filter(Boolean)
        .join(' → '),
    };
  });
  for (const { because, bytes, path } of reasons) log(`${String(bytes).padStart(8)}  ${path}  ${because}`);
  const unit = 'MB';
  return {
    rows: [
      row({
        subject: 'node-status, bytes on disk',
        peer: 'node + ldd + app',
        value: size(files) / 1e6,
        peerValue: least / 1e6,
        unit,
        target: { atMost: 1.02 },
      }),
      row({ subject: `${beyond.length} files beyond that`, value: size(beyond) / 1e6, unit }),
    ],
    details: {
      reference: built.reference,
      digest: built.digest,
      disk: size(files),
      wire: built.size.wire,
      least,
      beyond: reasons,
    },
  };
}

/** The files that the loader would map, links resolved. */
function libraries(program) {
  return [...command('ldd', [program]).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => realpathSync(match[1]));
}

/** Debian's /lib is a link to /usr/lib: one file may have two names. */
function real(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
