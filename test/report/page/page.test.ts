import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { servePage } from '../../../src/report/page/serve.ts';
import { openStore } from '../../../src/store/index.ts';
import { cleanEnvironment, execute, MAIN, tare, tareJson } from '../../helpers/cli.ts';
import { makeImage } from '../../helpers/images.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

const EVIL = '</script><script>alert(1)</script><!--';

async function homeWithImage(): Promise<string> {
  const home = join(tempDir(), 'home');
  await makeImage({
    store: await openStore({ home }),
    name: 'app:1',
    layers: [[{ path: `a/${EVIL.replaceAll('/', '\\')}`, content: 'x' }]],
    config: {
      config: { Labels: { [EVIL]: EVIL }, Env: ['API_TOKEN=hunter2hunter2'] },
      history: [{ created_by: `RUN ${EVIL}` }],
    },
  });
  return home;
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('a written page', () => {
  it('carries the hashes of its one script and its one style, and names in its data alone', async () => {
    const home = await homeWithImage();
    const output = join(home, 'report.html');
    const answer = await tareJson(['explore', 'app:1', '--output', output], { home });
    expectShape('explore', answer);
    const html = readFileSync(output, 'utf8');
    expect(answer).toEqual({ output, bytes: Buffer.byteLength(html) });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
    const script = /<script>([^]*?)<\/script>/.exec(html)?.[1] ?? '';
    const style = /<style>([^]*?)<\/style>/.exec(html)?.[1] ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(script)}`,
      `style-src ${hashOf(style)}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html.match(/<script/g)?.length).toBe(2);
    expect(html).not.toContain('alert(1)');
    const data = /id="data">([^<]*)</.exec(html)?.[1] ?? '';
    const json = gunzipSync(Buffer.from(data, 'base64')).toString('utf8');
    expect(json).toContain('alert(1)');
    expect(json).not.toContain('hunter2');
    // No address but that of the names of SVG.
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
  });

  it('is the same for the same image, and replaces an old one as a whole', async () => {
    const home = await homeWithImage();
    const [one, two] = [join(home, 'one.html'), join(home, 'two.html')];
    for (const file of [one, two, one]) expect((await tare(['explore', 'app:1', '-o', file], { home })).code).toBe(0);
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  });

  it.each([
    [['explore', 'app:1', '-o', 'x.html', '--addr', '127.0.0.1:0'], 'E_USAGE'],
    [['explore', 'app:1', '--addr', '0.0.0.0:0'], 'E_USAGE'],
    [['explore', 'app:1', '-o', ''], 'E_USAGE'],
    [['explore', 'app:1', '-o', '/nowhere/at/all.html'], 'E_PATH_NOT_FOUND'],
    [['explore', 'app:2', '-o', 'x.html'], 'E_IMAGE_NOT_FOUND'],
    [['explore', 'app:1', '--against', 'app:3', '-o', 'x.html'], 'E_IMAGE_NOT_FOUND'],
    [['explore', 'app:1', '--profile', '/nowhere.json', '-o', 'x.html'], 'E_PATH_NOT_FOUND'],
  ])('says why it cannot be made: %j', async (args, code) => {
    const home = await homeWithImage();
    const answer = await tare(args, { home, cwd: home });
    expect(answer.stdout).toBe('');
    expect(answer.stderr).toContain(code);
    expect(answer.code).toBeGreaterThanOrEqual(2);
  });
});

describe('a served page', () => {
  async function served(): Promise<{ readonly url: string; readonly port: number }> {
    const page = await servePage({ html: '<p>hello', policy: "default-src 'none'" }, { host: '127.0.0.1', port: 0 });
    onTestFinished(() => page.stop());
    return { url: page.url, port: Number(new URL(page.url).port) };
  }

  const ask = (
    port: number,
    options: { readonly host?: string; readonly method?: string; readonly path?: string },
  ): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }> =>
    new Promise((resolve, reject) => {
      const headers = options.host === undefined ? {} : { host: options.host };
      const sent = request({
        host: '127.0.0.1',
        port,
        path: options.path ?? '/',
        method: options.method ?? 'GET',
        headers,
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      sent.end();
    });

  it('is sent with its policy', async () => {
    const { port } = await served();
    const { body, headers, status } = await ask(port, {});
    expect({ body, status }).toEqual({ body: '<p>hello', status: 200 });
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect((await ask(port, { host: `localhost:${port}` })).status).toBe(200);
    expect((await ask(port, { method: 'HEAD' })).body).toBe('');
  });

  it('is not for who gives this machine another name', async () => {
    const { port } = await served();
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `localhost.:${port}`,
    ])
      expect((await ask(port, { host })).status).toBe(421);
    expect((await ask(port, { path: '/other' })).status).toBe(404);
    expect((await ask(port, { path: '/?a' })).status).toBe(404);
    expect((await ask(port, { method: 'POST' })).status).toBe(405);
  });

  it('says that its port is taken', async () => {
    const { port } = await served();
    const again = servePage({ html: '', policy: '' }, { host: '127.0.0.1', port });
    await expect(again).rejects.toMatchObject({ code: 'E_PORT_IN_USE' });
  });

  it('is there until Ctrl-C, and can be shown by the browser of the machine', async () => {
    const home = await homeWithImage();
    const opened = join(home, 'opened');
    const script = join(home, 'browser');
    const { chmodSync, writeFileSync } = await import('node:fs');
    writeFileSync(script, `#!/bin/sh\necho "$1" > ${opened}.part && mv ${opened}.part ${opened}\n`);
    chmodSync(script, 0o755);
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, [MAIN, 'explore', 'app:1', '--open', '--json'], {
      env: { ...cleanEnvironment(), TARE_HOME: home, BROWSER: script },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk))),
    );
    const answer = JSON.parse(line) as { readonly url: string };
    expectShape('explore', answer);
    const response = await fetch(answer.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('id="data"');
    const waited = await execute('sh', [
      '-c',
      `for i in $(seq 100); do [ -e ${opened} ] && break; sleep 0.1; done; cat ${opened}`,
    ]);
    expect(waited.stdout.trim()).toBe(answer.url);
    child.kill('SIGINT');
    await ended;
    await expect(fetch(answer.url)).rejects.toThrow();
  });
});
