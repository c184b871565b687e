import type { ByteString } from '../../base/path.ts';

const REDUNDANT = /\/(?:\/|\.(?:\/|$))|.\/$/;

/**
 * Takes '//', '/.' and a trailing '/' out of an absolute path. '..' stays: what it leads to depends on links.
 * The result starts with '/' and has no empty and no '.' component.
 */
export function withoutDots(path: ByteString): ByteString {
  if (!REDUNDANT.test(path)) return path;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}
