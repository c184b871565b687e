import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNginxConf } from '../../../src/formats/nginxconf/index.ts';

const rows = (text: string): string[] =>
  parseNginxConf(text).directives.map(({ args, blocks, line, name }) =>
    `${line} ${[...blocks, name].join('>')} ${args.join('|')}`.trimEnd(),
  );

describe('an nginx configuration', () => {
  it.each<readonly [string, readonly string[]]>([
    ['', []],
    ['daemon off;', ['1 daemon off']],
    ['# x\n\nuser  www  # y\n  www2;', ['3 user www|www2']],
    [
      'http { server {\nroot /srv; } gzip on; }',
      ['1 http', '1 http>server', '2 http>server>root /srv', '2 http>gzip on'],
    ],
    [`return 200 '{"a":"b;"}';`, ['1 return 200|{"a":"b;"}']],
    [String.raw`add_header X "a \"b\" \\ \d";`, [String.raw`1 add_header X|a "b" \ \d`]],
    ['set $a "x\ny";\nroot /z;', ['1 set $a|x\ny', '3 root /z']],
    ['root /srv/${host}/www;', ['1 root /srv/${host}/www']],
    ['location ~ "^/a{2}" { }', ['1 location ~|^/a{2}']],
    ['map $a $b { default 0; ~x 1; }', ['1 map $a|$b', '1 map>default 0', '1 map>~x 1']],
    ['content_by_lua_block {\n if x then ngx.say("{}") end\n}\nroot /a;', ['1 content_by_lua_block', '4 root /a']],
  ])('%j', (text, expected) => {
    expect(rows(text)).toEqual(expected);
  });

  it.each([
    ['root /a', 'the last directive is not ended', 1],
    ['\nhttp {', 'a block is not closed', 2],
    ['}', 'a block ends that did not begin', 1],
    [';', 'there is nothing in front of ;', 1],
    ['a "b', 'a quote is not closed', 1],
    ['a ${b', 'a variable is not closed', 1],
    ['http { root }', 'a directive is not ended', 1],
    ['a {'.repeat(1000), 'its blocks are too deep', 1],
    ['a '.repeat(10_000), 'a directive has too many words', 1],
  ])('%j has a problem', (text, message, line) => {
    expect(parseNginxConf(text).problem).toEqual({ message, line });
  });

  it('is read whatever it holds', () => {
    const piece = fc.constantFrom('a', ' ', ';', '{', '}', '"', "'", '\\', '\n', '#', '$', '${', '_by_lua_block');
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => void parseNginxConf(text),
      ),
    );
  });
});
