import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../helpers/needs.ts';
import { openBuilds } from './builds.ts';

const PASSWD = 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\nlone:x:1002:1002::/:/bin/sh\n';
const GROUP = 'root:x:0:\nwheel:x:10:root\napp:x:1001:\nlone:x:1002:\nlog:x:4:app,root\nssl:x:110:app\nother:x:111:\n';

/** `Uid`, `Gid` and `Groups` of /proc/self/status, as moby's user lookup and containerd's specs of processes have them: docker prints the same. */
describe.skipIf(!needs('crun', 'busybox'))('the groups of a RUN', () => {
  it.each<[user: string, ids: string]>([
    ['', '0 0: 0 4 10'],
    ['root', '0 0: 0 4 10'],
    ['0', '0 0: 0 4 10'],
    ['0:0', '0 0: 0'],
    ['app', '1000 1001: 4 110 1001'],
    ['1000', '1000 1001: 4 110 1001'],
    ['app:other', '1000 111: 111'],
    ['app:app', '1000 1001: 1001'],
    ['app:4', '1000 4: 4'],
    ['1000:1001', '1000 1001: 1001'],
    ['1000:log', '1000 4: 4'],
    ['lone', '1002 1002: 1002'],
    ['4321', '4321 0: 0'],
    ['4321:8765', '4321 8765: 8765'],
    ['4321:ssl', '4321 110: 110'],
    ['app:7777', '1000 7777: 7777'],
  ])('of the user %j', async (user, ids) => {
    const { build, dir } = await openBuilds();
    writeFileSync(join(dir, 'passwd'), PASSWD);
    writeFileSync(join(dir, 'group'), GROUP);
    const { output } = await build(
      `FROM busybox\nCOPY passwd group /etc/\n${user === '' ? '' : `USER ${user}\n`}RUN cat /proc/self/status\n`,
    );
    const field = (name: string): string[] =>
      (new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(output)?.[1] ?? '').trim().split(/\s+/);
    const groups = field('Groups').sort((a, b) => Number(a) - Number(b));
    expect(`${field('Uid')[0]} ${field('Gid')[0]}: ${groups.join(' ')}`).toBe(ids);
  });
});
