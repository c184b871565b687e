import type { Image } from '../oci/types.ts';
import { exposedPorts } from './run-spec.ts';
import type { Session } from './session.ts';

const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;
/** Ports that an image is asked on; each one needs a socket here. */
const MAX_PORTS = 100;
/** Once one port is open: how long the others may take, in milliseconds. Images expose ports that nobody listens on. */
const OTHERS_MS = 2000;

/** The TCP ports that an image is asked on: those that it exposes, the first 100; without any, the one that its variable PORT names. Ascending. */
export function listeningPorts(image: Image): readonly number[] {
  const exposed = exposedPorts(image);
  if (exposed.length > 0) return exposed.slice(0, MAX_PORTS);
  const named = (image.config.config?.Env ?? []).findLast((variable) => variable.startsWith('PORT='));
  const port = Number(/^PORT=(\d{1,5})$/.exec(named ?? '')?.[1] ?? 0);
  return port >= 1 && port <= 65535 ? [port] : [];
}

/** The ports that accept connections, as soon as all do, the program has ended, or the time since its start is over. @throws TareError E_CANCELLED */
export async function waitForPorts(
  session: Session,
  ports: readonly number[],
  timeoutMs: number,
): Promise<readonly number[]> {
  const open = new Set<number>();
  let deadline = timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    for (const port of ports) {
      if (open.has(port) || !(await session.running.connects(port))) continue;
      if (open.size === 0) deadline = Math.min(deadline, session.elapsed() + OTHERS_MS);
      open.add(port);
    }
    if (open.size === ports.length || session.exit() !== undefined || session.elapsed() >= deadline) break;
    await session.pause(pause);
  }
  return ports.filter((port) => open.has(port));
}
