import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DockerfileResult } from '../../../src/build/dockerfile/types.ts';
import { cleanEnvironment, execute, MAIN } from '../../helpers/cli.ts';
import { leftoversBelow } from '../../helpers/leftovers.ts';
import { needs, needsOtherUser } from '../../helpers/needs.ts';
import { unprivileged } from '../../helpers/script-process.ts';
import { placeProgram } from '../../helpers/shell-root.ts';
import { tempDir } from '../../helpers/temp.ts';

const NOBODY = { user: 'nobody', uid: 65534, gid: 65534, ids: 'range' } as const;
const EPOCH = '1500000000';

const FILES: Readonly<Record<string, string>> = {
  'a.txt': 'a\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  one: `FROM scratch
COPY busybox /bin/busybox
COPY etc /etc
COPY tools /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
COPY --chown=33:44 a.txt /own/
RUN mkdir -m 1777 /tmp && groupadd -g 2345 crew && useradd -u 1234 -g crew -m -d /home/kim -s /bin/sh kim
RUN su kim -c 'id -u > ~/id; touch ~/mine; umask 077; mkdir ~/closed; echo secret > ~/closed/in' && chown 65000:1 /own/a.txt && chmod 4750 /home/kim/mine
`,
  two: `FROM one:latest
USER kim
WORKDIR /home/kim/w
COPY --chown=kim:crew --chmod=640 a.txt .
RUN cat ~/id ~/closed/in > copy && ln copy hard && rm -r ~/closed && test "$(stat -c %U:%G a.txt)" = kim:crew
USER root
RUN chown -R 7:8 /own && rm /home/kim/id
`,
};

interface Home {
  readonly dir: string;
  build(name: 'one' | 'two'): Promise<DockerfileResult & { readonly stderr: string }>;
}

/** A home and a context of one user: root, or an ordinary one with subordinate ids. */
function openHome(who: 'root' | 'nobody'): Home {
  const dir = tempDir();
  chmodSync(dir, 0o755);
  const [context, home, run] = ['context', 'home', 'run'].map((name) => join(dir, name)) as [string, string, string];
  for (const each of [context, join(context, 'etc'), home]) mkdirSync(each);
  mkdirSync(run, { mode: 0o700 });
  const tools = join(context, 'tools');
  mkdirSync(join(tools, 'bin'), { recursive: true });
  for (const name of ['useradd', 'groupadd']) placeProgram(name, tools);
  copyFileSync('/bin/busybox', join(context, 'busybox'));
  chmodSync(join(context, 'busybox'), 0o755);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(context, name), text, { mode: 0o644 });
  if (who === 'nobody') for (const each of [home, run]) chownSync(each, NOBODY.uid, NOBODY.gid);
  const front = who === 'root' ? [] : unprivileged(dir, NOBODY);
  const env = { ...cleanEnvironment(), TARE_HOME: home, XDG_RUNTIME_DIR: run, HOME: home, SOURCE_DATE_EPOCH: EPOCH };
  return {
    dir,
    build: async (name) => {
      const words = ['build', '-f', join(context, name), '-t', name, '--json', context];
      const [program = '', ...args] = [...front, process.execPath, MAIN, ...words];
      const answer = await execute(program, args, { env, cwd: context });
      if (answer.code !== 0) throw new Error(answer.stderr);
      return { ...(JSON.parse(answer.stdout) as DockerfileResult), stderr: answer.stderr };
    },
  };
}

const layersOf = ({ layers }: DockerfileResult): readonly (readonly string[])[] =>
  layers.map(({ createdBy, diffId }) => [createdBy, diffId]);

describe('a build by an ordinary user', () => {
  it.skipIf(!needsOtherUser('newuidmap', 'unshare') || !needs('crun', 'busybox', 'useradd', 'groupadd', 'ldd'))(
    'gives the layers that root gives, with their owners, and knows them the second time',
    async () => {
      const [root, other] = [openHome('root'), openHome('nobody')];
      for (const name of ['one', 'two'] as const) {
        const expected = await root.build(name);
        const built = await other.build(name);
        expect(layersOf(built)).toEqual(layersOf(expected));
        expect(built.digest).toBe(expected.digest);
        expect(built.steps.filter(({ cached }) => cached)).toEqual([]);
        expect(built.stderr.match(/the steps have the network of this machine/g)).toHaveLength(1);
        const again = await other.build(name);
        expect([again.digest, again.steps.filter(({ cached }) => !cached)]).toEqual([built.digest, []]);
      }
      expect(leftoversBelow(join(other.dir, 'run'))).toEqual([]);
    },
    120_000,
  );
});
