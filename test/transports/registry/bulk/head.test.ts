import { describe, expect, it } from 'vitest';
import { parseHead } from '../../../../src/transports/registry/bulk/head.ts';

const head = (...lines: string[]): string => lines.join('\r\n');

describe('the head of an answer', () => {
  it('is read: names in small letters, values without the blanks around them, in their order', () => {
    const read = parseHead(head('HTTP/1.1 200 OK', 'Content-Length: 12', 'X-A:  one two\t', 'x-a:three', 'X-Empty:'));
    expect(read).toEqual({
      status: 200,
      length: 12,
      headers: new Map([
        ['content-length', ['12']],
        ['x-a', ['one two', 'three']],
        ['x-empty', ['']],
      ]),
    });
  });

  it.each([
    ['without a reason', 'HTTP/1.1 206', 206],
    ['with an empty reason', 'HTTP/1.1 404 ', 404],
    ['with a long reason', 'HTTP/1.1 429 Too Many Requests', 429],
  ])('is read %s', (_, line, status) => {
    expect(parseHead(head(line, 'content-length: 0'))?.status).toBe(status);
  });

  it.each([
    ['an older protocol', ['HTTP/1.0 200 OK', 'content-length: 1']],
    ['a newer protocol', ['HTTP/2 200', 'content-length: 1']],
    ['an answer before the answer', ['HTTP/1.1 103 Early Hints', 'content-length: 1']],
    ['a status of no body', ['HTTP/1.1 204 No Content', 'content-length: 1']],
    ['nothing changed', ['HTTP/1.1 304 Not Modified', 'content-length: 1']],
    ['no length', ['HTTP/1.1 200 OK']],
    ['chunks', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked']],
    ['chunks and a length', ['HTTP/1.1 200 OK', 'content-length: 1', 'Transfer-Encoding: chunked']],
    ['two lengths', ['HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 1']],
    ['a list of lengths', ['HTTP/1.1 200 OK', 'content-length: 1, 1']],
    ['a length that is none', ['HTTP/1.1 200 OK', 'content-length: -1']],
    ['a length with a sign', ['HTTP/1.1 200 OK', 'content-length: +1']],
    ['a length beyond what a number holds', ['HTTP/1.1 200 OK', `content-length: ${'9'.repeat(16)}`]],
    ['a folded line', ['HTTP/1.1 200 OK', 'content-length: 1', ' and more']],
    ['a blank before the colon', ['HTTP/1.1 200 OK', 'content-length : 1']],
    ['a line without a colon', ['HTTP/1.1 200 OK', 'content-length: 1', 'nonsense']],
    ['an end of line of its own', ['HTTP/1.1 200 OK', 'content-length: 1\nx: y']],
    ['a null in a value', ['HTTP/1.1 200 OK', 'content-length: 1', 'x: a\0b']],
    ['nothing at all', ['']],
    ['something else', ['SSH-2.0-OpenSSH_9.2']],
  ])('is left to others: %s', (_, lines) => {
    expect(parseHead(head(...lines))).toBeUndefined();
  });
});
