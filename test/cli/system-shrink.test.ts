import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { FileRow } from '../../src/explain/files.ts';
import type { ShrunkSystem } from '../../src/systems/shrink/shrink.ts';
import type { SystemVerification } from '../../src/systems/prove/verify.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { namesIn } from '../helpers/images.ts';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { composeText, PROBES, tinySystemIn, type TinyOptions, type TinySystem } from '../helpers/tiny-system.ts';
import { scratchFolder } from '../helpers/watched-cli.ts';

let scratch: string;
let home: string;
let system: TinySystem;
let count = 0;

beforeAll(async () => {
  scratch = scratchFolder();
  home = join(scratch, 'home');
  cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
  system = await tinySystemIn(home, join(scratch, 'tiny'));
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A Compose file of the same images. */
function fileOf(options: TinyOptions): string {
  const dir = join(scratch, `file-${(count += 1)}`);
  mkdirSync(dir);
  const file = join(dir, 'compose.yaml');
  writeFileSync(file, composeText(options));
  return file;
}

const pathsOf = async (image: string): Promise<readonly string[]> =>
  (await tareJson<readonly FileRow[]>(['files', image], { home })).map(({ path }) => path);

const serviceOf = ({ services }: ShrunkSystem, name: string): ShrunkSystem['services'][number] => {
  const found = services.find(({ service }) => service === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

describe.skipIf(!needs('crun', 'unshare'))('tare shrink --file', () => {
  it('keeps what one service needs because another was asked, shares layers, and leaves nothing behind', async () => {
    const run = join(scratch, 'run');
    mkdirSync(run, { mode: 0o700 });
    const env = { XDG_RUNTIME_DIR: run, TMPDIR: run };
    const result = await tareJson<ShrunkSystem>(
      ['shrink', '-f', system.file, '--price', '0.1/GB-month', '--pull-price', '0.09/GB', '--pulls', '100'],
      { home, env },
    );
    expectShape('system-shrink', result);
    expect(result.verified).toMatchObject({ ok: true, probes: [{ name: 'web: http GET 8080/answer', ok: true }] });
    expect(result.services.map(({ reference, service }) => [service, reference])).toEqual([
      ['back', 'tiny/back:shrunk'],
      ['web', 'tiny/web:shrunk'],
    ]);
    for (const { original, service, size } of result.services) {
      expect(original.reference).toBe(`tiny/${service}:latest`);
      expect(size.disk).toBeLessThanOrEqual(original.size.disk);
    }
    const back = await pathsOf('tiny/back:shrunk');
    expect(back).toContain('/srv/data/answer.txt');
    expect(back).not.toContain('/opt/unused/notes.txt');
    expect(await pathsOf('tiny/web:shrunk')).not.toContain('/opt/unused/notes.txt');
    const digests = new Set(serviceOf(result, 'web').layers.map(({ digest }) => digest));
    const shared = serviceOf(result, 'back').layers.filter(({ digest }) => digests.has(digest));
    expect(shared.map(({ group }) => group)).toContain('shared: back, web');
    expect(result.cost.after.stored).toBeLessThan(result.services.reduce((sum, { size }) => sum + size.wire, 0));
    expect(result.cost.after.month.pulls?.whole).toBeGreaterThan(0);
    expect(leftoversBelow(run)).toEqual([]);

    const again = await tareJson<ShrunkSystem>(['shrink', '-f', system.file], { home });
    expect(again.services.map(({ digest }) => digest)).toEqual(result.services.map(({ digest }) => digest));

    const verified = await tareJson<SystemVerification>(['verify', '-f', system.file, '--shrunk'], { home });
    expectShape('system-verify', verified);
    expect(verified).toMatchObject({ ok: true, probes: [{ ok: true, original: { ok: true } }] });
  }, 120_000);

  it('says it to people: each service, what is shared, what it costs', async () => {
    const answer = await tare(['shrink', '-f', system.file], { home });
    expect(answer.code).toBe(0);
    for (const text of ['1 probe answered as the original', 'tiny/back:shrunk', 'back, web', 'first pull of all'])
      expect(answer.stdout).toContain(text);
    const quiet = await tare(['shrink', '-f', system.file, '--quiet'], { home });
    expect(quiet.stdout).toBe('tiny/back:shrunk\ntiny/web:shrunk\n');
  }, 120_000);

  it('takes the settings of each service from its x-tare', async () => {
    const file = fileOf({
      web: `x-tare: {shrink: false}`,
      back: `x-tare: {include: [/opt/unused/notes.txt], tightness: used}`,
    });
    const result = await tareJson<ShrunkSystem>(['shrink', '-f', file], { home });
    expect(result.services.map(({ service }) => service)).toEqual(['back']);
    expect(await pathsOf('tiny/back:shrunk')).toContain('/opt/unused/notes.txt');
    // What is left as it is needs no small image.
    expect(await tareJson(['verify', '-f', file, '--shrunk'], { home })).toMatchObject({ ok: true });
  }, 120_000);

  it.each([
    ['beside one that is asked', '', PROBES],
    ['alone', 'name: lone', ''],
  ])(
    'is not content with a service that ends without a word and that nobody asks, %s',
    async (_what, name, more) => {
      const program =
        "try { require('fs').readFileSync('/srv/data/answer.txt') } catch { process.exit(3) } setInterval(() => {}, 1000)";
      const services = `  idler: { image: tiny/back, entrypoint: [/usr/bin/node, -e, "${program}"], x-tare: { exclude: ['/srv/data/**'] } }\n`;
      const file = fileOf({ services, more });
      if (name !== '') writeFileSync(file, `${name}\nservices:\n${services}`);
      const { code, stderr } = await tare(['shrink', '-f', file, '--json'], { home });
      expect(code).toBe(1);
      expect(stderr).toContain('E_UNLIKE');
      expect(await tare(['inspect', 'tiny/back:idler-shrunk'], { home })).toMatchObject({ code: 2 });
    },
    120_000,
  );

  it('says of which service too little was seen: it had ended', async () => {
    const services = `  idler: { image: tiny/back, entrypoint: [/usr/bin/node, -e, 'setTimeout(() => process.exit(3), 600)'] }\n`;
    const { code, stderr } = await tare(['shrink', '-f', fileOf({ services })], { home });
    expect(code).toBe(0);
    expect(stderr).toContain('idler ended with exit code 3 while it was watched');
  }, 120_000);

  it('keeps what only one of several containers of a service asked for', async () => {
    // Whichever comes first makes the folder; the other one reads another file.
    const program = `
      const { mkdirSync, readFileSync } = require("fs");
      const isFirst = () => { try { mkdirSync("/shared/taken"); return true; } catch { return false; } };
      const text = readFileSync(isFirst() ? "/srv/data/answer.txt" : "/opt/unused/notes.txt");
      require("http").createServer((_, answer) => answer.end("forty-two")).listen(8080)`;
    const file = fileOf({
      web: 'deploy: { replicas: 2 }',
      back: `deploy: { replicas: 2 }, user: '0', volumes: ['shared:/shared'], entrypoint: [/usr/bin/node, -e, '${program}'], x-tare: { tightness: used }`,
      more: `${PROBES}volumes: { shared: {} }\n`,
    });
    const result = await tareJson<ShrunkSystem>(['shrink', '-f', file], { home });
    expectShape('system-shrink', result);
    expect(result.verified).toMatchObject({ ok: true });
    expect(serviceOf(result, 'back').repaired).toEqual([]);
    const kept = await pathsOf('tiny/back:shrunk');
    expect(kept).toEqual(expect.arrayContaining(['/srv/data/answer.txt', '/opt/unused/notes.txt']));
    expect(kept).not.toContain('/app/server.js');
    expect(await tareJson(['verify', '-f', file, '--shrunk'], { home })).toMatchObject({ ok: true });
  }, 120_000);

  it('leaves a service without a container as it is', async () => {
    const words = 'x-tare: { probes: [{ service: web, http: { port: 8080, path: /words, body: words } }] }\n';
    const file = fileOf({ back: `deploy: { replicas: 0 }, ports: ['8080']`, more: words });
    const answer = await tare(['shrink', '-f', file, '--json'], { home });
    expect(answer).toMatchObject({ code: 0, stderr: expect.stringMatching(/not-shrunk.*back has no container/) });
    const result = JSON.parse(answer.stdout) as ShrunkSystem;
    expectShape('system-shrink', result);
    expect(result.services.map(({ service }) => service)).toEqual(['web']);
    expect(result.warnings).toMatchObject([{ code: 'not-shrunk', message: expect.stringContaining(`${file}:4`) }]);
    // Nor is it asked, though it publishes a port.
    const crawled = fileOf({ back: `deploy: { replicas: 0 }, ports: ['8080']`, more: '' });
    const verified = await tareJson<SystemVerification>(['verify', '-f', crawled, '--shrunk', '--compare', 'status'], {
      home,
    });
    expect(verified.probes.map(({ name }) => name)).toContain('web: http GET 8080/');
    expect(verified.probes.filter(({ name }) => name.startsWith('back'))).toEqual([]);
  }, 120_000);

  it('puts back what an exclusion took and an answer needs', async () => {
    const file = fileOf({ back: `x-tare: {exclude: ['/srv/data/**']}` });
    const answer = await tare(['shrink', '-f', file, '--json'], { home });
    if (answer.code === 0) {
      const result = JSON.parse(answer.stdout) as ShrunkSystem;
      expect(serviceOf(result, 'back').repaired).toContain('/srv/data/answer.txt');
    } else expect(answer.stderr).toContain('E_UNLIKE');
  }, 120_000);
});

describe.skipIf(!needs('crun', 'unshare'))('tare shrink --file that fails', () => {
  it.each([
    [
      'a probe that the system fails',
      { more: PROBES.replace('forty-two', 'forty-three') },
      'E_ORIGINAL',
      'web: http GET 8080/answer',
    ],
    ['a service that ends', { back: `entrypoint: [/usr/bin/node, -e, 'process.exit(3)']` }, 'E_ORIGINAL', 'back'],
  ] as const)(
    '%s: nothing is named',
    async (_what, options, code, text) => {
      const dir = join(scratch, `home-${(count += 1)}`);
      cpSync(inject('seed'), dir, { recursive: true, preserveTimestamps: true });

      const { file } = await tinySystemIn(dir, join(scratch, `other-${count}`), options);
      const answer = await tare(['shrink', '-f', file, '--timeout', '20', '--json'], { home: dir });
      expect(answer.code).not.toBe(0);
      expect(answer.stderr).toContain(code);
      expect(answer.stderr).toContain(text);
      expect(namesIn(dir)).toEqual(['node-status:latest', 'tiny/web:latest', 'tiny/back:latest']);
    },
    60_000,
  );
});
