import { fileURLToPath } from 'node:url';
import express from 'express';
import { z } from 'zod';
import { complaintsOf, languageOf, wordsOf } from './words.js';

const Greeting = z.object({ name: z.string().min(1).max(80), times: z.number().int().min(1).max(9).default(1) });
/** So that the answer is the same on any day. */
const FOUNDED = new Date(Date.UTC(2024, 2, 1));

/** The routes; `database` is undefined when none is configured. */
export function createApp({ database, log }) {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '16kb' }));

  app.get('/status', (_request, response) => {
    response.json({ status: 'OK' });
  });

  app.use('/assets', express.static(fileURLToPath(new URL('../public', import.meta.url))));

  app.get('/hello', async (request, response) => {
    const language = languageOf(request.query.lang);
    const { hello, founded } = await wordsOf(language);
    const date = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeZone: 'Europe/Paris' }).format(FOUNDED);
    response.json({ hello, founded: `${founded} ${date}` });
  });

  app.post('/greetings', (request, response) => {
    const parsed = Greeting.safeParse(request.body, { error: complaintsOf(languageOf(request.headers['accept-language'])) });
    if (!parsed.success) {
      response.status(422).json({ error: 'invalid', issues: parsed.error.issues.map(({ message, path }) => ({ message, path })) });
      return;
    }
    const { name, times } = parsed.data;
    response.status(201).json({ greetings: Array.from({ length: times }, () => `Hello, ${name}!`) });
  });

  app.get('/db', async (_request, response) => {
    if (database === undefined) {
      response.status(503).json({ error: 'no DATABASE_URL' });
      return;
    }
    try {
      const { rows } = await database.query('select now() as now');
      response.json({ now: rows[0].now });
    } catch (error) {
      log.error({ err: error }, 'query failed');
      response.status(503).json({ error: 'the database does not answer' });
    }
  });

  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });

  app.use((error, _request, response, _next) => {
    log.warn({ err: error }, 'request failed');
    response.status(error.status ?? 500).json({ error: error.type ?? 'internal' });
  });
  return app;
}
