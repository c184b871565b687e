import { describe, expect, it } from 'vitest';
import { parseProbe, probeOfValue } from '../../../src/sandbox/probes/parse.ts';
import { isTareError } from '../../../src/base/error.ts';

describe('probeOfValue', () => {
  it.each([
    [{ http: { port: 8080 } }, { http: { port: 8080, path: '/' } }],
    [{ http: ':8080/status' }, { http: { port: 8080, path: '/status' } }],
    [{ http: '8080/status' }, { http: { port: 8080, path: '/status' } }],
    [{ http: 8080 }, { http: { port: 8080, path: '/' } }],
    [
      {
        name: 'all of it',
        http: {
          port: '8080',
          path: '/a?b=c',
          method: 'post',
          status: 201,
          headers: { 'X-A': 1 },
          body: 'x',
          json: { a: [1, null] },
          requestHeaders: { accept: '*/*' },
          requestBody: '{}',
        },
      },
      {
        name: 'all of it',
        http: {
          port: 8080,
          path: '/a?b=c',
          method: 'POST',
          status: 201,
          headers: { 'X-A': '1' },
          body: 'x',
          json: { a: [1, null] },
          requestHeaders: { accept: '*/*' },
          requestBody: '{}',
        },
      },
    ],
    [{ tcp: 5432 }, { tcp: { port: 5432 } }],
    [{ tcp: { port: 5432 } }, { tcp: { port: 5432 } }],
    [
      { command: ['node', '--version'], exit: 0, output: 'v20' },
      { command: { argv: ['node', '--version'], exit: 0, output: 'v20' } },
    ],
    [{ command: { argv: ['sleep', 1], exit: 3 } }, { command: { argv: ['sleep', '1'], exit: 3 } }],
    [{ command: 'node -p "1 + 1"' }, { command: { argv: ['node', '-p', '1 + 1'] } }],
    [{ log: 'ready' }, { log: { match: 'ready' } }],
    [{ log: '/listening on \\d+/i' }, { log: { match: '/listening on \\d+/i' } }],
    [{ log: { match: 'ready' } }, { log: { match: 'ready' } }],
  ])('reads %j', (value, probe) => {
    expect(probeOfValue(value, 'tare.yaml: probes[0]')).toEqual(probe);
  });

  it.each([
    [null, 'a probe must be a map'],
    [[], 'a probe must be a map'],
    [{}, 'exactly one of http, tcp, command, log'],
    [{ tcp: 1, log: 'x' }, 'exactly one of'],
    [{ htp: 8080 }, 'did you mean "http"?'],
    [{ http: { port: 80, paht: '/' } }, 'http: unknown key "paht" (did you mean "path"?)'],
    [{ tcp: 80, output: 'x' }, 'unknown key "output"'],
    [{ http: { path: '/' } }, 'http: the port is missing'],
    [{ http: { port: 0 } }, '0 is not a port'],
    [{ http: { port: 70000 } }, '70000 is not a port'],
    [{ http: { port: 80, path: 'status' } }, 'does not start with a slash'],
    [{ http: { port: 80, path: '/a b' } }, 'percent-encoded'],
    [{ http: { port: 80, path: '/\r\nX: y' } }, 'percent-encoded'],
    [{ http: { port: 80, status: 99 } }, 'not a number from 100 to 599'],
    [{ http: { port: 80, status: '200' } }, 'not a number from 100 to 599'],
    [{ http: { port: 80, method: 'GET /' } }, 'not an HTTP method'],
    [{ http: { port: 80, headers: { 'a b': 'c' } } }, 'not a header name'],
    [{ http: { port: 80, requestHeaders: { a: 'x\ny' } } }, 'characters that a header cannot carry'],
    [{ tcp: 'x' }, '"x" is not a port'],
    [{ tcp: { prot: 1 } }, 'did you mean "port"?'],
    [{ command: [] }, 'must be a list of words'],
    [{ command: 'a "b' }, 'must be a list of words'],
    [{ command: [{}] }, 'argv must be a text'],
    [{ command: ['x'], exit: 256 }, 'not a number from 0 to 255'],
    [{ command: { argv: ['x'] }, exit: 1 }, 'unknown key "exit"'],
    [{ log: '' }, 'is empty'],
    [{ log: '/(/' }, 'Invalid regular expression'],
    [{ log: ['x'] }, 'must be a map'],
  ])('refuses %j', (value, why) => {
    const refusal = caught(() => probeOfValue(value, 'tare.yaml: probes[3]'));
    expect(isTareError(refusal, 'E_CONFIG')).toBe(true);
    expect(String(refusal)).toContain('tare.yaml: probes[3]');
    expect(String(refusal)).toContain(why);
  });
});

describe('parseProbe', () => {
  it.each([
    ['http:8080/status', { http: { port: 8080, path: '/status' } }],
    ['http:8080', { http: { port: 8080, path: '/' } }],
    ['http:8080/status=204', { http: { port: 8080, path: '/status', status: 204 } }],
    ['http:8080=404', { http: { port: 8080, path: '/', status: 404 } }],
    ['http:8080/x?a=1', { http: { port: 8080, path: '/x?a=1' } }],
    ['http:8080/x?a=123=200', { http: { port: 8080, path: '/x?a=123', status: 200 } }],
    ['tcp:5432', { tcp: { port: 5432 } }],
    ["command:node -e 'process.exit(0)'", { command: { argv: ['node', '-e', 'process.exit(0)'] } }],
    ['log:listening on: 80', { log: { match: 'listening on: 80' } }],
  ])('reads %j', (text, probe) => {
    expect(parseProbe(text)).toEqual(probe);
  });

  it.each([
    '',
    'http',
    'http:',
    'http:x/y',
    'htpp:80',
    'tcp:',
    'tcp:65536',
    'command:',
    'command:"a',
    'log:',
    'log:/[/',
    'http:80/a b',
  ])('refuses %j', (text) => {
    const refusal = caught(() => parseProbe(text));
    expect(isTareError(refusal, 'E_USAGE')).toBe(true);
    expect(String(refusal)).toContain(JSON.stringify(text));
  });
});

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
