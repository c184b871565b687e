import { createServer } from 'node:http';
import process from 'node:process';

const port = Number(process.env.PORT ?? 8080);

const server = createServer((request, response) => {
  const found = request.method === 'GET' && request.url === '/status';
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found ? { status: 'OK' } : { error: 'not found' }));
});

server.listen(port, () => console.log(`listening on ${port}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
