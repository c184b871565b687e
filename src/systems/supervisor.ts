/**
 * Runs as a process of its own, started by detach.ts: it runs one system after the command that began it has ended, until `tare down`, SIGTERM, or the end of
 * its containers. It gets the project over the IPC channel and tells there how far it is; when that breaks before all is ready, it stops everything.
 */
import process from 'node:process';
import { createContext } from '../base/context.ts';
import { isTareError } from '../base/error.ts';
import { openStore } from '../store/index.ts';
import { openImage } from '../transports/index.ts';
import type { Image } from '../oci/types.ts';
import type { SupervisorOrder, SupervisorWord } from './detach.ts';
import { up } from './up.ts';

const stop = new AbortController();
let isReady = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
process.on('disconnect', () => {
  if (!isReady) stop.abort();
});

/** @param onTold called when it has been, or there is nobody */
function tell(word: SupervisorWord, onTold: () => void = () => undefined): void {
  if (process.connected && process.send !== undefined) process.send(word, onTold);
  else onTold();
}

async function supervise({ home, images, project }: SupervisorOrder): Promise<void> {
  const store = await openStore({ home });
  const ctx = createContext({
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === 'warning' || event.kind === 'published') tell({ kind: 'event', event });
    },
  });
  const opened = new Map<string, Image>();
  for (const { name, platform } of project.services)
    opened.set(
      name,
      await openImage(images[name] ?? name, { store, ctx, ...(platform === undefined ? {} : { platform }) }),
    );
  await up(
    {
      project,
      images: opened,
      strict: true,
      keepsLog: true,
      onLine: () => undefined,
      onStatus: (status) => tell({ kind: 'status', status }),
      onReady(status) {
        isReady = true;
        tell({ kind: 'ready', status });
      },
    },
    { store, ctx, env: process.env },
  );
}

process.once('message', (order: SupervisorOrder) => {
  supervise(order).then(
    () => process.exit(0),
    (error: unknown) => {
      const { code, hint, message } = isTareError(error)
        ? error
        : { code: 'E_INTERNAL' as const, hint: undefined, message: error instanceof Error ? error.message : '' };
      tell({ kind: 'failed', code, message, ...(hint === undefined ? {} : { hint }) }, () => process.exit(3));
    },
  );
});
