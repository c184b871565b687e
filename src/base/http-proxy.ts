import { BlockList, isIP } from 'node:net';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, by `http_proxy`, `https_proxy` and `no_proxy` (small letters first). `no_proxy`: `*`, or names (with all below them; with a dot in
 * front only those below), addresses and networks (`10.0.0.0/8`), each with an optional `:PORT`. This machine itself is never asked through a proxy.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = env[name] ?? env[name.toUpperCase()] ?? '';
  if (proxy === '' || isDirect(url, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined;
  return /^[a-z0-9]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function isDirect(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return true;
  const rules = noProxy.split(/[\s,]+/).filter((rule) => rule !== '');
  return rules.some((rule) => rule === '*' || covers(rule.toLowerCase(), host, port));
}

function covers(rule: string, host: string, port: string): boolean {
  if (rule.includes('/')) return inNetwork(rule, host);
  const [, name = rule, wanted] = /^(\[.*\]|[^:]*):(\d+)$/.exec(rule) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const plain = name.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
  if (plain.startsWith('.')) return host.endsWith(plain);
  return host === plain || (isIP(host) === 0 && host.endsWith(`.${plain}`));
}

function inNetwork(rule: string, host: string): boolean {
  const [address = '', bits = ''] = rule.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
}
