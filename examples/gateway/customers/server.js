// Customers in PostgreSQL: GET and POST /customers; GET, PUT and DELETE /customers/ID; GET /health. 503 while the database is away.
import { createServer } from 'node:http';
import process from 'node:process';
import { openDatabase, prepare } from './database.js';

const MAX_BODY_BYTES = 64 * 1024; // 64 KiB
const MAX_LIST = 100;
const MAX_ID = 2 ** 31 - 1;

const log = (level, message, more = {}) => process.stdout.write(`${JSON.stringify({ level, message, ...more })}\n`);
const pool = openDatabase(log);
const ending = new AbortController();
const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
  answer(request).then(
    ({ status, body, headers }) => send(response, status, body, headers),
    (error) => fail(request, response, error),
  );
});

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(request) {
  const [path] = request.url.split('?', 1);
  if (path === '/health') {
    await pool.query('SELECT 1');
    return { status: 200, body: { status: 'OK' } };
  }
  const match = /^\/customers(?:\/(\d{1,10}))?$/.exec(path);
  if (match === null) throw new Refusal(404, 'there is nothing here');
  const id = match[1] === undefined ? undefined : Number(match[1]);
  if (id > MAX_ID) throw new Refusal(404, `there is no customer ${id}`);
  const act = (id === undefined ? ofAll : ofOne)[request.method];
  if (act === undefined) throw new Refusal(405, `${request.method} is not possible here`);
  return act(id, request);
}

const ofAll = {
  async GET() {
    const { rows } = await pool.query('SELECT id, name, city FROM customers ORDER BY id LIMIT $1', [MAX_LIST]);
    return { status: 200, body: rows };
  },
  async POST(_, request) {
    const { name, city } = await customerOf(request);
    const { rows } = await pool.query('INSERT INTO customers (name, city) VALUES ($1, $2) RETURNING id, name, city', [
      name,
      city,
    ]);
    return { status: 201, body: rows[0], headers: { location: `/customers/${rows[0].id}` } };
  },
};

const ofOne = {
  async GET(id) {
    const { rows } = await pool.query('SELECT id, name, city FROM customers WHERE id = $1', [id]);
    if (rows.length === 0) throw new Refusal(404, `there is no customer ${id}`);
    return { status: 200, body: rows[0] };
  },
  async PUT(id, request) {
    const { name, city } = await customerOf(request);
    const { rows } = await pool.query(
      'UPDATE customers SET name = $2, city = $3 WHERE id = $1 RETURNING id, name, city',
      [id, name, city],
    );
    if (rows.length === 0) throw new Refusal(404, `there is no customer ${id}`);
    return { status: 200, body: rows[0] };
  },
  /** Whether it was there or not, it is gone afterwards. */
  async DELETE(id) {
    await pool.query('DELETE FROM customers WHERE id = $1', [id]);
    return { status: 204 };
  },
};

async function customerOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, `more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  let value;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  for (const key of ['name', 'city'])
    if (typeof value?.[key] !== 'string' || value[key] === '' || value[key].length > 200 || value[key].includes('\0'))
      throw new Refusal(400, `${key} must be a text of 1 to 200 characters`);
  return value;
}

/** SQLSTATE class 22 and 23 are the request's fault; whatever else the database says, it cannot be used now. */
function fail(request, response, error) {
  const status = error.status ?? (/^2[23]/.test(error.code ?? '') ? 400 : 503);
  const requestId = request.headers['x-request-id'];
  if (status === 503) log('error', 'the database does not answer', { requestId, error: error.message });
  const detail = status === 503 ? 'the database does not answer' : error.message;
  if (!request.complete) response.setHeader('connection', 'close');
  send(response, status, { status, detail, requestId }, { 'content-type': 'application/problem+json' });
}

function send(response, status, body, headers = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  response.end(text);
}

const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => log('info', 'listening', { port }));
const prepared = prepare(pool, log, ending.signal);

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => {
    ending.abort();
    server.close(async () => {
      await prepared;
      await pool.end();
      process.exit(0);
    });
    server.closeIdleConnections();
  });
