import { existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf, fromErrno } from '../base/error.ts';
import type { Sandbox } from '../sandbox/types.ts';
import { removeFolder } from './folders.ts';
import { logFiles } from './log-file.ts';

/** What a system has printed that ended in the background by itself: kept until it is started again, or `tare down`. */
const folderOf = (home: string, name: string): string => join(home, 'tare', 'logs', name);

/** Undefined: there is none. */
export function keptLog(home: string, name: string): string | undefined {
  const file = join(folderOf(home, name), 'log');
  return existsSync(file) ? file : undefined;
}

/** Takes the place of one that is there; an empty log is not kept. @param log with the one before it */
export async function keepLog(home: string, name: string, log: string): Promise<void> {
  if (!(await hasText(log))) return;
  const dir = folderOf(home, name);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const file of logFiles(log).filter((each) => existsSync(each))) await rename(file, join(dir, basename(file)));
  } catch (error) {
    throw fromErrno(error, `cannot keep ${log}`);
  }
}

export async function forgetLog(home: string, name: string, sandbox: Pick<Sandbox, 'namespace'>): Promise<void> {
  await removeFolder(folderOf(home, name), sandbox);
}

async function hasText(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
