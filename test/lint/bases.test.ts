import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { parseDockerfile } from '../../src/formats/dockerfile/index.ts';
import { basesOf } from '../../src/lint/bases.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { openBuilds } from '../build/dockerfile/builds.ts';

describe('base images that are in the store', () => {
  it('tell who runs, what they set, and their digest', async () => {
    const { build, store } = await openBuilds();
    const { image } = await build('FROM busybox\nUSER 1000\nENV EXTRA=1\n', { tags: ['own'] });
    const text = 'ARG B=own\nFROM $B AS a\nLABEL a=$EXTRA b=$NOT_SET\nFROM a\nFROM none\nFROM scratch\nFROM oci:x:y\n';
    const bases = await basesOf(parseDockerfile(text, { file: 'x' }), { store, ctx: createContext({}) });
    expect([...bases]).toEqual([
      [
        'own',
        { digest: image.descriptor.digest, user: '1000', variables: expect.arrayContaining(['EXTRA']) as string[] },
      ],
    ]);
    const found = (file: string, rule: string): readonly string[] =>
      lintDockerfile(file, { bases })
        .findings.filter((finding) => finding.rule === rule)
        .flatMap(({ cure, message }) => [message, cure]);
    expect(found('FROM own', 'RootUser')).toEqual([]);
    expect(found('FROM own', 'UnpinnedBase')[1]).toContain(`\`FROM own@${image.descriptor.digest}\``);
    const undefinedOnes = found(text, 'UndefinedVar').join();
    expect(undefinedOnes).toContain('NOT_SET');
    expect(undefinedOnes).not.toContain('EXTRA');
  });

  it.each([
    ['', 'no USER, and own runs as root'],
    ['0:0', 'no USER, and own runs as root'],
    ['65532', undefined],
  ])('with the user %j', (user, message) => {
    const bases = new Map([['own', { digest: 'sha256:00' as const, user, variables: [] }]]);
    const { findings } = lintDockerfile('FROM own', { bases });
    expect(findings.find(({ rule }) => rule === 'RootUser')?.message).toBe(message);
  });
});
