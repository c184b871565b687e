import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, execute, MAIN, tare, type Answer } from '../helpers/cli.ts';
import { needs } from '../helpers/needs.ts';
import { addShellOriginal } from '../helpers/original.ts';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'tare-test-')));
const available = needs('crun', 'unshare', 'ldd', 'script');

/** Waits for its signal, and says so; without `sleep` in front the shell would not notice it. */
const WAITING = (signals: string): string =>
  `for s in ${signals}; do trap "echo got $s; exit 5" $s; done; echo ready; while :; do sleep 1 & wait $!; done`;

beforeAll(async () => {
  const shell = (text: string) => ({ Entrypoint: ['/bin/sh', '-c', text] });
  await addShellOriginal(home, 'sh:1', { config: { Entrypoint: ['/bin/sh'] } });
  await addShellOriginal(home, 'term:1', { config: shell(WAITING('INT TERM USR1')) });
  await addShellOriginal(home, 'usr1:1', { config: { ...shell(WAITING('INT TERM USR1')), StopSignal: 'SIGUSR1' } });
  await addShellOriginal(home, 'deaf:1', { config: shell('echo ready; while :; do sleep 1; done') });
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

/** On a terminal of its own, of 30 rows and 100 columns. */
async function onTerminal(args: readonly string[]): Promise<Answer> {
  const command = `stty rows 30 cols 100; ${quoted([process.execPath, MAIN, ...args])}`;
  return execute('script', ['-qec', command, '/dev/null'], { env: { ...cleanEnvironment(), TARE_HOME: home } });
}

describe.skipIf(!available)('tare run', () => {
  it('-t gives the program a terminal of its own', async () => {
    const program = 'for d in 0 1 2; do [ -t $d ] && echo tty $d; done; echo $TERM; exit 7';
    const answer = await onTerminal(['run', '-it', 'sh:1', '-c', program]);
    // script(1) types the end of its own input.
    expect(answer.stdout.replaceAll('^@', '')).toContain('tty 0\r\ntty 1\r\ntty 2\r\nxterm\r\n');
    expect(answer.code).toBe(7);
  });

  it('without -t it has none, and gets what is piped in', async () => {
    const answer = await execute(process.execPath, [MAIN, 'run', '-i', 'sh:1', '-c', '[ -t 0 ] || cat'], {
      env: { ...cleanEnvironment(), TARE_HOME: home },
      input: 'piped',
    });
    expect(answer).toEqual({ code: 0, stdout: 'piped', stderr: '' });
  });

  it('-t wants a terminal', async () => {
    const answer = await tare(['run', '-it', 'sh:1'], { home });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain('stdin is not a terminal');
    expect(answer.stderr).toContain('leave -t out');
  });

  it('-d is refused with another way', async () => {
    const answer = await tare(['run', '-d', 'sh:1', '-c', 'x'], { home });
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(/E_USAGE: --detach: .*no daemon/);
    expect(answer.stderr).toContain('`tare run sh:1 -c x &`');
  });

  it.each([
    ['SIGINT', 'term:1', 'TERM', 5],
    ['SIGTERM', 'term:1', 'TERM', 5],
    ['SIGINT', 'usr1:1', 'USR1', 5],
    ['SIGTERM', 'deaf:1', undefined, 137],
  ] as const)('%s to tare ends %s by its stop signal', async (signal, image, got, code) => {
    const child = spawn(process.execPath, [MAIN, 'run', image], {
      env: { ...cleanEnvironment(), TARE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (said === '') child.kill(signal);
      said += chunk.toString('utf8');
    });
    const ended = await new Promise<number | null>((resolve) => child.once('close', resolve));
    expect(said).toBe(`ready\n${got === undefined ? '' : `got ${got}\n`}`);
    expect(ended).toBe(code);
  });

  it('says where a port is', async () => {
    const answer = await tare(['run', '-p', ':80', 'sh:1', '-c', ':'], { home });
    expect(answer.stderr).toMatch(/^port 80 is at 127\.0\.0\.1:\d+\n$/);
    expect((await tare(['run', '-q', '-p', ':80', 'sh:1', '-c', ':'], { home })).stderr).toBe('');
  });
});
