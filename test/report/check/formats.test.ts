import { beforeAll, describe, expect, it } from 'vitest';
import type { CheckReport, CheckResult } from '../../../src/explain/check/types.ts';
import { CHECK_FORMATS } from '../../../src/report/check/formats.ts';
import { checkText } from '../../../src/report/check/tty.ts';
import { createStyle } from '../../../src/report/style.ts';
import { expectShape } from '../../helpers/schema.ts';
import { complaints, validators, type Validators } from './validators.ts';

/** As names in an image may be. */
const HOSTILE =
  'a<b>"&\'|`*_[x](y) ::error::\n::set-output name=x::%0A \u0007\u001b[31m\u202e\udcff @me #12 -->]]> https://evil WWW.evil';

const DISK: CheckResult = {
  rule: 'disk',
  ok: false,
  message: '61.2 MB on disk, 11.2 MB more than the 50.0 MB allowed',
  unit: 'bytes',
  actual: 61_200_000,
  limit: 50_000_000,
  package: 'npm pg-native 3.0.1',
  layer: 4,
  instruction: 'RUN npm ci',
  evidence: [
    { package: 'npm pg-native 3.0.1', bytes: 11_300_000, layer: 4, instruction: 'RUN npm ci' },
    { path: '/opt/data', bytes: 12, layer: 5 },
  ],
  source: { file: 'deploy/tare.yaml', line: 7 },
};
const FINE: CheckResult = {
  rule: 'user',
  ok: true,
  message: 'it runs as app',
  unit: 'text',
  actual: 'app',
  limit: 'non-root',
  evidence: [],
};
const GROWN: CheckResult = {
  rule: 'growth.wire',
  ok: false,
  message: 'x',
  unit: 'bytes',
  actual: 1,
  limit: 0,
  evidence: [{ layer: 1, delta: -5, note: 'n' }],
};
const SKIPPED: CheckResult = {
  rule: 'structure.licence',
  name: 'License Test',
  ok: true,
  skipped: 'why',
  message: 'skipped: why',
  evidence: [],
};
const EVIL: CheckResult = {
  rule: 'structure.file-content',
  name: HOSTILE,
  ok: false,
  message: HOSTILE,
  path: HOSTILE,
  evidence: [{ path: HOSTILE, note: HOSTILE, package: HOSTILE, instruction: HOSTILE, layer: 1, line: 2 }],
  source: { file: HOSTILE },
};

const reportOf = (results: readonly CheckResult[], reference = 'app:1.1'): CheckReport => {
  const failed = results.filter(({ ok }) => !ok).length;
  const skipped = results.filter((each) => each.skipped !== undefined).length;
  return {
    reference,
    digest: `sha256:${'0'.repeat(64)}`,
    size: { disk: 61_200_000, wire: 20_000_000 },
    ok: failed === 0,
    counts: { passed: results.length - failed - skipped, failed, skipped },
    results,
  };
};
const FAILED = reportOf([DISK, FINE, GROWN, SKIPPED]);
const PASSED = reportOf([FINE, SKIPPED]);
const NASTY = reportOf([EVIL, { ...FINE, name: HOSTILE }], HOSTILE);

const write = (format: string, report: CheckReport): string => {
  const text = CHECK_FORMATS[format]?.(report);
  if (text === undefined) throw new Error(`no format ${format}`);
  return text;
};

describe('the forms of the answer', () => {
  it('json has the shape of its schema', () => {
    for (const report of [FAILED, PASSED, NASTY]) {
      expectShape('check', JSON.parse(write('json', report)));
      expect(JSON.parse(write('json', report))).toEqual(report);
    }
  });

  it('text: a line a rule, then who is to blame', () => {
    const style = createStyle({ colour: false, width: 100 });
    expect(`\n${checkText(FAILED)(style)}`).toMatchInlineSnapshot(`
      "
      app:1.1: 2 of 3 rules failed, 1 skipped

          rule                             actual     limit
        ✗ disk                            61.2 MB   50.0 MB
        ✓ user                                app  non-root
        ✗ growth.wire                        +1 B       0 B
        – structure.licence License Test

        ✗ disk: 61.2 MB on disk, 11.2 MB more than the 50.0 MB allowed
            bytes  what                 layer  made by
          11.3 MB  npm pg-native 3.0.1      4  RUN npm ci
             12 B  /opt/data                5

        ✗ growth.wire: x
          bytes  note  layer
           -5 B  n         1"
    `);
    expect(checkText(PASSED)(style).split('\n')[0]).toBe('app:1.1: 1 rule passed, 1 skipped');
    // oxlint-disable-next-line no-control-regex -- it is control characters that must not be there
    expect(checkText(NASTY)(style)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  it.each([60, 80, 120, 200])('text: fits into a terminal of %d columns', (width) => {
    const style = createStyle({ colour: false, width, terminal: true });
    const long = 'RUN apt-get update && apt-get install -y '.repeat(9);
    const evidence = [1, 22, 333].map((layer) => ({
      path: `/usr/lib/${'folder/'.repeat(12)}file-${layer}`,
      layer,
      instruction: long,
      bytes: 10 ** layer % 10 ** 9,
      note: 'setuid, mode 4755',
    }));
    const text = checkText(reportOf([{ ...DISK, message: long, evidence }, FINE]))(style);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(width);
    expect(text).toContain('RUN apt-get');
  });

  it('github: one command a line, whatever the texts hold', () => {
    const lines = write('github', FAILED).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      '::error file=deploy/tare.yaml,line=7,title=tare check%3A disk::app:1.1: 61.2 MB on disk, 11.2 MB more than the 50.0 MB allowed' +
        '%0A11.3 MB · npm pg-native 3.0.1 · layer 4 (RUN npm ci)%0A12 B · /opt/data · layer 5',
    );
    expect(lines[2]).toMatch(/^::notice title=tare check%3A structure\.licence License Test::/);
    expect(write('github', PASSED).split('\n').at(-1)).toBe('::notice title=tare check::app:1.1: 1 rule passed');
    const nasty = write('github', NASTY).split('\n');
    expect(nasty).toHaveLength(1);
    expect(nasty[0]?.split('::').slice(1)[0]).toMatch(/^error file=[^:\n,]*,title=[^:\n,]*$/);
  });

  it('markdown: tables of text, and nothing that the texts could do', () => {
    expect(`\n${write('markdown', FAILED)}`).toMatchInlineSnapshot(`
      "
      ### ❌ tare check: app:1.1

      61.2 MB on disk, 20.0 MB on the wire. **2 of 3 rules failed**, 1 skipped.

      | | rule | actual | limit |
      |---|---|---:|---:|
      | ❌ | disk | 61.2 MB | 50.0 MB |
      | ❌ | growth.wire | +1 B | 0 B |
      | ✅ | user | app | non-root |
      | ➖ | structure.licence License Test |  |  |

      **disk**: 61.2 MB on disk, 11.2 MB more than the 50.0 MB allowed

      | bytes | what | | layer | made by |
      |---:|---|---|---:|---|
      | 11.3 MB | npm pg-native 3.0.1 |  | 4 | RUN npm ci |
      | 12 B | /opt/data |  | 5 |  |

      **growth.wire**: x

      | bytes | what | | layer | made by |
      |---:|---|---|---:|---|
      | -5 B |  | n | 1 |  |
      "
    `);
    const text = write('markdown', NASTY);
    expect(text).not.toMatch(/[\u0007\u001b\u202e]|\udcff/);
    expect(text).not.toMatch(/<b>|\[x\]|@me|[^&]#12|https:\/\/|www\./i);
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    expect(rows.map((row) => row.split('|').length - 2)).toEqual([4, 4, 4, 5, 5]);
    const many = reportOf(Array.from({ length: 5000 }, () => EVIL));
    expect(write('markdown', many).length).toBeLessThan(1024 * 1024);
  });
});

describe('the text', () => {
  it('has no line that an image could have written', () => {
    const report = reportOf([EVIL, { ...EVIL, evidence: [{ note: HOSTILE }] }], HOSTILE);
    for (const terminal of [true, false]) {
      const lines = checkText(report)(createStyle({ colour: false, width: 400, terminal })).split('\n');
      // GitHub Actions takes a line that begins so for a command, whatever blanks are before it.
      expect(lines.filter((line) => line.trim().startsWith('::'))).toEqual([]);
      // oxlint-disable-next-line no-control-regex -- it is control characters that must not be there
      expect(lines.join('')).not.toMatch(/[\x00-\x1f\u202e]/);
    }
  });
});

describe('the forms that have a schema', () => {
  let found: Validators | undefined;
  beforeAll(() => {
    found = validators();
  }, 300_000);

  it.each([
    ['sarif', 'what failed', FAILED],
    ['sarif', 'what passed', PASSED],
    ['sarif', 'hostile names', NASTY],
    ['junit', 'what failed', FAILED],
    ['junit', 'what passed', PASSED],
    ['junit', 'hostile names', NASTY],
  ] as const)('%s of %s is valid', (format, _what, report) => {
    const said = found === undefined ? '' : complaints(found, format, write(format, report));
    expect(said).toBe('');
  });

  it('the validators refuse what is not valid', ({ skip }) => {
    skip(found === undefined, 'no schemas');
    const said = (format: 'sarif' | 'junit', text: string): string =>
      found === undefined ? '' : complaints(found, format, text);
    expect(said('sarif', '{"version": "2.1.0", "runs": [{"tool": {}}]}')).not.toBe('');
    expect(said('junit', '<testsuites><testcase/></testsuites>')).not.toBe('');
  });

  it('SARIF puts results where their rules stand, else at the path, else at the image', () => {
    const log = JSON.parse(write('sarif', reportOf([DISK, GROWN, { ...EVIL, source: undefined as never }]))) as {
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: {
          ruleId: string;
          ruleIndex: number;
          locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
        }[];
      }[];
    };
    const [run] = log.runs;
    for (const { ruleId, ruleIndex } of run?.results ?? []) expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    const places = run?.results.map(({ locations }) => locations[0]?.physicalLocation);
    expect(places?.[0]).toEqual({ artifactLocation: { uri: 'deploy/tare.yaml' }, region: { startLine: 7 } });
    expect(places?.[1]).toEqual({ artifactLocation: { uri: 'app%3A1.1' }, region: { startLine: 1 } });
    expect(places?.[2]?.artifactLocation.uri).toMatch(/^[\w%.!~*'()/-]+$/);
  });

  it('JUnit counts as the report does', () => {
    const text = write('junit', FAILED);
    expect(text).toContain('tests="4" failures="2" errors="0" skipped="1"');
    expect(text.match(/<testcase /g)).toHaveLength(4);
    expect(text.match(/<failure /g)).toHaveLength(2);
  });
});
