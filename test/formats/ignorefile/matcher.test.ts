import { describe, expect, it } from 'vitest';
import { pathOfText, ROOT, type TreePath } from '../../../src/base/path.ts';
import { createIgnoreMatcher, parseIgnoreFile } from '../../../src/formats/ignorefile/index.ts';

const matcher = (lines: string) => createIgnoreMatcher(parseIgnoreFile(lines, { file: '.dockerignore' }));

/** Patterns separated by blanks → paths that are hidden, and paths that are shown. */
const CASES: readonly (readonly [patterns: string, hidden: string, shown: string])[] = [
  // One name.
  ['a', 'a a/b a/b/c', 'b b/a A ab ba'],
  ['a/b', 'a/b a/b/c', 'a b b/a c/a/b a/bc'],
  ['/a /b/c', 'a b/c', 'x/a x/b/c'],
  ['a/', 'a a/x', 'b/a'],
  ['. / ./ ../a', '', 'a b .a'],
  ['.env', '.env .env/x', 'env x.env .envrc a/.env'],
  ['a.b', 'a.b', 'aXb ab'],
  ['a(b)c/d a.|)$(}+{bc ^x', 'a(b)c/d a.|)$(}+{bc ^x', 'abc/d x'],
  ['dist/p-2.4.0rc3.dev36+g08-py3.whl', 'dist/p-2.4.0rc3.dev36+g08-py3.whl', 'dist/p-2.4.0rc3.dev366g08-py3.whl'],
  // A star stays in its folder.
  ['*', 'a a/b .a', ''],
  ['*.go', 'x.go .go x.go/y', 'x.gox a/x.go x'],
  ['a*', 'a abc a/b ab/c', 'ba b/a'],
  ['*c', 'c abc', 'cb b/c'],
  ['a*/b', 'abc/b a/b abc/b/c', 'a/c/b b/b'],
  ['*/b', 'a/b', 'b a/a/b'],
  ['*/*/b', 'a/c/b', 'b a/b'],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f axbxcxdxexxx/f', 'axbxcxdxe/xxx/f axbxcxdxexxx/fff'],
  ['a*b?c*x', 'abxbbxdbxebxczzx', 'abxbbxdbxebxczzy'],
  ['*x', 'xxx x', 'xxxy'],
  ['temp?', 'tempa temps temp1/x', 'temp temp12 a/tempa'],
  ['a?b', 'a☺b aéb a😀b', 'a/b ab axxb'],
  ['a???b', 'axyzb', 'a☺b a😀b'],
  ['.*', '.foo . .a/b', 'foo a/.foo'],
  ['a/*', 'a/b a/b/c a/.x', 'a b'],
  // Brackets.
  ['a[b-d]e', 'ace abe ade', 'ae aae aee acce'],
  ['a[^b-d]e', 'aze aae a/e', 'ace abe'],
  ['[!a]', '! a', 'b'],
  ['ab[c]', 'abc', 'abd ab'],
  ['[a-ζ]*', 'α b', '1 ω'],
  ['[😀-😂]', '😁', '😅 😁😁'],
  ['[\\]a]', '] a', 'b \\'],
  ['[\\-x]', '- x', 'y a'],
  ['[x\\-]', '- x', 'y'],
  ['[*?]', '* ?', 'a [*?]'],
  ['x[a-cx-z0]y', 'xay xzy x0y', 'xdy x1y'],
  ['*.[oa]', 'x.o y.a', 'x.c x.oa'],
  ['[[]x', '[x', 'x'],
  // Escapes.
  ['a\\*b', 'a*b', 'ab axb'],
  ['a\\\\', 'a\\', 'a'],
  ['\\!x', '!x', 'x'],
  ['\\#x #y', '#x', 'x #y'],
  ['\\d', 'd', '1 \\d'],
  // Two stars: any number of folders.
  ['**', 'a a/b a/b/c .a', ''],
  ['**/**', 'a a/b', ''],
  ['dir/**', 'dir/a dir/a/b', 'dir a dirx dirx/a'],
  ['**/dir', 'dir dir/x a/dir a/b/dir/x', 'xdir a/xdir dirx'],
  ['**/*.txt', 'a.txt a/b.txt a/b/c.txt', 'a.txtx'],
  ['**/**/*.txt', 'a.txt a/b.txt', 'a.txt2'],
  ['**/dir2/*', 'dir/dir2/f dir2/f dir2/f/g', 'dir2 dir/dir2 dir2x/f'],
  ['**/dir2/**', 'dir/dir2/dir3/f dir2/f', 'dir/dir2 f'],
  ['**/foo/bar', 'foo/bar a/foo/bar a/b/foo/bar', 'xfoo/bar foo/x/bar foo'],
  ['**/.foo', '.foo a/.foo', 'bar.foo'],
  ['a**/*.txt', 'a/f.txt a/b/f.txt a/b/c/f.txt a.txt', 'b/f.txt ba.txt'],
  ['a/**/b', 'a/b a/x/b a/x/y/b', 'ab a/xb b'],
  ['a/*.txt**', 'a/f.txt a/f.txtx a/f.txt/y', 'a/b/f.txt'],
  ['**file', 'file dir/file xfile dir/xfile', 'filex'],
  ['**file*', 'file filex a/filex', 'xfile'],
  ['a**', 'a ab a/b ab/c', 'b/a'],
  ['***', 'a a/b', ''],
  // Exceptions: the last rule that counts wins.
  ['*.go !x.go', 'y.go', 'x.go'],
  ['!x.go *.go', 'x.go y.go', ''],
  ['docs !docs/README.md', 'docs docs/a docs/README.mdx', 'docs/README.md docs/README.md/x'],
  ['docs/* !docs/README.md', 'docs/a', 'docs docs/README.md'],
  ['* !src', 'a srcx', 'src src/a src/b/c'],
  ['* !src src/*.log', 'src/a.log a', 'src src/a src/b/a.log'],
  ['*.md !README*.md README-secret.md', 'a.md README-secret.md', 'README.md README-x.md'],
  ['*.md README-secret.md !README*.md', 'a.md', 'README.md README-secret.md'],
  ['** !util/web', 'util util/x', 'util/web util/web/foo'],
  ['** !util/web util/web/foo', 'util/web/foo util/web/foo/x', 'util/web util/web/bar'],
  ['** !dist/*.whl', 'dist a', 'dist/a.whl'],
  ['a !**/keep a/x', 'a a/b a/x a/x/keep', 'a/keep a/b/keep keep'],
  ['a !a/b a', 'a a/b', 'b'],
  ['!a', '', 'a b'],
];

const split = (text: string): string[] => text.split(' ').filter((part) => part !== '');
const asPath = (text: string): TreePath => (text === '.' ? ROOT : pathOfText(text));

describe('createIgnoreMatcher', () => {
  it.each(CASES)('%s hides %j and shows %j', (patterns, hidden, shown) => {
    const { hides } = matcher(split(patterns).join('\n'));
    const all = [...split(hidden), ...split(shown)].filter((path) => path !== '.');
    expect(all.filter((path) => hides(asPath(path)) !== undefined)).toEqual(
      split(hidden).filter((path) => path !== '.'),
    );
  });

  it('never hides the root', () => {
    expect(matcher('*\n**\n.\n/').hides(ROOT)).toBeUndefined();
  });

  it('takes names with blanks', () => {
    const { hides } = matcher('a b\n c d /e');
    expect(['/a b', '/a b/c', '/c d /e', '/a'].map((path) => hides(path as TreePath)?.line)).toEqual([
      1,
      1,
      2,
      undefined,
    ]);
  });

  it('names the rule that decides', () => {
    const { hides } = matcher('# all of it\nnode_modules\n*.log\n!keep.log\n**/*.log');
    const found = (path: string): string => {
      const rule = hides(asPath(path));
      return rule === undefined ? '' : `${rule.file}:${rule.line} ${rule.text}`;
    };
    expect(found('node_modules/a/b')).toBe('.dockerignore:2 node_modules');
    expect(found('node_modules/a.log')).toBe('.dockerignore:5 **/*.log');
    expect(found('keep.log')).toBe('.dockerignore:5 **/*.log');
    expect(found('src')).toBe('');
  });

  it('tells bytes that are not UTF-8 apart', () => {
    const { hides } = matcher('a\udcff\nb?\nc[^x]');
    const paths = ['/a\xff', '/a\xfe', '/b\xff', '/b\xff\xff', '/c\xe9', '/b\xc3\xa9'] as TreePath[];
    expect(paths.map((path) => hides(path)?.line)).toEqual([1, undefined, 2, undefined, 3, 2]);
  });

  it('does not lose its way in deep folders, hostile patterns and many of them', () => {
    const deep = `/${'a/'.repeat(8000)}b` as TreePath;
    expect(matcher('**/b').hides(deep)?.line).toBe(1);
    const stars = matcher('**/'.repeat(1000) + '*a'.repeat(100) + 'x');
    expect(stars.hides(`/${'a'.repeat(4000)}` as TreePath)).toBeUndefined();
    const many = matcher(Array.from({ length: 5000 }, (_, index) => `folder-${index}`).join('\n'));
    expect(many.hides(asPath('folder-4999/x'))?.line).toBe(5000);
    for (let index = 0; index < 6000; index++) many.hides(asPath(`x-${index}/y`));
    expect(many.hides(asPath('folder-0/x'))?.line).toBe(1);
  });
});

describe('mayHoldExceptions', () => {
  it.each<[string, string, boolean]>([
    ['a', 'a', false],
    ['a !a/b', 'a', true],
    ['a !a/b', 'a/c', false],
    ['a !a/b/c', 'a/b', true],
    ['a !ab/c', 'a', false],
    ['a !b', 'a', false],
    ['a !*.md', 'a', false],
    ['a !*/x.md', 'a', true],
    ['a !*/x.md', 'a/b', false],
    ['a !**/x.md', 'a/b/c', true],
    ['a !a/**/x.md', 'a/b/c', true],
    ['a !b/**/x.md', 'a/b/c', false],
    ['a !a?b', 'a', false],
    ['a !a[^b]c', 'a', true],
    ['!**/x.md a', 'a', false],
    ['a !a/b a', 'a', false],
    ['a !a/b a/b', 'a', true],
    ['* !src', 'node_modules', false],
    ['* !src', '.', true],
    ['*', '.', false],
  ])('%s: in %s: %s', (patterns, folder, expected) => {
    expect(matcher(split(patterns).join('\n')).mayHoldExceptions(asPath(folder))).toBe(expected);
  });
});
