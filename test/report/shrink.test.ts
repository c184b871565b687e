import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/base/digest.ts';
import { shrinkText } from '../../src/report/shrink.ts';
import { createStyle } from '../../src/report/style.ts';
import type { ShrinkResult, ShrunkProbe } from '../../src/shrink/types.ts';

const digest: Digest = `sha256:${'7f'.repeat(32)}`;
const probe = (name: string, came: Partial<ShrunkProbe> = {}): ShrunkProbe => ({ name, ok: true, ms: 1, ...came });

const RESULT: ShrinkResult = {
  reference: 'nginx:shrunk',
  digest,
  platform: { os: 'linux', architecture: 'amd64' },
  size: { disk: 10_200_000, wire: 4_200_000 },
  original: {
    reference: 'oci:images:nginx',
    digest,
    size: { disk: 251_300_000, wire: 108_400_000 },
    files: 11_427,
  },
  files: 78,
  dropped: { files: 11_349, disk: 241_100_000 },
  tightness: 'reachable',
  layers: [{ digest, diffId: digest, group: 'system', disk: 10_200_000, wire: 4_200_000, files: 78 }],
  verified: { ok: true, probes: [probe('http GET 8080/', { status: 200 })], startMs: 77, originalStartMs: 116 },
  profile: null,
  security: null,
  repaired: [],
  partial: [],
  unowned: [],
  overBudget: [],
  seconds: 1.27,
  warnings: [],
  outputs: [],
  attached: [],
};

function textOf(changes: Partial<ShrinkResult>, options: { width?: number; terminal?: boolean } = {}): string {
  const { terminal = true, width = 80 } = options;
  return shrinkText({ ...RESULT, ...changes })(createStyle({ colour: false, width, terminal }));
}
const verifiedBy = (probes: readonly ShrunkProbe[]): Partial<ShrinkResult> => ({
  verified: { ok: true, probes, startMs: 1 },
});

describe('the answer of tare shrink', () => {
  it('tells of the image that had the name before', () => {
    const other: Digest = `sha256:${'a1'.repeat(32)}`;
    expect(textOf({ replaced: { digest: other, names: ['nginx:1'] } }, { width: 200 })).toContain(
      '\n  replaced  nginx:shrunk was a1a1a1a1a1a1 before; it is still nginx:1\n',
    );
    expect(textOf({ replaced: { digest: other, names: [] } }, { width: 200 })).toContain(
      `it has no name now: \`tare tag ${other} NAME\` keeps it from \`tare prune\``,
    );
  });

  it('does not call the original by a name that it has no more', () => {
    const original = { ...RESULT.original, reference: 'nginx:shrunk' };
    expect(textOf({ original })).toContain(`\n  original  ${digest.slice(7, 19)}\n`);
  });

  it.each([
    ['nothing but that it stays up', probe('starts'), 'all that is known is that it stays up'],
    ['a program that fails', probe('starts', { exit: 3 }), "1 answer as the original's, which fails as well"],
    ['a program that ends well', probe('starts', { exit: 0 }), "1 answer as the original's\n"],
  ])('says what was proved by %s', (_what, item, words) => {
    expect(textOf(verifiedBy([item]), { terminal: false })).toContain(words);
  });

  it.each([
    ['a status', probe('http GET 8080/', { status: 404 }), '✓ http GET 8080/ 404'],
    ['an exit code', probe('exec migrate', { exit: 0 }), '✓ exec migrate exit 0'],
    ['a port', probe('tcp 80'), '✓ tcp 80'],
    ['what stays up', probe('starts'), '✓ the program starts and stays up'],
    ['what ends', probe('starts', { exit: 3 }), '✓ the program starts and ends with exit code 3'],
  ])('shows what came: %s', (_what, item, line) => {
    expect(
      textOf(verifiedBy([item]))
        .split('\n')
        .map((text) => text.trim()),
    ).toContain(line);
  });

  it('does not praise an image that answers nothing but errors', () => {
    const warnings = [{ code: 'only-errors', message: 'x' }];
    expect(textOf({ warnings })).toContain("verified  1 answer as the original's, and nothing but errors");
  });

  it('lists what was left out: of packages, and of no package, the largest first', () => {
    const row = { kept: { files: 1, disk: 1000 }, dropped: { files: 2, disk: 5_000_000 } };
    const text = textOf({
      partial: [{ manager: 'dpkg', name: 'libc6', version: '2', ...row }],
      unowned: [
        { path: '/usr/local/lib/tool', ...row },
        { path: '/opt/vendor', kept: { files: 0, disk: 0 }, dropped: { files: 1, disk: 12 } },
      ],
    });
    expect(text).toMatch(/libc6 dpkg +5\.0 MB +2 +1\.0 kB/);
    expect(text).toMatch(/left out, owned by no package/);
    expect(text).toMatch(/\/usr\/local\/lib\/tool +5\.0 MB +2 +1\.0 kB\n +\/opt\/vendor +12 B +1 +0 B/);
  });

  it('names no more than the largest, and says how many there are', () => {
    const unowned = Array.from({ length: 30 }, (_, at) => ({
      path: `/opt/n${at}`,
      kept: { files: 0, disk: 0 },
      dropped: { files: 1, disk: 100 - at },
    }));
    const text = textOf({ unowned });
    expect(text).toContain('/opt/n7 ');
    expect(text).not.toContain('/opt/n8 ');
    expect(text).toContain('and 22 more: --json lists them all');
  });

  it('fits into 80 columns of a terminal', () => {
    const long = '/usr/share/nginx/html/a/rather/long/path/of/which/there/are/many/in/images';
    const text = textOf({
      repaired: [
        {
          path: '/usr/share/nginx/html/index.html',
          because: 'missed by /usr/sbin/nginx during http GET 8080/index.html, and put back',
        },
      ],
      overBudget: ['disk: 10.2 MB, 200.0 kB more than the 10.0 MB that tare.yaml allows'],
      partial: [
        {
          manager: 'python',
          name: 'a'.repeat(70),
          version: '1',
          kept: { files: 1, disk: 1 },
          dropped: { files: 1, disk: 1 },
        },
      ],
      unowned: [{ path: long, kept: { files: 0, disk: 0 }, dropped: { files: 1, disk: 12 } }],
      ...verifiedBy([probe(`http GET 8080/${'x'.repeat(100)}`, { status: 200 })]),
    });
    for (const line of stripVTControlCharacters(text).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text).toContain('/usr/share/nginx/html/index.html: ');
    expect(text).toContain(digest);
  });

  it('is not folded on a pipe', () => {
    const because = 'word '.repeat(60).trim();
    expect(textOf({ repaired: [{ path: '/x', because }] }, { terminal: false })).toContain(because);
  });
});
