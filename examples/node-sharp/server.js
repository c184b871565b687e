import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import sharp from 'sharp';

const port = Number(process.env.PORT ?? 8080);
const picture = await readFile(new URL('./picture.svg', import.meta.url));

const FORMATS = { png: 'image/png', webp: 'image/webp', avif: 'image/avif' };

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const json = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (url.pathname === '/status') return json(200, { status: 'OK' });
  if (url.pathname !== '/resize') return json(404, { error: 'not found' });
  const width = Number(url.searchParams.get('w') ?? 64);
  if (!Number.isInteger(width) || width < 1 || width > 2048) return json(400, { error: 'w must be 1 to 2048' });
  const format = url.searchParams.get('format') ?? 'png';
  if (!Object.hasOwn(FORMATS, format)) return json(400, { error: `format must be one of ${Object.keys(FORMATS).join(', ')}` });
  try {
    const bytes = await sharp(picture).resize(width).toFormat(format).toBuffer();
    response.writeHead(200, { 'content-type': FORMATS[format], 'content-length': bytes.length });
    response.end(bytes);
  } catch (error) {
    json(500, { error: error.message });
  }
});

server.listen(port, () => console.log(`listening on ${port}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
