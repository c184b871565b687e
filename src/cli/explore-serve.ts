import { TareError } from '../base/error.ts';
import type { Page } from '../report/page/html.ts';
import type { ServedPage } from '../report/page/serve.ts';
import type { CommandInput, CommandResult } from './spec.ts';

/** Serves a page until the command is told to stop. @throws TareError E_USAGE for an address that is not this machine's alone */
export async function serveExplored(page: Page, input: CommandInput, defaultAddress: string): Promise<CommandResult> {
  const [{ isLoopback, parseAddress }, { servePage }] = await Promise.all([
    import('../ship/registry/addr.ts'),
    import('../report/page/serve.ts'),
  ]);
  const address = parseAddress(input.options.text('addr') ?? defaultAddress);
  if (!isLoopback(address.host))
    throw new TareError('E_USAGE', `${address.host} is not a loopback address`, {
      hint: 'write the page into a file for others: --output report.html',
    });
  const serving = await servePage(page, address);
  return { json: null, text: () => '', raw: untilStopped(serving, input) };
}

async function* untilStopped(serving: ServedPage, { cli, options }: CommandInput): AsyncGenerator<Uint8Array> {
  const { signal } = cli.ctx;
  try {
    yield Buffer.from(cli.json ? `${JSON.stringify({ url: serving.url })}\n` : `${serving.url}\n`);
    if (options.flag('open')) await (await import('./open-browser.ts')).openBrowser(serving.url, cli);
    if (!signal.aborted)
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
  } finally {
    await serving.stop();
  }
}
