import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ShrinkResult } from '../../src/shrink/types.ts';
import type { FileRow } from '../../src/explain/files.ts';
import type { Why } from '../../src/explain/why.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { needs } from '../helpers/needs.ts';
import { makeOriginal } from '../helpers/original.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

/** The path is known only when it is asked for: no reading of the code can tell. */
const RARE = '/usr/share/rare/words.txt';
const SERVER = `
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const rare = Buffer.from('${Buffer.from(RARE).toString('base64')}', 'base64').toString();
createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  try {
    response.end(request.url === '/rare' ? readFileSync(rare) : 'home of ' + request.url);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}).listen(8080);
`;

let home: string;
const cwd = tempDir;

beforeEach(async () => {
  home = await makeOriginal({
    entries: [
      { path: 'app/server.js', content: SERVER },
      { path: 'app/package.json', content: '{"name":"rare","main":"server.js"}' },
      { path: 'usr/share/rare/words.txt', content: 'rare words\n', mtime: 1_234_567 },
      { path: 'usr/share/junk/large.bin', content: Buffer.alloc(3_000_000, 7) },
      { path: 'var/lib/app/', uid: 1000, gid: 1000 },
    ],
    config: {
      Entrypoint: ['/usr/bin/node', 'server.js'],
      Cmd: null,
      ExposedPorts: { '8080/tcp': {} },
      Labels: { team: 'x' },
    },
  });
});

const run = (args: readonly string[], code = 0): Promise<ShrinkResult> =>
  tareJson<ShrinkResult>(['shrink', 'original', ...args], { home, cwd: cwd(), code });
const paths = async (image: string): Promise<string[]> =>
  (await tareJson<FileRow[]>(['files', image], { home })).map((row) => row.path);

describe('tare shrink, by the files alone', () => {
  it('drops what nothing leads to, and keeps the rest as it was', async () => {
    const result = await run(['--static', '--no-verify', '--name', 'static']);
    expectShape('shrink', result);
    expect(result).toMatchObject({ reference: 'static:latest', verified: null, profile: null, tightness: 'reachable' });
    expect(result.size.disk).toBeLessThan(result.original.size.disk - 3_000_000);
    const kept = await paths('static');
    expect(kept).toContain('/app/server.js');
    expect(kept).toContain('/var/lib/app');
    expect(kept).not.toContain(RARE);
    expect(kept).not.toContain('/usr/share/junk/large.bin');
  });

  it('tells why, for what is kept and for what is not', async () => {
    await run(['--static', '--no-verify', '--name', 'static']);
    const kept = await tareJson<Why>(['why', 'static', '/app/server.js'], { home });
    expect(kept.chain.map((step) => step.kind)).toContain('entrypoint');
    const dropped = await tareJson<Why>(['why', 'static', RARE], { home, code: 1 });
    const there = await tareJson<Why>(['why', 'static', RARE, '--original', 'original'], { home, code: 1 });
    expect(there).toMatchObject({ ...dropped, original: { size: dropped.size, chain: [{ kind: 'made' }] } });
    expect(dropped).toMatchObject({ kept: false, dropped: { size: 11 } });
  });

  it('keeps the config, and says in history and annotations what was done', async () => {
    const { original } = await run(['--static', '--no-verify', '--name', 'static']);
    const inspected = await tareJson<{
      config: { config: unknown; history: { created_by: string; comment?: string }[] };
      annotations: Record<string, string>;
    }>(['inspect', 'static'], { home });
    expect(inspected.config.config).toMatchObject({
      Entrypoint: ['/usr/bin/node', 'server.js'],
      Labels: { team: 'x' },
      ExposedPorts: { '8080/tcp': {} },
    });
    expect(inspected.config.history.every((line) => line.created_by.startsWith('tare shrink: '))).toBe(true);
    expect(inspected.config.history.at(-1)?.comment).toContain(original.digest);
    expect(inspected.annotations).toMatchObject({
      'dev.tare.original': original.digest,
      'dev.tare.tightness': 'reachable',
    });
  });

  it('gives the same digest each time, and another order of layers with --layers keep', async () => {
    const first = await run(['--static', '--no-verify', '--name', 'a']);
    const again = await run(['--static', '--no-verify', '--name', 'b']);
    expect(again.digest).toBe(first.digest);
    const kept = await run(['--static', '--no-verify', '--layers', 'keep', '--name', 'c']);
    expect(kept.layers.map((layer) => layer.group)).toEqual(
      kept.layers.map((layer) => layer.group).filter((group) => /^layer \d+$/.test(group)),
    );
    expect(await paths('c')).toEqual(await paths('a'));
  });

  it('keeps what is asked for', async () => {
    await run(['--static', '--no-verify', '--include', '/usr/share/rare/**', '--name', 'included']);
    expect(await paths('included')).toContain(RARE);
  });

  it('prints its plan and both layerings, and writes nothing', async () => {
    const plan = await tareJson(['shrink', 'original', '--static', '--dry-run', '--name', 'nothing'], {
      home,
      cwd: cwd(),
    });
    expectShape('shrink-plan', plan);
    const images = await tareJson<{ reference: string }[]>(['images'], { home });
    expect(images.map((image) => image.reference)).not.toContain('nothing:latest');
  });
});

describe.skipIf(!needs('crun', 'unshare'))('tare shrink, observed', () => {
  it('crawls, verifies and names the result', async () => {
    const result = await run(['--name', 'observed']);
    expectShape('shrink', result);
    expect(result.verified).toMatchObject({ ok: true });
    expect(result.verified?.probes).toContainEqual(
      expect.objectContaining({ name: 'http GET 8080/', ok: true, status: 200 }),
    );
    expect(result.warnings.map((warning) => warning.code)).not.toContain('only-errors');
    expect(result.profile?.paths).toBeGreaterThan(10);
    expect(result.repaired).toEqual([]);
  });

  it('keeps what a probe showed that no reading of the code can', async () => {
    const result = await run(['--probe', 'http:8080/rare', '--name', 'probed']);
    expect(result.repaired).toEqual([]);
    expect(await paths('probed')).toContain(RARE);
    const { chain } = await tareJson<Why>(['why', 'probed', RARE], { home });
    expect(chain.map((step) => step.because).join(' ')).toContain('http GET 8080/rare');
  });

  it('puts back what the small image missed', async () => {
    const result = await run(['--static', '--probe', 'http:8080/rare', '--name', 'repaired']);
    expect(result.repaired.map((item) => item.path)).toEqual([RARE]);
    expect(result.repaired[0]?.because).toContain('http GET 8080/rare');
    expect(result.verified).toMatchObject({ ok: true });
  });

  it('refuses when the original itself fails', async () => {
    const answer = await tare(
      ['shrink', 'original', '--probe', 'http:8080/=418', '--timeout', '2', '--json', '--name', 'never'],
      {
        home,
        cwd: cwd(),
      },
    );
    expect(answer.code).toBe(1);
    expect(answer.stderr).toContain('E_ORIGINAL');
    expect(answer.stdout).toBe('');
  });

  it('from one profile gives one digest, with no sandbox at all', async () => {
    const folder = cwd();
    const file = join(folder, 'app.profile.json');
    await tareJson(['observe', 'original', '-o', file, '--probe', 'http:8080/rare'], { home, cwd: folder });
    expectShape('profile', JSON.parse(readFileSync(file, 'utf8')));
    const blind = { home, cwd: folder, env: { TARE_RUNTIME: '/nonexistent/crun' } };
    const args = ['shrink', 'original', '--profile', file, '--name'];
    const first = await tareJson<ShrinkResult>([...args, 'one'], blind);
    const second = await tareJson<ShrinkResult>([...args, 'two'], blind);
    expect(second.digest).toBe(first.digest);
    expect(await paths('one')).toContain(RARE);
    expect(first).toMatchObject({ verified: null });
  });

  it.skipIf(!needs('strace'))('from a profile makes no privileged call', async () => {
    const folder = cwd();
    const [file, log] = [join(folder, 'app.profile.json'), join(folder, 'calls')];
    await tareJson(['observe', 'original', '-o', file, '--probe', 'http:8080/rare'], { home, cwd: folder });
    const calls =
      'mount,umount2,unshare,setns,pivot_root,chroot,ptrace,bpf,setuid,setgid,setgroups,capset,mknod,mknodat';
    const traced = ['strace', '--follow-forks', '--quiet=all', `--trace=${calls}`, `--output=${log}`, process.execPath];
    const answer = await tare(['shrink', 'original', '--profile', file], { home, cwd: folder, node: traced });
    expect(answer.code, answer.stderr).toBe(0);
    expect(
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !/ (?:---|\+\+\+) /.test(line)),
    ).toEqual([]);
  });

  it('keeps only what was used, when asked for', async () => {
    const used = await run(['--tightness', 'used', '--probe', 'http:8080/', '--name', 'used']);
    const reachable = await run(['--probe', 'http:8080/', '--name', 'reachable']);
    expect(used.files).toBeLessThanOrEqual(reachable.files);
    expect(used.verified).toMatchObject({ ok: true });
  });
});
