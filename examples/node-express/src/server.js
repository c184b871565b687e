import process from 'node:process';
import { pino } from 'pino';
import { createApp } from './app.js';
import { openDatabase } from './database.js';

const port = Number(process.env.PORT ?? 8080);
const log = pino({ level: process.env.LOG_LEVEL ?? 'info' });
const database = openDatabase(process.env.DATABASE_URL);
const server = createApp({ database, log }).listen(port, () => log.info({ port }, 'listening'));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(async () => {
      await database?.end();
      process.exit(0);
    });
    server.closeIdleConnections();
  });
}
