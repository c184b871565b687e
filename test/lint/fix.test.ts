import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../src/base/error.ts';
import { parseDockerfile } from '../../src/formats/dockerfile/index.ts';
import { fixDockerfile } from '../../src/lint/fix.ts';
import { FLAGS } from '../formats/dockerfile/corpus/flags.ts';
import { HEREDOCS } from '../formats/dockerfile/corpus/heredocs.ts';
import { INSTRUCTIONS } from '../formats/dockerfile/corpus/instructions.ts';
import { LAYOUT } from '../formats/dockerfile/corpus/layout.ts';
import { findingsOf, fixedBy } from './ask.ts';

const CLEAN = 'rm -rf /var/lib/apt/lists/*';

/** A rule, a text in a stage, and what it becomes; undefined: it is left alone. */
const CASES: readonly (readonly [rule: string, text: string, fixed: string | undefined])[] = [
  ['StageNameCasing', 'FROM a:1 AS Ab\nFROM ab', 'FROM a:1 AS ab\nFROM ab'],
  [
    'NoEmptyContinuation',
    'FROM a\nRUN x \\\n  \n\n  y \\\n\n# c\n  z\nRUN w',
    'FROM a\nRUN x \\\n  y \\\n# c\n  z\nRUN w',
  ],
  ['NoEmptyContinuation', 'FROM a\nCOPY <<E /x \\\n\n/y\n\na\nE\n', 'FROM a\nCOPY <<E /x \\\n/y\n\na\nE\n'],
  ['ConsistentInstructionCasing', 'FROM a\nrun x\nRUN y', 'FROM a\nRUN x\nRUN y'],
  ['JSONArgsRecommended', 'FROM a\nCMD exec node "a b" c', 'FROM a\nCMD ["node", "a b", "c"]'],
  ['JSONArgsRecommended', 'FROM a\nCMD node \\\n  a', 'FROM a\nCMD ["node", "a"]'],
  ['JSONArgsRecommended', 'FROM a\nCMD node $X', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD a && b', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD A=1 b', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD a > b', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD a *', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD a ~/b', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD cd /x', undefined],
  ['JSONArgsRecommended', 'FROM a\nENTRYPOINT ["a"]\nCMD b', undefined],
  ['JSONArgsRecommended', 'FROM a\nENTRYPOINT a\nCMD ["b"]', undefined],
  ['JSONArgsRecommended', 'FROM a\nCMD a \\\n# why\n  b', undefined],
  [
    'MaintainerDeprecated',
    'FROM a\nmaintainer "A" $b',
    'FROM a\nlabel org.opencontainers.image.authors="\\"A\\" \\$b"',
  ],
  ['MaintainerDeprecated', 'FROM a\nMAINTAINER a\\b', undefined],
  ['LegacyKeyValueFormat', 'FROM a\nENV A b', 'FROM a\nENV A=b'],
  ['LegacyKeyValueFormat', 'FROM a\nENV A   b  $c', 'FROM a\nENV A="b  $c"'],
  ['LegacyKeyValueFormat', 'FROM a\nENV A "b c"', 'FROM a\nENV A="b c"'],
  ['LegacyKeyValueFormat', 'FROM a\nENV A b \\\n  c', 'FROM a\nENV A="b \\\n  c"'],
  ['LegacyKeyValueFormat', 'FROM a\nENV A b "c" d', undefined],
  ['RedundantTargetPlatform', 'FROM --platform=$TARGETPLATFORM a:1 AS b', 'FROM a:1 AS b'],
  ['ExposeInvalidFormat', 'FROM a\nEXPOSE 1:2/udp 3', 'FROM a\nEXPOSE 2/udp 3'],
  ['AptListsKept', 'FROM a\nRUN apt-get update && x', `FROM a\nRUN apt-get update && x && ${CLEAN}`],
  [
    'AptListsKept',
    'FROM a\nRUN apt-get update \\\n  && x\nRUN y',
    `FROM a\nRUN apt-get update \\\n  && x \\\n  && ${CLEAN}\nRUN y`,
  ],
  [
    'AptListsKept',
    'FROM a\nRUN apt-get update && \\\n\tx\n',
    `FROM a\nRUN apt-get update && \\\n\tx && \\\n\t${CLEAN}\n`,
  ],
  [
    'AptListsKept',
    'FROM a\r\nRUN apt-get update \\\r\n  && x\r\n',
    `FROM a\r\nRUN apt-get update \\\r\n  && x \\\r\n  && ${CLEAN}\r\n`,
  ],
  [
    'AptListsKept',
    '# escape=`\nFROM a\nRUN apt-get update `\n  && x',
    `# escape=\`\nFROM a\nRUN apt-get update \`\n  && x \`\n  && ${CLEAN}`,
  ],
  ['AptListsKept', 'FROM a\nRUN <<E\napt-get update\nE', `FROM a\nRUN <<E\napt-get update\n${CLEAN}\nE`],
  ['AptListsKept', 'FROM a\nRUN apt-get update\nRUN apt-get install x', undefined],
  ['AptListsKept', 'FROM a AS b\nRUN apt-get update\nFROM b\nRUN apt-get install x', undefined],
  ['AptListsKept', 'FROM a\nRUN apt-get update # lists', undefined],
  ['AptListsKept', 'FROM a\nRUN apt-get update; x &', undefined],
  ['AptListsKept', 'FROM a\nRUN apt-get update; exit 0', undefined],
  ['AptListsKept', 'FROM a\nRUN ["apt-get", "update"]', undefined],
  ['AptListsKept', 'FROM a\nRUN apt-get update; cat <<E\nx\nE', undefined],
  [
    'AptRecommends',
    'FROM a\nRUN apt-get -y install \\\n # c\n x',
    'FROM a\nRUN apt-get -y install --no-install-recommends \\\n # c\n x',
  ],
  ['AptRecommends', "FROM a\nRUN sh -c 'apt-get install x'", undefined],
  [
    'PipCacheKept',
    'FROM a\nRUN pip install x && pip3 install y',
    'FROM a\nRUN pip install --no-cache-dir x && pip3 install --no-cache-dir y',
  ],
  ['NpmCacheKept', 'FROM a\nRUN npm ci', 'FROM a\nRUN npm ci && npm cache clean --force'],
  [
    'NpmCacheKept',
    'FROM a\nRUN yarn install && npm ci',
    'FROM a\nRUN yarn install && npm ci && yarn cache clean && npm cache clean --force',
  ],
  ['ApkCacheKept', 'FROM a\nRUN apk add x', 'FROM a\nRUN apk add --no-cache x'],
  ['DnfCacheKept', 'FROM a\nRUN dnf install -y x', 'FROM a\nRUN dnf install -y x && dnf clean all'],
  ['AddForLocalFiles', 'FROM a\nadd a.txt /', 'FROM a\ncopy a.txt /'],
  ['AddForLocalFiles', 'FROM a\nADD thing /', undefined],
  ['AddForLocalFiles', 'FROM a\nADD *.txt /', undefined],
  ['DeletedLater', 'FROM a\nRUN curl -o /x y\nRUN rm /x\n', 'FROM a\nRUN curl -o /x y \\\n    && rm /x\n'],
  [
    'DeletedLater',
    'FROM a\nRUN a && \\\n  curl -o /x y   \n\n# gone\n\nRUN rm /x',
    'FROM a\nRUN a && \\\n  curl -o /x y && \\\n# gone\n  rm /x',
  ],
  ['DeletedLater', 'FROM a\nRUN curl -o /x y\nRUN rm /x; z', undefined],
  ['DeletedLater', 'FROM a\nRUN curl -o /x y\nRUN z && rm /x', undefined],
  ['DeletedLater', 'FROM a\nRUN curl -o /x y\nUSER b\nRUN rm /x', undefined],
  ['DeletedLater', 'FROM a\nRUN curl -o /x y # z\nRUN rm /x', undefined],
  ['DeletedLater', 'FROM a\nRUN --mount=type=cache,target=/c curl -o /x y\nRUN rm /x', undefined],
  ['DeletedLater', 'FROM a\nRUN curl -o /x y\n# tare ignore=RootUser no\nRUN rm /x', undefined],
  ['DeletedLater', 'FROM a\nCOPY x /x\nRUN rm /x', undefined],
];

describe('--fix', () => {
  it.each(CASES)('%s in %j', (rule, text, expected) => {
    expect(fixedBy(text, rule)).toBe(expected);
    if (expected !== undefined) return;
    // What is found and left alone says why.
    const found = findingsOf(text, rule, { context: undefined });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ fix, notFixed }) => fix === undefined && notFixed !== undefined && notFixed.length > 5)).toBe(
      true,
    );
  });

  it('mends all at once, and keeps comments and layout', () => {
    const text = [
      '# syntax=docker/dockerfile:1',
      'from node:20-slim as Build',
      '',
      '# the tools',
      'RUN apt-get update \\',
      '    # a comment inside',
      '    && apt-get install -y curl',
      'ENV GREETING hello world',
      '',
      'CMD node server.js   ',
      '',
    ].join('\n');
    expect(fixDockerfile(text).text).toBe(
      [
        '# syntax=docker/dockerfile:1',
        'FROM node:20-slim AS build',
        '',
        '# the tools',
        'RUN apt-get update \\',
        '    # a comment inside',
        '    && apt-get install --no-install-recommends -y curl \\',
        `    && ${CLEAN}`,
        'ENV GREETING="hello world"',
        '',
        'CMD ["node", "server.js"]   ',
        '',
      ].join('\n'),
    );
  });
});

const CORPUS = [...INSTRUCTIONS, ...FLAGS, ...LAYOUT, ...HEREDOCS].map(([, text]) => text);
const ALL = { InvalidDefinitionDescription: 'warning' } as const;

/** The text after the fix; undefined when it cannot be read. */
function fixed(text: string): string | undefined {
  try {
    return fixDockerfile(text, { rules: ALL }).text;
  } catch (error) {
    if (isTareError(error)) return undefined;
    throw error;
  }
}

function checkFix(text: string): void {
  const once = fixed(text);
  if (once === undefined) return;
  expect(fixed(once)).toBe(once);
  const [before, after] = [text, once].map((each) => parseDockerfile(each, { file: 'f', duplicateStages: 'warn' }));
  expect(after?.stages.length).toBe(before?.stages.length);
  const comments = (file: typeof before): string[] =>
    (file?.comments ?? []).map((comment) => comment.text).filter((comment) => comment !== '');
  expect(comments(after)).toEqual(comments(before));
}

const LINES = [
  'FROM a AS B',
  'from b',
  'RUN apt-get update',
  'RUN apt-get update && \\\n\n  apt-get install gcc',
  'run apt-get update \\\n# c\n && apk add x',
  'RUN curl -o /tmp/x y',
  '\n# why\n',
  'RUN rm -rf /tmp/x /var/lib/apt/lists/*',
  'RUN pip install x; npm ci',
  'RUN <<E\napt-get update\nyarn\nE',
  'RUN cat <<E > /tmp/x\n$a\nE',
  'ENV A b c',
  'ENV B "c d" \\\n e',
  'MAINTAINER me "x"',
  'CMD a b \\\n c',
  'ENTRYPOINT exec x "y z"',
  'ADD a.txt .',
  'EXPOSE 1:2/TCP $A',
  'ARG X',
  'ONBUILD RUN apt-get update',
  'RUN x \\',
  'RUN ["apt-get", "update"]',
];

describe('of any file, the fix', () => {
  it.each(CORPUS)('is done once, and takes no comment away: %j', checkFix);

  it('is done once, whatever stands beside what', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...LINES), { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        (lines, feed) => {
          checkFix(`FROM a:1\n${lines.join('\n')}\n`.replaceAll('\n', feed));
        },
      ),
      { numRuns: 400 },
    );
  });
});
