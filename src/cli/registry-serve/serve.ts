import { TareError } from '../../base/error.ts';
import type { ServeOptions, Serving } from '../../ship/registry/server.ts';
import type { CommandInput, CommandResult } from '../spec.ts';
import { openLog, type AccessLog } from './access-log.ts';
import { DEFAULT_ADDRESS } from './options.ts';
import { accessOf, tlsOf } from './security.ts';
import { storageOf } from './storage.ts';

/** Ends when the server was told to stop. */
export async function serve(input: CommandInput): Promise<CommandResult> {
  const { serveRegistry } = await import('../../ship/registry/server.ts');
  const log = await openLog(input);
  const serving = await serveRegistry({
    ...(await optionsOf(input)),
    ...(log === undefined ? {} : { log: log.write }),
  });
  return { json: null, text: () => '', raw: untilStopped(serving, input, log) };
}

/** The one line of the answer; then nothing, until the server has stopped. */
async function* untilStopped(
  serving: Serving,
  { cli }: CommandInput,
  log: AccessLog | undefined,
): AsyncGenerator<Uint8Array> {
  const { signal } = cli.ctx;
  yield Buffer.from(cli.json ? `${JSON.stringify({ url: serving.url })}\n` : `listening on ${serving.url}\n`);
  if (!signal.aborted)
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  await serving.stop();
  await log?.close();
}

async function optionsOf(input: CommandInput): Promise<ServeOptions> {
  const { options } = input;
  const { isLoopback, parseAddress } = await import('../../ship/registry/addr.ts');
  const address = parseAddress(options.text('addr') ?? DEFAULT_ADDRESS);
  const tls = await tlsOf(options);
  if (!isLoopback(address.host) && tls === undefined && !options.flag('allowHttp'))
    throw new TareError('E_USAGE', `${address.host} is not a loopback address, and there is no TLS`, {
      hint: 'give --tls-cert and --tls-key, or say --allow-http when the network is yours alone',
    });
  const access = await accessOf(options);
  return {
    ...address,
    storage: await servedOf(input),
    readOnly: options.flag('readOnly'),
    allowSparse: options.flag('allowSparse'),
    limits: await limitsOf(options),
    ...(tls === undefined ? {} : { tls }),
    ...(access === undefined ? {} : { access }),
  };
}

async function servedOf(input: CommandInput): Promise<ServeOptions['storage']> {
  if (!input.options.flag('store')) return storageOf(input);
  if (input.options.isTyped('storage'))
    throw new TareError('E_USAGE', '--store and --storage exclude each other', { hint: 'leave one of them out' });
  return input.cli.store();
}

async function limitsOf(options: CommandInput['options']): Promise<NonNullable<ServeOptions['limits']>> {
  const { parseSize } = await import('../../config/size.ts');
  const size = (name: string, flag: string): number => {
    const text = options.text(name);
    return text === undefined ? Infinity : parseSize(text, flag, 'E_USAGE');
  };
  return {
    maxBytes: size('maxBytes', '--max-bytes'),
    maxBlobBytes: size('maxBlobBytes', '--max-blob-bytes'),
    maxRepositories: options.number('maxRepositories') ?? Infinity,
  };
}
