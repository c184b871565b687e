import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CliContext } from './spec.ts';

/** Asks the desktop to show a page. Where there is none the address is all that is told: that it could not be opened is a warning. */
export async function openBrowser(place: string, { ctx, env }: CliContext): Promise<void> {
  const url = place.startsWith('http://') ? place : pathToFileURL(resolve(place)).href;
  const program = env['BROWSER'] || (process.platform === 'darwin' ? 'open' : 'xdg-open');
  const opened = await new Promise<boolean>((done) => {
    const child = spawn(program, [url], { stdio: 'ignore', detached: true });
    child.once('error', () => done(false));
    child.once('spawn', () => {
      child.unref();
      done(true);
    });
  });
  if (!opened)
    ctx.onEvent({
      kind: 'warning',
      warning: { code: 'no-browser', message: `${program} could not be started: open ${url} in a browser yourself` },
    });
}
