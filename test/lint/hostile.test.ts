import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../src/base/error.ts';
import { fixDockerfile } from '../../src/lint/fix.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';

const lines = (line: (index: number) => string, count: number): string =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');

const PIECES =
  'RUN COPY ADD ENV ARG CMD FROM apt-get update install rm -rf /x/y && ; | $( ) " \' ` \\ << E # tare ignore= $A ${A}'.split(
    ' ',
  );
const ODD = ['\n', '\r\n', '\t', ' ', '\\\n', '\ufeff', '\ud800', '\0', 'FROM a\n', '# check=', '# tare '];
const soup = fc.array(fc.constantFrom(...PIECES, ...ODD), { maxLength: 40 }).map((parts) => parts.join(' '));

describe('any text', () => {
  it('is looked at and mended, or refused; its findings stand in it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          soup,
          soup.map((text) => `FROM a\n${text}`),
        ),
        (text) => {
          try {
            for (const { fix = [], range } of lintDockerfile(text).findings) {
              expect(range.start.offset).toBeLessThanOrEqual(range.end.offset);
              expect(range.end.offset).toBeLessThanOrEqual(text.length);
              for (const { end, start } of fix) expect(0 <= start && start <= end && end <= text.length).toBe(true);
            }
            const { text: once } = fixDockerfile(text);
            expect(fixDockerfile(once).text).toBe(once);
          } catch (error) {
            if (!isTareError(error)) throw error;
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('large text', () => {
  it.each<[string, string]>([
    ['variables that double', `FROM a\nENV A=${'x'.repeat(1000)}\n${lines(() => 'ENV A=$A$A', 5000)}`],
    ['variables that nothing sets', `FROM a\n${lines((index) => `LABEL a=$V${index}`, 9000)}`],
    [
      'similar names',
      `FROM a\n${lines((index) => `ENV VARIABLE${index}=1`, 5000)}${lines((index) => `USER $VARIABL${index}`, 4000)}`,
    ],
    ['stages upon stages', `FROM a AS s0\n${lines((index) => `FROM s${index} AS s${index + 1}`, 9000)}`],
    ['steps that are joined', `FROM a\n${lines((index) => `RUN curl -o /x${index} y\nRUN rm /x${index}`, 2000)}`],
    ['caches', `FROM a\n${lines(() => 'RUN apt-get update; apk add x; pip install y; npm ci', 300)}`],
    ['deep paths', `FROM a\nCOPY x /${'a/'.repeat(30_000)}\nRUN rm -rf /${'a/'.repeat(10_000)}`],
    ['braces', `FROM a\nRUN rm -rf ${'/{a,b}'.repeat(5000)}`],
    ['nested shells', `FROM a\nRUN ${'sh -c "'.repeat(500)}${'"'.repeat(500)}`],
    ['nested substitutions', `FROM a\nRUN ${'$('.repeat(5000)}${')'.repeat(5000)}`],
    ['one line of commands', `FROM a\nRUN ${'apt-get install x; '.repeat(1000)}`],
    ['ports', `FROM a\n${lines(() => 'EXPOSE 1:2/TCP', 2000)}`],
    ['comments', `FROM a\n${lines(() => '# tare ignore=RootUser', 50_000)}`],
    ['chmods after copies', `FROM a\n${lines((index) => `COPY a /a${index}\nRUN chmod -R 1 /a${index}`, 4000)}`],
  ])('is looked at in time: %s', (_, text) => {
    for (const look of [lintDockerfile, fixDockerfile]) {
      try {
        look(text);
      } catch (error) {
        if (!isTareError(error)) throw error;
      }
    }
  });
});
