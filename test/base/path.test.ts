import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ancestorsOf,
  bytesOfText,
  cleanPath,
  compareBytes,
  hostPath,
  isInside,
  joinPath,
  nameOf,
  parentOf,
  quotePath,
  showPath,
  textOfBytes,
} from '../../src/base/path.ts';

const byteString = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('bytes and text', () => {
  it('are the same thing both ways, whatever the bytes', () => {
    fc.assert(fc.property(byteString, (bytes) => bytesOfText(textOfBytes(bytes)) === bytes));
  });

  it('survive JSON', () => {
    fc.assert(
      fc.property(
        byteString,
        (bytes) => bytesOfText(JSON.parse(JSON.stringify(textOfBytes(bytes))) as string) === bytes,
      ),
    );
  });

  it.each([
    ['\xc3\xa9', 'é'],
    ['\xff', '\udcff'],
    ['a\xc3', 'a\udcc3'],
    ['\xef\xbb\xbfx', '\ufeffx'],
    ['\xc0\xaf', '\udcc0\udcaf'],
    ['\xed\xa0\x80', '\udced\udca0\udc80'],
    ['\xf0\x9f\x98\x80', '😀'],
  ])('%j is %j', (bytes, text) => {
    expect(textOfBytes(bytes)).toBe(text);
    expect(bytesOfText(text)).toBe(bytes);
  });
});

describe('cleanPath', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['.', '/'],
    ['./a//b/./c/', '/a/b/c'],
    ['a/../b', '/b'],
    ['/a/b/../../c', '/c'],
    ['a\nb/\xff', '/a\nb/\xff'],
    ['..a/b..', '/..a/b..'],
  ])('%j is %j', (given, expected) => {
    expect(cleanPath(given)).toBe(expected);
  });

  it.each([
    ['..', 'E_TAR_PATH'],
    ['a/../../b', 'E_TAR_PATH'],
    ['/../etc/passwd', 'E_TAR_PATH'],
    ['a\0b', 'E_PATH'],
    ['a/'.repeat(9000), 'E_PATH'],
  ])('refuses %j', (given, code) => {
    expect(() => cleanPath(given)).toThrow(expect.objectContaining({ code }));
  });

  it('gives nothing but clean paths', () => {
    fc.assert(
      fc.property(byteString, (bytes) => {
        let path;
        try {
          path = cleanPath(bytes);
        } catch {
          return true;
        }
        const clean =
          path === '/' ||
          path
            .split('/')
            .slice(1)
            .every((part) => !['', '.', '..'].includes(part));
        return path.startsWith('/') && clean && cleanPath(path) === path;
      }),
    );
  });
});

describe('parts of paths', () => {
  const path = cleanPath('/a/b/c');
  it('parent, name, ancestors, joining', () => {
    expect(parentOf(path)).toBe('/a/b');
    expect(parentOf(cleanPath('/a'))).toBe('/');
    expect(nameOf(path)).toBe('c');
    expect(ancestorsOf(path)).toEqual(['/', '/a', '/a/b']);
    expect(ancestorsOf(cleanPath('/'))).toEqual([]);
    expect(joinPath(parentOf(path), nameOf(path))).toBe(path);
    expect(joinPath(cleanPath('/'), 'a')).toBe('/a');
  });

  it('inside means below or equal, by whole components', () => {
    expect(isInside(cleanPath('/a/b'), path)).toBe(true);
    expect(isInside(path, path)).toBe(true);
    expect(isInside(cleanPath('/a/bb'), path)).toBe(false);
    expect(isInside(cleanPath('/'), path)).toBe(true);
  });

  it('order is that of the bytes', () => {
    fc.assert(
      fc.property(byteString, byteString, (a, b) => {
        const order = Math.sign(Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')));
        return compareBytes(a, b) === order;
      }),
    );
  });

  it('a host path keeps the bytes', () => {
    expect(hostPath('/', path)).toBe('/a/b/c');
    expect(hostPath('/root', cleanPath('/'))).toBe('/root');
    expect(hostPath('/ü', cleanPath('/\xff'))).toEqual(Buffer.from([...Buffer.from('/ü/'), 0xff]));
  });
});

describe('paths for people', () => {
  it('cannot forge a line or a colour', () => {
    fc.assert(
      // oxlint-disable-next-line no-control-regex
      fc.property(
        byteString,
        (bytes) => !/[\x00-\x1f\x7f]/.test(showPath(bytes)) && !/[\n\r\x1b]/.test(quotePath(bytes)),
      ),
    );
    expect(showPath('/a\nb\x1b[31m\xff\xe2\x80\xae')).toBe('/a\\x0ab\\x1b[31m\\xff\\u202e');
  });
});
