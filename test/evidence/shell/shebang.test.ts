import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShebang } from '../../../src/evidence/shell/shebang.ts';

const parse = (text: string) => parseShebang(Buffer.from(text, 'latin1'));

describe('parseShebang', () => {
  const long = (length: number): string => `/${'x'.repeat(length - 1)}`;
  const cases: readonly { text: string; interpreter?: string; argument?: string }[] = (
    [
      ['#!/bin/sh\n', '/bin/sh'],
      ['#!/bin/sh', '/bin/sh'],
      ['#! \t/bin/sh \t\n', '/bin/sh'],
      ['#!/bin/sh -e u \n', '/bin/sh', '-e u'],
      ['#!/bin/sh\t-e\n', '/bin/sh', '-e'],
      ['#!bin/sh\n', 'bin/sh'],
      ['#!/bin/sh\r\n', '/bin/sh\r'],
      ['#!/bin/sh\0-e\n', '/bin/sh'],
      ['#!\n/bin/sh'],
      ['#!   \n'],
      ['#!'],
      [' #!/bin/sh\n'],
      ['\x7fELF'],
      [''],
      [`#!${long(253)}\n`, long(253)],
      [`#!${long(260)}\n`],
      [`#!/bin/sh ${'x'.repeat(300)}\n`, '/bin/sh', 'x'.repeat(245)],
    ] as readonly (readonly [string, string?, string?])[]
  ).map(([text, interpreter, argument]) => ({
    text,
    ...(interpreter !== undefined && { interpreter }),
    ...(argument !== undefined && { argument }),
  }));
  it.each(cases)('$text', ({ text, ...expected }) => {
    expect(parse(text)).toEqual(expected.interpreter === undefined ? undefined : expected);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const parsed = parseShebang(Buffer.concat([Buffer.from('#!'), bytes]));
        if (parsed !== undefined) expect(parsed.interpreter).toMatch(/^[^ \t\n\0]+$/);
      }),
    );
  });
});
