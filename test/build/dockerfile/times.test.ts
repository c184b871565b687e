import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../helpers/needs.ts';
import { openBuilds } from './builds.ts';

const EPOCH = 1_500_000_000;

describe.skipIf(!needs('crun', 'busybox'))('SOURCE_DATE_EPOCH', () => {
  const FIRST = `FROM busybox AS first
RUN mkdir -p /d/e && echo x > /d/f && ln -s f /d/link && touch -d @1000 /d/old && touch -d '2020-01-01 00:00:00' /d/young
RUN touch /etc/x /tmp/y && rm /tmp/y && echo changed >> /d/f && rm /d/old && mkdir -p /d/old
RUN --mount=type=tmpfs,target=/mnt/deep true
`;
  const LATER = `FROM first
RUN seen=$(stat -c '%Y %n' / /d /d/* /d/e /etc /etc/x /etc/passwd /tmp /bin /bin/sh); echo "$seen"; echo "$seen" > /seen
`;

  it('is what later steps see, whether those before were run or known', async () => {
    const run = await openBuilds();
    const all = await run.build(FIRST + LATER, { epoch: EPOCH });
    const times = all.output.split('\n').flatMap((line) => (/^\d+ /.test(line) ? Number(line.split(' ')[0]) : []));
    expect(times.length).toBeGreaterThan(10);
    expect(Math.max(...times)).toBe(EPOCH);
    const known = await openBuilds();
    await known.build(FIRST, { epoch: EPOCH });
    rmSync(join(known.home, 'tare/solve/snapshots'), { recursive: true });
    const again = await known.build(FIRST + LATER, { epoch: EPOCH });
    expect(again.output).toBe(all.output);
    expect(again.result.layers).toEqual(all.result.layers);
  });
});
