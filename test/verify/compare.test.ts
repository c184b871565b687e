import { describe, expect, it } from 'vitest';
import { bodyAnswer, commandAnswer } from '../../src/sandbox/probes/answer.ts';
import type { HttpAnswer, ProbeAnswer, ProbeOutcome } from '../../src/sandbox/probes/index.ts';
import { differenceOf, showAnswer, type CompareMode } from '../../src/verify/compare.ts';

const http = (body: string | Uint8Array, more: Partial<HttpAnswer> = {}): HttpAnswer => ({
  kind: 'http',
  status: 200,
  headers: {},
  body: bodyAnswer(Buffer.from(body)),
  ...more,
});
const said = (answer: ProbeAnswer | undefined, ...again: ProbeAnswer[]): ProbeOutcome => ({
  name: 'x',
  ok: true,
  ms: 1,
  ...(answer === undefined ? {} : { answer }),
  again,
});
const ENDLESS: HttpAnswer = { kind: 'http', status: 200, headers: { 'content-type': 'text/event-stream' } };
const json = (value: unknown): HttpAnswer => http(JSON.stringify(value));
const lines = (count: number, end: string): HttpAnswer => http(`${'line\n'.repeat(count)}${end}`);
const binary = (size: number, byte: number): HttpAnswer =>
  http(Buffer.concat([Buffer.alloc(1), Buffer.alloc(size, byte)]));

type Row = [
  what: string,
  original: readonly ProbeAnswer[],
  small: ProbeAnswer,
  text: string | undefined,
  doubtful?: boolean,
];

const AUTO: readonly Row[] = [
  ['the same', [http('a')], http('a'), undefined],
  ['another status', [http('a')], http('a', { status: 404 }), 'status: the original answers 200, this 404'],
  ['one of its statuses', [http('a'), http('b', { status: 429 })], http('a', { status: 429 }), undefined],
  [
    'another header',
    [http('', { headers: { location: '/a' } })],
    http('', { headers: { location: '/b' } }),
    'header location: the original answers /a, this /b',
    true,
  ],
  [
    'a header that varies',
    [http('', { headers: { location: '/a' } }), http('', { headers: { location: '/c' } })],
    http('', { headers: { location: '/b' } }),
    undefined,
  ],
  [
    'a header that is gone',
    [http('', { headers: { location: '/a' } }), http('', { headers: { location: '/c' } })],
    http(''),
    'header location: the original answers /a, this none',
  ],
  [
    'another type',
    [http('a', { headers: { 'content-type': 'text/html' } })],
    http('a'),
    'content type: the original answers text/html, this none',
  ],
  ['another text', [http('a\nb\n')], http('a\nc\n'), 'body: the original has the line "b", this does not', true],
  ['a line more', [http('a\n')], http('a\nb\n'), 'body: the original does not have the line "b"', true],
  ['another order', [http('a\nb')], http('b\na'), 'body: the original has the same lines in another order', true],
  ['text that varies', [http('a\n1'), http('a\n2')], http('a\n3'), undefined],
  [
    'what it repeats',
    [http('a\n1'), http('a\n2')],
    http('b\n3'),
    'body: the original has the line "a", this does not',
    true,
  ],
  [
    'varied text of another size',
    [lines(0, 'x'.repeat(2000)), lines(0, 'y'.repeat(2000))],
    http('z'),
    'body: the original has 2000 bytes, this 1',
    true,
  ],
  ['nothing', [http('a'), http('b')], http(''), 'body: the original has 1 bytes, this 0'],
  ['other bytes', [binary(9, 1)], binary(9, 2), 'body: the original has 10 bytes, this 10 and other content', true],
  ['bytes that vary', [binary(900, 1), binary(910, 2)], binary(905, 3), undefined],
  [
    'bytes that vary in another size',
    [binary(900, 1), binary(910, 2)],
    binary(9, 3),
    'body: the original has 901 bytes, this 10',
    true,
  ],
  ['other JSON', [json({ a: 1 })], json({ a: 2 }), '$.a: the original has 1, this has 2', true],
  ['JSON in another layout', [http('{"a": 1}')], json({ a: 1 }), undefined],
  ['JSON that varies', [json({ a: 1, t: 5 }), json({ a: 1, t: 6 })], json({ a: 1, t: 7 }), undefined],
  [
    'the values that it repeats',
    [json({ a: 1, t: 5 }), json({ a: 1, t: 6 })],
    json({ a: 2, t: 7 }),
    '$.a: the original has 1, this has 2',
    true,
  ],
  [
    'another type of value',
    [json({ t: 5 }), json({ t: 6 })],
    json({ t: 'x' }),
    '$.t: the original has a number, this has a text',
  ],
  ['null among texts', [json({ t: null }), json({ t: 'x' })], json({ t: 'y' }), undefined],
  ['a key that is gone', [json({ a: 1, b: 2 })], json({ a: 1 }), '$.b: only the original has it'],
  ['a key that comes and goes', [json({ a: 1, b: 2 }), json({ a: 1 })], json({ a: 1 }), undefined],
  ['a new key', [json({ a: 1 })], json({ a: 1, b: 2 }), '$.b: the original does not have it'],
  ['a shorter list', [json([1, 2])], json([1]), '$: the original has 2 elements, this has 1', true],
  [
    'lists that vary in length',
    [json([{ a: 1 }]), json([{ a: 1 }, { a: 2 }])],
    json([{ a: 3 }, { a: 4 }, { a: 5 }]),
    undefined,
  ],
  [
    'lists of other things',
    [json([{ a: 1 }]), json([{ a: 1 }, { a: 2 }])],
    json([1, 2, 3]),
    '$[0]: the original has an object, this has a number',
    true,
  ],
  ['a page in place of JSON', [json({ a: 1 })], http('<html>'), 'body: the original answers JSON, this "<html>"'],
  ['an endless answer', [ENDLESS], ENDLESS, undefined],
  ['the same output', [commandAnswer(3, 'v1\n', '')], commandAnswer(3, 'v1\n', 'noise'), undefined],
  ['another exit code', [commandAnswer(0, '', '')], commandAnswer(1, '', ''), 'exit code: the original has 0, this 1'],
  [
    'other output',
    [commandAnswer(0, 'v1\n', '')],
    commandAnswer(0, 'v2\n', ''),
    'output: the original has the line "v1", this does not',
    true,
  ],
  [
    'output that varies',
    [commandAnswer(0, '1\n', ''), commandAnswer(0, '2\n', '')],
    commandAnswer(0, '3\n', ''),
    undefined,
  ],
];

describe('differenceOf, auto', () => {
  it.each(AUTO)('%s', (_, [first, ...again], small, text, doubtful = false) => {
    const found = differenceOf(said(first, ...again), said(small), 'auto');
    expect(found).toEqual(text === undefined ? undefined : { text, doubtful });
  });
});

describe('differenceOf', () => {
  it.each<[CompareMode, HttpAnswer, HttpAnswer, string | undefined]>([
    ['exact', http('{"a": 1}'), http('{"a":1}'), 'body: the original has 8 bytes, this 7 and other content'],
    ['json', http('{"a": 1}'), http('{"a":1}'), undefined],
    ['json', http('{"a": 1}'), http('{"a":2}'), '$.a: the original has 1, this has 2'],
    ['json', http('text'), http('other'), 'body: the original has the line "text", this does not'],
    ['status', http('{"a": 1}'), http('text', { headers: { location: '/' } }), undefined],
    ['status', http(''), http('', { status: 500 }), 'status: the original answers 200, this 500'],
  ])('%s', (mode, original, small, text) => {
    expect(differenceOf(said(original), said(small), mode)?.text).toBe(text);
  });

  it('looks at who passes', () => {
    const failed = (answer?: ProbeAnswer): ProbeOutcome => ({ ...said(answer), ok: false, detail: 'why' });
    expect(differenceOf(said(undefined), failed(), 'auto')?.text).toBe('the original passes');
    expect(differenceOf(said(http('')), failed(http('', { status: 404 })), 'auto')?.text).toBe(
      'status: the original answers 200, this 404',
    );
    expect(differenceOf(failed(), failed(), 'auto')).toBeUndefined();
    expect(differenceOf(failed(), said(http('')), 'auto')).toBeUndefined();
    expect(differenceOf(failed(http('a', { status: 500 })), failed(), 'auto')?.text).toBe(
      'the original answers 500, 1 bytes: "a", this does not answer',
    );
  });
});

it('shows answers', () => {
  expect(showAnswer(http('x', { headers: { 'content-type': 'text/html' } }))).toBe('200 text/html, 1 bytes: "x"');
  expect(showAnswer(commandAnswer(1, '', 'oh\n'))).toBe('exit code 1: "oh\\n"');
});
