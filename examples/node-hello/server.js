import { createServer } from 'node:http';
import process from 'node:process';

const port = Number(process.env.PORT ?? 8080);

const server = createServer((request, response) => {
  response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/plain' });
  response.end(request.url === '/' ? 'Hello, world!\n' : 'not found\n');
});

server.listen(port);

process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
