// Exits with 0 when the gateway answers.
import { get } from 'node:http';
import process from 'node:process';

const TIMEOUT_MS = 2000;

const host = { host: '127.0.0.1', port: process.env['PORT'] ?? 8080 };
const request = get({ ...host, path: '/healthz', timeout: TIMEOUT_MS }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('no answer')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
