import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execute, MAIN, cleanEnvironment, tare, tareJson } from '../helpers/cli.ts';
import { dockerRegistry } from '../helpers/docker-registry.ts';
import { makeImage } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';
import { openStore } from '../../src/store/index.ts';
import { run } from '../transports/sample.ts';

/** A store with an image `app:1`, and settings of nobody. */
async function surroundings(): Promise<{
  readonly dir: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}> {
  const dir = tempDir();
  const home = join(dir, 'home');
  await makeImage({ store: await openStore({ home }), name: 'app:1', layers: [[{ path: 'a', content: 'hello' }]] });
  return {
    dir,
    home,
    env: { HOME: dir, DOCKER_CONFIG: join(dir, 'docker'), XDG_RUNTIME_DIR: '', XDG_CONFIG_HOME: '' },
  };
}

describe.skipIf(!needs('docker-registry', 'htpasswd'))('the commands for registries', () => {
  it('push, tags, pull, and every command that reads an image', async () => {
    const { host } = await dockerRegistry();
    const { dir, env, home } = await surroundings();
    const pushed = await tareJson<{ digest: string }>(['push', 'app:1', `${host}/team/app:1`], { home, env });
    expectShape('push', pushed);
    const tags = await tareJson<{ tags: string[] }>(['tags', `${host}/team/app`], { home, env });
    expectShape('tags', tags);
    expect(tags.tags).toEqual(['1']);
    expect(await tare(['tags', `${host}/team/app`], { home, env })).toMatchObject({
      code: 0,
      stdout: '1\n',
      stderr: '',
    });

    const other = join(dir, 'other');
    const pulled = await tareJson<{ digest: string; reference: string }>(['pull', `${host}/team/app:1`], {
      home: other,
      env,
    });
    expectShape('pull', pulled);
    expect(pulled).toMatchObject({ digest: pushed.digest, reference: `${host}/team/app:1` });
    const quiet = await tare(['pull', `${host}/team/app:1`, 'mine', '-q'], { home: other, env });
    expect(quiet).toMatchObject({ code: 0, stdout: 'mine:latest\n', stderr: '' });
    const reference = `docker://${host}/team/app:1`;
    expect(await tareJson(['inspect', reference], { home, env })).toMatchObject({ reference, digest: pushed.digest });
    expect(await tareJson<{ path: string }[]>(['files', reference], { home, env })).toMatchObject([{ path: '/a' }]);
    expect(await tareJson(['copy', reference, `oci:${dir}/layout:x`], { home, env })).toMatchObject({
      digest: pushed.digest,
    });
    const missing = await tare(['pull', `${host}/team/app:2`], { home, env });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('E_IMAGE_NOT_FOUND');
  });

  it('login and logout, with the password on stdin alone', async () => {
    const { dir, env, home } = await surroundings();
    writeFileSync(join(dir, 'htpasswd'), run('htpasswd', '-Bbn', 'me', 'top secret'));
    const { host } = await dockerRegistry({ htpasswd: join(dir, 'htpasswd') });
    const login = (input: string): ReturnType<typeof execute> =>
      execute(process.execPath, [MAIN, 'login', host, '-u', 'me', '--password-stdin', '--json'], {
        env: { ...cleanEnvironment(), TARE_HOME: home, ...env },
        input,
      });
    const refused = await tare(['push', 'app:1', `${host}/app:1`], { home, env });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('E_AUTH');
    expect(await login('wrong\n')).toMatchObject({ code: 3, stdout: '' });
    expect((await login('')).stderr).toContain('E_USAGE');
    const answer = await login('top secret\n');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).not.toContain('secret');
    expectShape('login', JSON.parse(answer.stdout));
    expect((await tare(['push', 'app:1', `${host}/app:1`], { home, env })).code).toBe(0);
    expectShape('logout', await tareJson(['logout', host], { home, env }));
    expect((await tare(['push', 'app:1', `${host}/app:1`], { home, env })).code).toBe(3);
    expect(await tare(['login', host, '-u', 'me'], { home, env })).toMatchObject({ code: 2, stdout: '' });
  });
});
