import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import process from 'node:process';
import { ConfigError } from './config.ts';
import type { Gateway } from './server.ts';

/** Editors write in several steps. */
const DEBOUNCE_MS = 100;

/** Takes the file anew whenever it changes, and at SIGHUP; a file that cannot be used is told, and what was stays. Returns how to stop. */
export function watchConfig(file: string, gateway: Gateway, text: string): () => void {
  const { log, metrics } = gateway;
  let last = text;
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), DEBOUNCE_MS);
  };
  const watchers = new Map<string, FSWatcher>();
  const open = (path: string, concerns: (name: string | null) => boolean): void => {
    watchers.get(path)?.close();
    try {
      const watcher = watch(path, (_event, name) => {
        if (concerns(name)) soon();
      });
      watcher.on('error', (error) => log.warn({ path, reason: error.message }, 'cannot be watched any more'));
      watchers.set(path, watcher);
    } catch (error) {
      log.warn({ path, reason: (error as Error).message }, 'cannot be watched');
    }
  };
  // The folder sees that another file took the place; the file, where it is mounted by itself, that it was written.
  const openFile = (): void => open(file, () => true);
  // A ConfigMap changes by a link in the same folder, whose name begins with two dots.
  open(dirname(file), (name) => name === null || name === basename(file) || name.startsWith('..'));
  openFile();
  const reload = async (): Promise<void> => {
    try {
      const next = await readFile(file, 'utf8');
      if (next === last) return;
      openFile();
      last = next;
      gateway.take(next);
      metrics.reloads.inc({ result: 'taken' });
      log.info({ config: gateway.state().version }, 'took a new configuration');
    } catch (error) {
      if (!(error instanceof ConfigError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      metrics.reloads.inc({ result: 'refused' });
      log.error({ reason: (error as Error).message }, 'the new configuration is refused, the old one stays');
    }
  };
  process.on('SIGHUP', soon);
  return () => {
    clearTimeout(timer);
    process.off('SIGHUP', soon);
    for (const watcher of watchers.values()) watcher.close();
  };
}
