import { expect, it } from 'vitest';
import { loopbackProxy } from '../../../src/sandbox/network/proxies.ts';

const HOSTS = '127.0.0.1 localhost me # and others\n10.0.0.1\tproxy.corp proxy\n::1 six\n#127.0.0.1 not-me\n';

it.each<[readonly string[], string | undefined]>([
  [['http_proxy=http://127.0.0.1:3128'], 'http_proxy'],
  [['HTTPS_PROXY=http://user:secret@127.1.2.3:3128/'], 'HTTPS_PROXY'],
  [['http_proxy=localhost:3128'], 'http_proxy'],
  [['all_proxy=socks5h://[::1]:1080'], 'all_proxy'],
  [['http_proxy=http://ME:1'], 'http_proxy'],
  [['http_proxy=http://six'], 'http_proxy'],
  [['http_proxy=http://0.0.0.0:1'], 'http_proxy'],
  [['http_proxy=http://[::ffff:127.0.0.1]:1'], 'http_proxy'],
  [['http_proxy=http://10.0.0.1:3128', 'https_proxy=http://127.0.0.1:1'], 'https_proxy'],
  [['http_proxy=http://proxy:3128', 'https_proxy=http://elsewhere.test', 'ftp_proxy=http://not-me'], undefined],
  [['no_proxy=127.0.0.1,localhost', 'OTHER=http://127.0.0.1', 'http_proxy=', 'https_proxy=::::'], undefined],
])('%j', (env, name) => {
  expect(loopbackProxy(env, HOSTS)).toBe(name);
});
