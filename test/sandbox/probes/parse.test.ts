import { describe, expect, it } from 'vitest';
import { parseProbe, probeOfValue } from '../../../src/sandbox/probes/parse.ts';
import { isTareError } from '../../../src/base/error.ts';
import type { HttpProbe } from '../../../src/sandbox/types.ts';

const BETRAYING = ['Server', 'X-Powered-By', 'X-AspNet-Version', 'X-AspNetMvc-Version'];
const headers = (path: string, more: Partial<HttpProbe>) => ({
  name: `headers GET 8080${path}`,
  http: { port: 8080, path, status: ['2XX', '3XX', '4XX'], ...more },
});

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
    [{ headers: ':8080/x=404' }, headers('/x', { status: 404, absentHeaders: BETRAYING })],
    [{ headers: 8080 }, headers('/', { absentHeaders: BETRAYING })],
    [
      { headers: { port: 8080, absent: ['Via'], present: { ETag: true, Vary: 1 }, requestHeaders: { a: 'b' } } },
      headers('/', { absentHeaders: ['Via'], headers: { ETag: true, Vary: '1' }, requestHeaders: { a: 'b' } }),
    ],
    [
      { name: 'quiet', headers: { port: 8080, path: '/x', method: 'post', present: { server: 'web' } } },
      {
        ...headers('/x', { method: 'POST', absentHeaders: BETRAYING.slice(1), headers: { server: 'web' } }),
        name: 'quiet',
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
    [{}, 'exactly one of http, headers, tcp, command, log'],
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
    [{ headers: { path: '/' } }, 'headers: the port is missing'],
    [{ headers: { port: 80, absence: [] } }, 'headers: unknown key "absence" (did you mean "absent"?)'],
    [{ headers: { port: 80, absent: 'Server' } }, 'absent must be a list of header names'],
    [{ headers: { port: 80, absent: ['a b'] } }, 'absent: "a b" is not a header name'],
    [{ headers: { port: 80, present: ['a'] } }, 'present must be a map'],
    [{ headers: { port: 80, present: { 'a:': 'b' } } }, 'present: "a:" is not a header name'],
    [{ headers: { port: 80, present: { a: {} } } }, 'present.a must be a text'],
    [{ headers: { port: 80, absent: ['SERVER'], present: { server: true } } }, 'SERVER is to be absent and present'],
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
    ['headers:8080', headers('/', { absentHeaders: BETRAYING })],
    ['headers:8080/x=401', headers('/x', { status: 401, absentHeaders: BETRAYING })],
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
