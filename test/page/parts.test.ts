import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize } from '../../src/base/format-size.ts';
import { matcherOf } from '../../src/page/glob.ts';
import { parseRoute, routeTo } from '../../src/page/route.ts';
import { change, shown, size } from '../../src/page/text.ts';
import { between, onto, WHOLE, within, zoomed } from '../../src/page/treemap/camera.ts';
import { squarify } from '../../src/page/treemap/squarify.ts';
import { formatChange } from '../../src/report/format.ts';

describe('squarify', () => {
  it('gives each weight its share of the area, inside, beside each other', () => {
    const weights = fc
      .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 60 })
      .map((list) => list.sort((a, b) => b - a));
    const side = fc.integer({ min: 10, max: 2000 });
    fc.assert(
      fc.property(weights, side, side, (list, width, height) => {
        const rects = squarify(list, { x: 3, y: 5, width, height });
        const all = list.reduce((sum, weight) => sum + weight, 0);
        for (const [at, rect] of rects.entries()) {
          const area = ((list[at] as number) / all) * width * height;
          expect(Math.abs(rect.width * rect.height - area)).toBeLessThan(area * 1e-6 + 1e-6);
          expect(rect.x).toBeGreaterThanOrEqual(3 - 1e-6);
          expect(rect.y).toBeGreaterThanOrEqual(5 - 1e-6);
          expect(rect.x + rect.width).toBeLessThanOrEqual(3 + width + 1e-6);
          expect(rect.y + rect.height).toBeLessThanOrEqual(5 + height + 1e-6);
          for (const other of rects.slice(at + 1)) {
            const wide = Math.min(rect.x + rect.width, other.x + other.width) - Math.max(rect.x, other.x);
            const high = Math.min(rect.y + rect.height, other.y + other.height) - Math.max(rect.y, other.y);
            expect(Math.min(wide, high)).toBeLessThan(1e-6);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('makes squares of what can be squares', () => {
    const [first] = squarify([1, 1, 1, 1], { x: 0, y: 0, width: 100, height: 100 });
    expect(first).toEqual({ x: 0, y: 0, width: 50, height: 50 });
  });
});

describe('the camera', () => {
  it('keeps what is under the pointer, and never leaves the treemap', () => {
    const zoom = zoomed(WHOLE, 4, 300, 100);
    expect((300 / zoom.scale + zoom.x) * 1).toBeCloseTo(300);
    expect(within({ scale: 0.1, x: -50, y: 900 }, 800, 600)).toEqual(WHOLE);
    expect(within({ scale: 2, x: 700, y: -1 }, 800, 600)).toEqual({ scale: 2, x: 400, y: 0 });
  });

  it('begins and ends where it should', () => {
    const end = onto({ x: 100, y: 50, width: 200, height: 150 }, 800, 600);
    for (const [at, wanted] of [
      [0, WHOLE],
      [1, end],
    ] as const) {
      const camera = between(WHOLE, end, at, 800, 600);
      expect(camera.scale).toBeCloseTo(wanted.scale);
      expect(camera.x).toBeCloseTo(wanted.x);
      expect(camera.y).toBeCloseTo(wanted.y);
    }
  });
});

describe('an address of a view', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !text.includes('/'));

  it('leads back to what it was made of', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), name, (names, value) => {
        const route = parseRoute(routeTo('why', `/${names.join('/')}`, { by: value, of: undefined }));
        expect(route).toEqual({ view: 'why', path: `/${names.join('/')}`, query: new Map([['by', value]]) });
      }),
    );
  });

  it.each(['/a b?c#d%e&f=g', '/\udc80\udcff', '/ü\udcfc', '/..%2f', '/\u202e\u0000\n'])('keeps %j', (path) => {
    expect(parseRoute(routeTo('why', path)).path).toBe(path);
  });

  it('takes anything', () => {
    expect(parseRoute('')).toEqual({ view: '', path: '/', query: new Map() });
    expect(parseRoute('#/why/%ZZ%C3').path).toBe('/%ZZ\udcc3');
  });
});

describe('texts of the page', () => {
  it('are those of the commands', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.nat(2 ** 31), (before, after) => {
        expect(size(before).replaceAll('\u00a0', ' ')).toBe(formatSize(before));
        expect(change(before, after)).toBe(formatChange(before, after));
      }),
    );
  });

  it('spell out what cannot be seen', () => {
    expect(shown('a\u202eb\nc\u200bd\udc80e\ud800')).toBe('a\\u202eb\\x0ac\\u200bd\\x80e\\ud800');
    expect(shown('<script> é 😀')).toBe('<script> é 😀');
  });
});

describe('a search', () => {
  it.each([
    ['ssl', '/usr/lib/libSSL.so', true],
    ['*.pyc', '/a/b/c.pyc', true],
    ['*.pyc', '/a/b.pyc/c', false],
    ['/usr/*.so', '/usr/lib/x.so', false],
    ['/usr/**/*.so', '/usr/lib/x.so', true],
    ['/usr/**/*.so', '/usr/x.so', true],
    ['lib/*.so', '/usr/lib/x.so', true],
    ['**/doc/**', '/usr/share/doc/a/b', true],
    ['lib[cm].so', '/lib/libm.so', true],
    ['lib[!c].so', '/lib/libc.so', false],
    ['a?c', '/x/abc', true],
    ['a.c*', '/x/abc', false],
    ['[z-a]', '/x/z', false],
    ['(+*', '/x/(+)', true],
  ])('for %s in %s: %s', (query, path, found) => {
    expect(matcherOf(query)(path)).toBe(found);
  });
});
