import { expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { retentionText } from '../../src/report/retention.ts';
import { createStyle } from '../../src/report/style.ts';
import type { RetainedRow } from '../../src/ship/retention/prune.ts';

const DIGEST = sha256(Buffer.from('x'));
const row = (tag: string, keep: boolean): RetainedRow => ({
  tag,
  keep,
  digest: DIGEST,
  time: null,
  because: keep ? 'one of the newest' : 'no rule keeps it',
  bytes: 1_000_000,
});

it('lists tags that people gave, and counts those of digests', () => {
  const hex = 'a'.repeat(64);
  const tags = [row('1', false), row('2', true), row(`sha256-${hex}`, true), row(`sha256-${hex}.sig`, false)];
  const text = retentionText({
    dryRun: true,
    place: 'docker://h/a',
    repositories: [{ repository: 'h/\u001b[2Ja', tags, manifests: 2 }],
    stored: 4_000_000,
    frees: 2_000_000,
    month: null,
    unreferenced: null,
    collected: null,
    notes: [],
  })(createStyle({ colour: false, width: 100, terminal: false }));
  expect(text).toContain(':1 ');
  expect(text).not.toContain(hex);
  expect(text).toContain('by tags of digests: 1 kept, 1 deleted');
  expect(text).toContain('would delete 2 tags and 2 manifests');
  expect(text).not.toContain('\u001b');
});
