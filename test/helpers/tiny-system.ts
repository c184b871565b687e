import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addNodeOriginal } from './original.ts';
import { seededHome } from './seed.ts';
import { tempDir } from './temp.ts';

/** Asked by those who come from outside: it answers what `back` says. */
const WEB = `
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
const page = async (url) => {
  if (url === '/') return [200, '<a href="/answer">answer</a>', 'text/html'];
  if (url === '/answer') return [200, await (await fetch('http://back:8080/answer')).text()];
  if (url === '/words') return [200, readFileSync('/app/words.txt', 'utf8')];
  if (url === '/optional') return existsSync('/app/optional.txt') ? [200, 'with'] : [404, 'without'];
  return [404, 'nothing'];
};
createServer((request, response) => {
  page(request.url).catch((error) => [500, String(error)]).then(([status, body, type = 'text/plain']) => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  });
}).listen(8080, () => console.log('web listens'));
process.on('SIGTERM', () => process.exit(0));
`;

/** Nobody outside reaches it; what it reads nobody else needs. */
const BACK = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.end(request.url === '/answer' ? readFileSync('/srv/data/answer.txt', 'utf8') : 'idle');
}).listen(8080, () => console.log('back listens'));
process.on('SIGTERM', () => process.exit(0));
`;

export interface TinySystem {
  /** TARE_HOME with the images \`tiny/web\` and \`tiny/back\`. */
  readonly home: string;
  /** Of compose.yaml. */
  readonly dir: string;
  readonly file: string;
}

export const PROBES = `
x-tare:
  probes:
    - { service: web, http: { port: 8080, path: /answer, status: 200, body: forty-two } }
`;

/** Members of the two services, in YAML's flow style, e.g. `x-tare: {shrink: false}`. */
export interface TinyOptions {
  readonly web?: string;
  readonly back?: string;
  /** What follows the services. */
  readonly more?: string;
  readonly services?: string;
}

export function composeText({ back, more = PROBES, services = '', web }: TinyOptions = {}): string {
  const member = (text: string | undefined): string => (text === undefined ? '' : `, ${text}`);
  return `name: tiny
services:
  web: { image: tiny/web, ports: ['8080'], depends_on: [back]${member(web)} }
  back: { image: tiny/back${member(back)} }
${services}${more}`;
}

/** Two Node services of which one asks the other. It lives as long as the test. */
export async function tinySystem(options: TinyOptions = {}): Promise<TinySystem> {
  return tinySystemIn(seededHome(), join(tempDir(), 'tiny'), options);
}

/** The same where the caller says; `dir` is made. */
export async function tinySystemIn(home: string, dir: string, options: TinyOptions = {}): Promise<TinySystem> {
  const service = async (name: string, program: string, files: Readonly<Record<string, string>>): Promise<void> =>
    addNodeOriginal(home, `tiny/${name}:latest`, {
      entries: [
        { path: 'app/server.js', content: program },
        ...Object.entries(files).map(([path, content]) => ({ path, content })),
      ],
      config: { ExposedPorts: { '8080/tcp': {} } },
    });
  await service('web', WEB, { 'app/words.txt': 'words', 'app/optional.txt': 'x', 'opt/unused/notes.txt': 'unused' });
  await service('back', BACK, { 'srv/data/answer.txt': 'forty-two', 'opt/unused/notes.txt': 'unused' });
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'compose.yaml');
  writeFileSync(file, composeText(options));
  return { home, dir, file };
}
