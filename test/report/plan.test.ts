import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import type { DryRun } from '../../src/build/types.ts';
import type { Edge } from '../../src/evidence/types.ts';
import { planText } from '../../src/report/plan.ts';
import { createStyle } from '../../src/report/style.ts';

const edge = (from: string, to: string, kind: Edge['kind'], because: string): Edge => ({
  from,
  to: pathOfText(to),
  kind,
  because,
  certainty: 'sure',
});

const kept = (path: string, reason: Edge, group: 'runtime' | 'system' = 'system', size = 1234) => ({
  path: pathOfText(path),
  reason,
  group,
  size,
});

const PLAN: DryRun = {
  dryRun: true,
  name: 'app:latest',
  entrypoint: ['/bin/app'],
  tightness: 'reachable',
  plan: {
    keep: [
      kept('/bin', edge('/bin/app', '/bin', 'parent', 'holds /bin/app'), 'runtime', 0),
      kept('/bin/app', edge('entrypoint', '/bin/app', 'entrypoint', 'what the image starts'), 'runtime', 98_900_000),
      kept(
        '/lib/libz.so.1',
        edge('/bin/app', '/lib/libz.so.1', 'elf-needed', `NEEDED libz.so.1 ${'and so on '.repeat(12)}`),
      ),
      kept('/lib/m.pyc', edge('/lib/m.py', '/lib/m.pyc', 'python-import', 'its compiled form, which starts faster')),
    ],
    add: [],
    drop: [{ path: pathOfText('/usr/bin/git'), size: 5000, package: 'git' }],
    warnings: [],
  },
};

describe('planText', () => {
  it('names who needs a path, on a pipe in one line', () => {
    const lines = planText(PLAN)(createStyle({ colour: false, width: 80 })).split('\n');
    expect(lines.find((line) => line.includes(' /lib/m.pyc '))).toMatch(
      /^system +1\.2 kB +\/lib\/m\.pyc +\/lib\/m\.py +its compiled form, which starts faster$/,
    );
    expect(lines.find((line) => line.includes(' /bin/app  '))).toMatch(/ entrypoint +what the image starts$/);
    expect(lines.find((line) => line.includes(' /bin  '))).toMatch(/\/bin +holds \/bin\/app$/);
  });

  it.each([80, 120])('fits into a terminal of %i columns', (width) => {
    const text = planText(PLAN)(createStyle({ colour: true, width, terminal: true }));
    const lines = stripVTControlCharacters(text).split('\n');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(width);
    expect(lines).toContain('runtime  2 paths, 98.9 MB');
    expect(lines).toContain('    1.2 kB   /lib/m.pyc');
    expect(lines).toContain('             /lib/m.py: its compiled form, which starts faster');
  });
});
