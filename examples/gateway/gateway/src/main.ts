// The gateway. GATEWAY_CONFIG: its configuration (config/gateway.json); PORT (8080); HOST (::); LOG_LEVEL (info).
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { pino } from 'pino';
import { ConfigError } from './config.ts';
import { watchConfig } from './reload.ts';
import { openGateway } from './server.ts';

/** How long requests that are being answered may take at the end. */
const DRAIN_MS = 10_000;

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'info', base: null });
const file = process.env['GATEWAY_CONFIG'] ?? 'config/gateway.json';

try {
  await start();
} catch (error) {
  const isOurs = error instanceof ConfigError || (error as NodeJS.ErrnoException).code !== undefined;
  log.fatal(isOurs ? { file, reason: (error as Error).message } : { file, err: error }, 'cannot start');
  process.exitCode = 2;
}

async function start(): Promise<void> {
  const text = readFileSync(file, 'utf8');
  const gateway = await openGateway(text, log);
  const stopWatching = watchConfig(file, gateway, text);
  let isClosing = false;
  const stop = (signal: string): void => {
    if (isClosing) return;
    isClosing = true;
    log.info({ signal }, 'closing');
    stopWatching();
    setTimeout(() => {
      log.error({ ms: DRAIN_MS }, 'requests were still being answered');
      process.exit(1);
    }, DRAIN_MS).unref();
    gateway.close().then(
      () => log.info('closed'),
      (error: unknown) => {
        log.error({ err: error }, 'did not close well');
        process.exitCode = 1;
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    await gateway.app.listen({ host: process.env['HOST'] ?? '::', port: Number(process.env['PORT'] ?? 8080) });
  } catch (error) {
    stopWatching();
    await gateway.close();
    throw error;
  }
}
