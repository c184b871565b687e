import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/table.ts';
import { REGISTRY_OPTIONS } from '../../src/cli/registry-options.ts';
import { openStore } from '../../src/store/index.ts';
import { tare } from '../helpers/cli.ts';
import { dockerRegistry } from '../helpers/docker-registry.ts';
import { makeImage } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { run } from '../transports/sample.ts';

/** Commands of the store alone, and those that name no image. */
const WITHOUT = 'init images tag rm doctor profile registry logout down ps logs exec'.split(' ');

describe('the flags of registries', () => {
  it.for(COMMANDS.map(({ name }) => name))('are the same in every command that names an image: %s', async (name) => {
    const spec = await COMMANDS.find((line) => line.name === name)?.load();
    const own = (spec?.options ?? []).map(({ defaultText, description, flags }) => ({
      flags,
      description,
      ...(defaultText === undefined ? {} : { defaultText }),
    }));
    if (WITHOUT.includes(name)) expect(own).not.toContainEqual(REGISTRY_OPTIONS[0]);
    else
      for (const { defaultText, description, flags } of REGISTRY_OPTIONS)
        expect(own).toContainEqual({ flags, description, ...(defaultText === undefined ? {} : { defaultText }) });
  });

  it.skipIf(!needs('docker-registry', 'htpasswd'))('count wherever an image is read or written', async () => {
    const dir = tempDir();
    const home = join(dir, 'home');
    await makeImage({ store: await openStore({ home }), name: 'app:1', layers: [[{ path: 'a', content: 'hello' }]] });
    writeFileSync(join(dir, 'htpasswd'), run('htpasswd', '-Bbn', 'me', 'secret'));
    const { host } = await dockerRegistry({ htpasswd: join(dir, 'htpasswd') });
    const authfile = join(dir, 'mine.json');
    const auth = Buffer.from('me:secret').toString('base64');
    writeFileSync(authfile, JSON.stringify({ auths: { [host]: { auth } } }));
    writeFileSync(join(dir, 'Dockerfile'), `FROM ${host}/app:1\nLABEL a=b\n`);
    const env = { HOME: dir, DOCKER_CONFIG: join(dir, 'docker'), XDG_RUNTIME_DIR: '', XDG_CONFIG_HOME: '' };
    const image = `docker://${host}/app:1`;
    const commands = [
      ['copy', 'app:1', image],
      ['inspect', image],
      ['files', image],
      ['compare', image, 'app:1'],
      ['unpack', image, join(dir, 'rootfs')],
      ['sbom', image],
      ['tags', `${host}/app`],
      ['build', '-f', 'Dockerfile', '.', '--pull', 'always', '-t', 'built:1', '-o', `docker://${host}/built:1`],
      [
        'shrink',
        image,
        '--static',
        '--no-verify',
        '--include',
        '/a',
        '--name',
        'small:1',
        '-o',
        `docker://${host}/small:1`,
      ],
    ];
    for (const args of commands) {
      const refused = await tare(args, { home, env, cwd: dir });
      expect([args[0], refused.code, refused.stderr]).toEqual([args[0], 3, expect.stringContaining('E_AUTH')]);
      const answer = await tare([...args, '--authfile', authfile], { home, env, cwd: dir });
      // There is nothing in this image that shrinking could begin with: it came as far as that.
      const expected = args[0] === 'shrink' ? 2 : 0;
      expect([args[0], answer.code, answer.stderr]).toEqual([args[0], expected, expect.not.stringContaining('E_AUTH')]);
    }
  });
});
