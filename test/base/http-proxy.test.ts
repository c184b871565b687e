import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/base/http-proxy.ts';

describe('proxyFor', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['http://a.example/', {}, undefined],
    ['http://a.example/', { http_proxy: 'http://p:1' }, 'http://p:1'],
    ['http://a.example/', { HTTP_PROXY: 'http://p:1' }, 'http://p:1'],
    ['http://a.example/', { http_proxy: '', HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://a.example/', { http_proxy: 'p:1' }, 'http://p:1'],
    ['https://a.example/', { http_proxy: 'http://p:1' }, undefined],
    ['https://a.example/', { https_proxy: 'http://p:1' }, 'http://p:1'],
  ])('%s with %o: %s', (url, env, expected) => {
    expect(proxyFor(new URL(url), env)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['http://localhost/', '', true],
    ['http://127.8.8.8/', '', true],
    ['http://[::1]/', '', true],
    ['http://a.example/', '*', true],
    ['http://a.example/', 'b.example', false],
    ['http://a.example/', 'b.example, a.example', true],
    ['http://x.a.example/', 'a.example', true],
    ['http://xa.example/', 'a.example', false],
    ['http://a.example/', '.a.example', false],
    ['http://x.a.example/', '.a.example', true],
    ['http://x.a.example/', '*.a.example', true],
    ['http://A.example/', 'a.EXAMPLE', true],
    ['http://a.example:81/', 'a.example:80', false],
    ['http://a.example/', 'a.example:80', true],
    ['https://a.example/', 'a.example:443', true],
    ['http://10.1.2.3/', '10.0.0.0/8', true],
    ['http://11.1.2.3/', '10.0.0.0/8', false],
    ['http://a.example/', '10.0.0.0/8', false],
    ['http://10.1.2.3/', '10.0.0.0/99', false],
    ['http://10.1.2.3/', '1.2.3', false],
    ['http://[fd00::1]/', 'fd00::/8', true],
    ['http://[fd00::1]:8080/', '[fd00::1]:8080', true],
  ])('%s, no_proxy=%s: direct is %s', (url, noProxy, isDirect) => {
    const env = { http_proxy: 'http://p:1', https_proxy: 'http://p:1', no_proxy: noProxy };
    expect(proxyFor(new URL(url), env) === undefined).toBe(isDirect);
  });
});
