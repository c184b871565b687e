import { describe, expect, it } from 'vitest';
import { lintDockerfile } from '../../../src/lint/lint.ts';
import type { LintResult } from '../../../src/lint/lint-files.ts';
import { unifiedDiff } from '../../../src/report/lint/diff.ts';
import { lintJson } from '../../../src/report/lint/json.ts';
import { lintCheckstyle, lintGithub, lintJunit } from '../../../src/report/lint/machines.ts';
import { kebab, lintSarif } from '../../../src/report/lint/sarif.ts';
import { lintText } from '../../../src/report/lint/tty.ts';
import { createStyle } from '../../../src/report/style.ts';
import { expectShape } from '../../helpers/schema.ts';

function resultOf(text: string, file = 'a b/Dockerfile'): LintResult {
  const { findings, omitted, silenced } = lintDockerfile(text);
  const weighed = findings.map((finding, index) => (index === 0 ? { ...finding, bytes: 12_300_000 } : finding));
  return { ok: false, ruleset: '2026.1', files: [{ file, text, findings: weighed, fixed: [], omitted, silenced }] };
}

const TEXT = 'FROM a:1\nUSER 1\nENV A "<&>" % b\nRUN apt-get update\nCMD x';
const RESULT = resultOf(TEXT);
const CLEAN: LintResult = {
  ...RESULT,
  ok: true,
  files: [{ ...(RESULT.files[0] as LintResult['files'][number]), findings: [] }],
};

describe('formats for machines', () => {
  it('json has the shape of its schema', () => {
    expectShape('lint', JSON.parse(JSON.stringify(lintJson(RESULT))));
    expectShape('lint', JSON.parse(JSON.stringify(lintJson(CLEAN))));
  });

  it('SARIF has places, rules, levels and fixes', () => {
    const log = JSON.parse(lintSarif(RESULT)) as {
      version: string;
      runs: {
        tool: { driver: { name: string; rules: { id: string; helpUri?: string }[] } };
        results: {
          ruleId: string;
          ruleIndex: number;
          level: string;
          message: { text: string };
          locations: { physicalLocation: { artifactLocation: { uri: string }; region: Record<string, number> } }[];
          fixes?: { artifactChanges: { replacements: unknown[] }[] }[];
        }[];
      }[];
    };
    expect(log.version).toBe('2.1.0');
    const [run] = log.runs;
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual([
      'JSONArgsRecommended',
      'LegacyKeyValueFormat',
      'AptListsKept',
    ]);
    for (const { ruleId, ruleIndex } of run?.results ?? []) expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    const last = run?.results.at(-1);
    expect(last).toMatchObject({
      ruleId: 'JSONArgsRecommended',
      level: 'warning',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b/Dockerfile' },
            region: {
              startLine: 5,
              startColumn: 5,
              endLine: 5,
              endColumn: 6,
              charOffset: TEXT.length - 1,
              charLength: 1,
            },
          },
        },
      ],
      fixes: [
        {
          artifactChanges: [
            {
              replacements: [
                { deletedRegion: { charOffset: TEXT.length - 1, charLength: 1 }, insertedContent: { text: '["x"]' } },
              ],
            },
          ],
        },
      ],
    });
  });

  it.each([
    ['JSONArgsRecommended', 'json-args-recommended'],
    ['UndefinedArgInFrom', 'undefined-arg-in-from'],
    ['FromPlatformFlagConstDisallowed', 'from-platform-flag-const-disallowed'],
  ])('%s has the page %s', (id, page) => {
    expect(kebab(id)).toBe(page);
  });

  it('GitHub gets one line a finding, with nothing in it that ends it early', () => {
    const lines = lintGithub(resultOf(TEXT, 'a,b:c%/D')).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      '::warning file=a%2Cb%3Ac%25/D,line=3,endLine=3,col=5,endColumn=16,title=LegacyKeyValueFormat::ENV A has no equals sign (12.3 MB): write NAME=VALUE; put a value with blanks in quotes',
    );
  });

  it('checkstyle and JUnit are well-formed', () => {
    const odd = resultOf('FROM a:1\nUSER 1\nENV "<&\u0001>" b', 'a"<b>&\u0001');
    for (const text of [lintCheckstyle(odd), lintJunit(odd)]) {
      expect(text).toContain('a&quot;&lt;b&gt;&amp;\ufffd');
      expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
      // oxlint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\x00-\x08]/);
    }
    expect(lintJunit(RESULT)).toContain('tests="3" failures="3"');
    expect(lintJunit(CLEAN)).toContain('tests="1" failures="0"');
    expect(lintCheckstyle(RESULT)).toContain('<error line="5" column="5" severity="warning"');
  });
});

describe('the text', () => {
  const terminal = createStyle({ colour: false, width: 60, terminal: true });

  it('shows the line with marks, why once, and a total', () => {
    expect(lintText(RESULT)(terminal)).toMatchInlineSnapshot(`
      "a b/Dockerfile:3  warning  LegacyKeyValueFormat  12.3 MB
          3 │ ENV A "<&>" % b
            │     ^^^^^^^^^^^
              ENV A has no equals sign
              why: Without an equals sign, everything to the end
              of the line is the value: a second pair in the same
              line becomes part of the first.
              cure: write NAME=VALUE; put a value with blanks in
              quotes
              not fixed: the value has quotes or escapes that
              would mean something else

      a b/Dockerfile:4  warning  AptListsKept
          4 │ RUN apt-get update
            │     ^^^^^^^^^^^^^^
              the package lists that are loaded here stay in the
              image
              why: apt-get update loads 20 MB and more of package
              lists that only apt reads. Deleted in a later step,
              they stay in the layer of this one.
              cure: end the same RUN with
              \`rm -rf /var/lib/apt/lists/*\` (\`--fix\` does it)

      a b/Dockerfile:5  warning  JSONArgsRecommended
          5 │ CMD x
            │     ^
              CMD in shell form keeps signals from the program
              why: In shell form the program is a child of
              /bin/sh, which does not hand signals on: it is
              killed after the grace period instead of ending by
              itself. Whoever needs the shell says so with SHELL.
              cure: write the command as a JSON array of its words
              (\`--fix\` does it)

      3 warnings; \`--fix\` mends 2; 12.3 MB in the image"
    `);
  });

  it('says of a clean file so in one line', () => {
    expect(lintText(CLEAN)(terminal)).toBe('✓ a b/Dockerfile: nothing to mend');
  });

  it('never is wider than the terminal, and never commands it', () => {
    const long = `RUN ${'é😀漢'.repeat(60)}\t\x1b[31m && apt-get update \\\n ${'x'.repeat(300)}`;
    const text = lintText(resultOf(`FROM a:1\nUSER 1\n${long}\nCMD ${'y '.repeat(200)}`))(terminal);
    expect(text).not.toContain('\x1b');
    const lines = text.split('\n').filter((line) => line.includes('│'));
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  });
});

describe('the diff', () => {
  it.each([
    ['a\nb\nc\n', 'a\nx\nc\n', '@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n'],
    ['a\nb', 'a\nb\n', '@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n'],
    ['', 'a\n', '@@ -0,0 +1 @@\n+a\n'],
    ['1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\nx\n6\n7\n8\n9\n', '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n'],
  ])('of %j and %j', (before, after, expected) => {
    expect(unifiedDiff('./f', before, after)).toBe(`--- a/f\n+++ b/f\n${expected}`);
  });
});
