import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bodyAnswer } from '../../src/sandbox/probes/answer.ts';
import type { BodyAnswer } from '../../src/sandbox/probes/index.ts';
import { bodyDifference } from '../../src/verify/compare-body.ts';
import type { CompareMode } from '../../src/verify/compare.ts';

const body = (content: string | Uint8Array): BodyAnswer => bodyAnswer(Buffer.from(content));
const differ = (
  references: readonly (string | Uint8Array)[],
  here: string | Uint8Array,
  mode: CompareMode = 'auto',
): { readonly text: string; readonly doubtful: boolean } | undefined =>
  bodyDifference({ what: 'body', references: references.map(body), here: body(here), mode });

/** Bytes that look random and are the same each time. */
function noise(length: number, seed: string): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += 32) parts.push(createHash('sha256').update(`${seed} ${at}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}
const page = (id: string): string => `<h1>Hi</h1><p>id=${id}</p>`;
const lost = (what: string): object => ({
  text: `body: the original has ${JSON.stringify(what)} each time, this does not`,
  doubtful: true,
});

describe('one long line that varies', () => {
  it.each<[what: string, references: readonly string[], here: string, found: object | undefined]>([
    ['a hole', [page('abc123'), page('def456')], page('zzz'), undefined],
    ['another heading', [page('abc123'), page('def456')], '<h1>Error</h1><p>id=zzz</p>', lost('Hi')],
    ['other marks', [page('abc123'), page('def456')], '<h1>Hi</h1><b>id=zzz</b>', lost('p')],
    ['a word between two holes', ['1201 OK x1', '1202 OK x2'], '1203 FAIL x3', lost('OK')],
    ['the time', ['at 12:00:01.5 up', 'at 12:00:02 up'], 'at 13:07:59.25 up', undefined],
    ['a hole of several words', ['a=1 b2+c/d= end', 'a=1 e3f= end'], 'a=1 g+h+i+j= end', undefined],
    ['what stands before it', ['a=1 b2+c/d= end', 'a=1 e3f= end'], 'a=2 g+h+i+j= end', lost('a=1')],
    ['what stands after it', ['a b2+c/d= end', 'a e3f= end'], 'a g+h+i+j= stop', lost('end')],
    ['as many as it likes', ['<i>a</i><i>b</i><i>c</i>', '<i>d</i>'.repeat(9)], '<i>f</i><i>g</i>', undefined],
    ['none where there are some', ['<i>a</i><b>1</b>', '<i>c</i><i>d</i><b>2</b>'], '<b>3</b>', lost('<i')],
    ['fewer of what is always as many', ['x y x y 1', 'x y x y 2 3'], 'x y 4', lost('x y')],
    ['other letters', ['größe 1 süß', 'größe 2 süß'], 'größe 3 sauer', lost('süß')],
    ['nothing in common', ['abc', 'def'], 'ghi', undefined],
  ])('%s', (_, references, here, found) => {
    const difference = differ(references, here);
    if (found === undefined) expect(difference).toBeUndefined();
    else expect(difference).toEqual(found);
  });

  it('of a page in one line, after lines that are alike', () => {
    const whole = (id: string, title: string): string => `<!doctype html>\n<h1>${title}</h1><i nonce="${id}"></i>\n`;
    const references = [whole('q1', 'Shop'), whole('q2', 'Shop'), whole('q3', 'Shop')];
    expect(differ(references, whole('q4', 'Shop'))).toBeUndefined();
    expect(differ(references, whole('q4', 'Oops'))).toEqual(lost('Shop'));
  });

  it('is done in time with the size, whatever it is made of', () => {
    const size = 500_000;
    for (const piece of ['a ', ' ', '1.', '<', 'x', '\n', 'é,']) {
      const text = piece.repeat(size / piece.length);
      expect(differ([`${text}1`, `${text}2 3`], `${text}4`)).toBeUndefined();
      expect(differ([`${text}1`, `${text}2 3`], 'nothing of it')).toMatchObject({ doubtful: true });
    }
  });
});

describe('what is not kept as text', () => {
  const large = (id: string, middle = 'the middle'): string => {
    const half = noise(2_000_000, 'words').toString('base64').replaceAll(/.{76}/g, '$&\n');
    return `${half}<p>${id}</p>\n${middle.repeat(2000)}${half}`;
  };
  const picture = (stamp: string, seed = 'pixels'): Buffer =>
    Buffer.concat([Buffer.from('\0PIC'), noise(300, 'head'), Buffer.from(stamp), noise(9000, seed)]);

  it.each<[what: string, references: readonly (string | Uint8Array)[], here: string | Uint8Array, alike: boolean]>([
    ['a long page with a hole', [large('a1'), large('b2')], large('c3'), true],
    ['a long page with other text', [large('a1'), large('b2')], 'x'.repeat(large('').length), false],
    ['half of a long page', [large('a1'), large('b2')], large('c3').slice(0, 1_500_000), false],
    ['bytes with a hole', [picture('10:01'), picture('10:02')], picture('10:07'), true],
    ['other bytes after the hole', [picture('10:01'), picture('10:02')], picture('10:07', 'black'), false],
    ['bytes that are never the same', [noise(9000, 'a'), noise(9000, 'b')], noise(9001, 'c'), true],
    ['long and never the same', [noise(3e6, 'a'), noise(3e6, 'b')], noise(3e6, 'c'), true],
    ['text in place of bytes', [picture('10:01'), picture('10:02')], 'an error page, '.repeat(600), false],
  ])('%s', (_, references, here, alike) => {
    const found = differ(references, here);
    expect(found === undefined ? 'alike' : found).toEqual(
      alike ? 'alike' : { text: expect.stringMatching(/^body: \d+ of \d+ pieces .* are not in this$/), doubtful: true },
    );
  });

  it('is compared with what is kept as text', () => {
    const text = (end: string): string => `${'0123456789 abcdefghij '.repeat(45_000)}${end}`;
    const [short, long, other] = [text('x'), text('y'.repeat(200_000)), text('z'.repeat(200_000))].map(body);
    expect([short?.text, long?.text].map((kept) => kept !== undefined)).toEqual([true, false]);
    const compare = (here: BodyAnswer): unknown =>
      bodyDifference({ what: 'body', references: [short, long] as BodyAnswer[], here, mode: 'auto' });
    expect(compare(other as BodyAnswer)).toBeUndefined();
    expect(compare(body('?'.repeat(900_000)))).toMatchObject({ doubtful: true });
  });

  it('may still be JSON', () => {
    const list = (count: number, first: number): string => JSON.stringify([first, ...Array(count).fill('word')]);
    expect(differ([list(100_000, 1), list(100_000, 2)], list(100_000, 3))).toBeUndefined();
    // Too long to be read: not to be told from text.
    expect(differ([list(140_000, 1), list(140_000, 2)], list(150_000, 3))?.doubtful).not.toBe(false);
    expect(differ(['[1]', '[2]'], Buffer.from([0, 1]))).toMatchObject({ doubtful: false });
  });
});

describe('json', () => {
  it.each<[references: readonly string[], here: string, text: string | undefined]>([
    [['{"a": 1}'], '{"a":1}', undefined],
    [['{"a": 1}'], '{"a":2}', '$.a: the original has 1, this has 2'],
    [['{"a": 1}'], '<html>', 'body: the original answers JSON, this "<html>"'],
    [['a\nb'], 'a\nc', 'body: the original has the line "b", this does not'],
    [[page('1'), page('2')], page('3'), undefined],
    [[page('1'), page('2')], '', 'body: the original has 22 bytes, this 0'],
  ])('%j, %j', (references, here, text) => {
    expect(differ(references, here, 'json')?.text).toBe(text);
  });
});

describe('bodies that are empty', () => {
  const gone = { text: 'body: the original has 1 bytes, this 0', doubtful: false };
  const added = { text: 'body: the original has 0 bytes, this 1', doubtful: false };
  it.each<[references: readonly string[], here: string, found: object | undefined]>([
    [[''], '', undefined],
    [[''], 'a', added],
    [['', ''], 'a', added],
    [['a'], '', gone],
    [['a', 'a'], '', gone],
    [['a', 'b'], '', gone],
    [['', 'a'], '', undefined],
    [['a', ''], '', undefined],
    [['', 'a'], 'a', undefined],
    [['', 'a'], 'b', undefined],
    [['a', ''], 'b', undefined],
    [['', 'a 1', 'a 2'], 'a 3', undefined],
    [['', 'a 1', 'a 2'], 'b 3', lost('a')],
    [['', '{"a":1,"b":1}', '{"a":1,"b":2}'], '{"a":1,"b":3}', undefined],
    [['', '{"a":1,"b":1}', '{"a":1,"b":2}'], '{"b":3}', { text: '$.a: only the original has it', doubtful: false }],
  ])('%j, %j', (references, here, found) => {
    const difference = differ(references, here);
    if (found === undefined) expect(difference).toBeUndefined();
    else expect(difference).toEqual(found);
  });

  it('are other content when every byte counts', () => {
    expect(differ(['', 'a'], 'b', 'exact')).toMatchObject({ doubtful: false });
    expect(differ(['', 'a'], '', 'exact')).toBeUndefined();
  });
});
