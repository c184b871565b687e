import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseEngine } from '../../../src/solve/buildkit/address.ts';
import { connectEngine } from '../../../src/solve/buildkit/client.ts';
import { tempDir } from '../../helpers/temp.ts';
import { canRunBuildkitd, startBuildkitd, type Buildkitd } from './daemon.ts';

const connect = async (text: string) => connectEngine(parseEngine(text), undefined);

describe('an engine that is not there', () => {
  it('is told for a socket', async () => {
    const address = `unix://${join(tempDir(), 'none.sock')}`;
    await expect(connect(address)).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: `the BuildKit daemon at ${address} is not there`,
      hint: expect.stringContaining('start it') as string,
    });
  });

  it('is told for a port, and for a server that speaks something else', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const address = `tcp://127.0.0.1:${port}`;
    await expect(connect(address)).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringContaining(address) as string,
    });
    await new Promise((resolve) => server.close(resolve));
    await expect(connect(address)).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: `the BuildKit daemon at ${address} is not there`,
    });
  });

  it('is told in the words of docker for a container, and nothing is left behind', async () => {
    fakeDocker('echo "Error: No such container: $3" >&2; exit 1');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('tare-engine-'));
    await expect(connect('docker-container:gone')).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringContaining('No such container: gone') as string,
    });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('tare-engine-'))).toEqual(before);
  });

  it('is told when there is no docker', async () => {
    vi.stubEnv('PATH', tempDir());
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(connect('docker-container:x')).rejects.toMatchObject({ code: 'E_TOOL_MISSING' });
  });
});

describe('certificates', () => {
  it('are for tcp only, and must be some', async () => {
    const tls = { cert: Buffer.from('no certificate'), key: Buffer.from('no key') };
    await expect(connectEngine({ kind: 'container', name: 'x' }, tls)).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(connectEngine({ kind: 'tcp', host: '127.0.0.1', port: 1 }, tls)).rejects.toMatchObject({
      code: 'E_ENGINE',
    });
  });
});

describe.skipIf(!canRunBuildkitd())('a real buildkitd', () => {
  let daemon: Buildkitd;
  beforeAll(async () => {
    daemon = await startBuildkitd();
  });
  afterAll(() => daemon.stop());

  it('is reached through the standard input and output of a command', async () => {
    const relay = join(tempDir(), 'relay.mjs');
    writeFileSync(
      relay,
      `import { connect } from 'node:net'; const s = connect(process.argv[2]); process.stdin.pipe(s); s.pipe(process.stdout);`,
    );
    // What `docker exec -i NAME buildctl dial-stdio` does in the container.
    fakeDocker(
      `test "$*" = "exec -i builder buildctl dial-stdio" && exec "${process.execPath}" "${relay}" "${daemon.socket}"`,
    );
    const client = await connect('docker-container:builder');
    expect(client.version).toMatch(/^v\d/);
    expect(client.address).toBe('docker-container:builder');
    await client.close();
  });
});

function fakeDocker(script: string): void {
  const bin = join(tempDir(), 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'docker'), 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}
