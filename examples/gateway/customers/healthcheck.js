// Exits with 0 when the service and its database answer.
import { get } from 'node:http';
import process from 'node:process';

get({ host: '127.0.0.1', port: process.env.PORT ?? 3000, path: '/health', timeout: 2000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
})
  .on('timeout', function stop() {
    this.destroy(new Error('no answer'));
  })
  .on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
