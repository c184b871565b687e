import { describe, expect, it } from 'vitest';
import { canonical } from '../../../src/solve/digest.ts';
import { operationChanges } from '../../../src/solve/explain/operation.ts';

const RUN = {
  op: 'exec',
  argv: ['/bin/sh', '-c', 'make'],
  env: ['PATH=/bin', 'A=1', 'B=2'],
  cwd: '/',
  user: '',
  mounts: [],
  network: 'default',
  insecure: false,
  hosts: [],
  root: null,
};
const LONG = 'x'.repeat(200);

describe('operationChanges', () => {
  it.each<readonly [name: string, change: object, words: readonly string[]]>([
    ['a command', { argv: ['/bin/sh', '-c', 'make -j'] }, ['the operation changed: `make` → `make -j`']],
    ['the shell', { argv: ['/bin/bash', '-ec', 'make'] }, ['the operation changed: `make` → `/bin/bash -ec make`']],
    ['an argument', { env: ['PATH=/bin', 'A=3', 'B=2'] }, ['build argument A changed from `1` to `3`']],
    ['a variable', { env: ['PATH=/usr/bin', 'A=1', 'B=2'] }, ['variable PATH changed from `/bin` to `/usr/bin`']],
    ['a new one', { env: ['PATH=/bin', 'A=1', 'B=2', 'C=3'] }, ['variable C is new: `3`']],
    ['one less', { env: ['PATH=/bin', 'A=1'] }, ['variable B is gone; it was `2`']],
    ['their order', { env: ['PATH=/bin', 'B=2', 'A=1'] }, ['the order of its variables changed']],
    ['the user', { user: 'app' }, ['the user changed: `none` → `app`']],
    ['the network', { network: 'none' }, ['the network changed: `default` → `none`']],
    [
      'two things',
      { cwd: '/w', env: ['PATH=/bin', 'A=1', 'B=3'] },
      ['variable B changed from `2` to `3`', 'the working directory changed: `/` → `/w`'],
    ],
    [
      'logins of URLs stay out',
      { argv: ['/bin/sh', '-c', 'get https://me:hush@example.org/'] },
      ['the operation changed: `make` → `get https://example.org/`'],
    ],
    [
      'logins with an @ in them as well',
      { argv: ['/bin/sh', '-c', 'get https://me:hu@sh@example.org/'] },
      ['the operation changed: `make` → `get https://example.org/`'],
    ],
    [
      'passwords of commands stay out',
      { argv: ['/bin/sh', '-c', 'get --password=hush'] },
      ['the operation changed: `make` → `get --password=***`'],
    ],
    [
      'so do values of secret names',
      { env: ['PATH=/bin', 'A=1', 'B=2', 'NPM_TOKEN=/hu sh'] },
      ['variable NPM_TOKEN is new: `***`'],
    ],
    [
      'what would move the cursor stays out',
      { argv: ['/bin/sh', '-c', 'echo \u001b[2J'] },
      ['the operation changed: `make` → `echo \ufffd[2J`'],
    ],
  ])('%s', (_name, change, words) => {
    const [before, after] = [canonical(RUN), canonical({ ...RUN, ...change })];
    expect(operationChanges({ before, after, texts: ['', ''], args: new Set(['A']) })).toEqual(words);
  });

  it('says that a secret changed, and not into what', () => {
    const [before = '', after = ''] = ['one', 'two'].map((value) => canonical({ ...RUN, env: [`A_TOKEN=${value}`] }));
    expect(operationChanges({ before, after, texts: ['', ''], args: new Set(['A_TOKEN']) })).toEqual([
      'build argument A_TOKEN changed; what it holds is not shown',
    ]);
  });

  it('shows long texts where they differ', () => {
    const [before, after] = ['one', 'two'].map((end) =>
      canonical({ ...RUN, argv: ['/bin/sh', '-c', `${LONG} ${end}`] }),
    );
    const [words] = operationChanges({ before: before ?? '', after: after ?? '', texts: ['', ''], args: new Set() });
    expect(words).toBe(`the operation changed: \`…${'x'.repeat(23)} one\` → \`…${'x'.repeat(23)} two\``);
  });

  it('never says nothing', () => {
    expect(operationChanges({ before: 'x', after: '{', texts: ['', ''], args: new Set() })).toHaveLength(1);
  });
});
