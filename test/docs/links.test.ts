import { describe, expect, it } from 'vitest';
import { anchorsOf, documents, faultOf, linksOf, readDocument } from '../helpers/markdown.ts';

describe('links between documents', () => {
  const names = documents();

  it('are looked for everywhere', () => {
    expect(names).toEqual(expect.arrayContaining(['CONTRIBUTING.md', 'README.md', 'docs/commands/build.md']));
    expect(names.flatMap((name) => linksOf(name, readDocument(name))).length).toBeGreaterThan(500);
  });

  it.each(names)('of %s lead somewhere', (name) => {
    const faults = linksOf(name, readDocument(name))
      .map((link) => ({ ...link, fault: faultOf(name, link) }))
      .filter(({ fault }) => fault !== undefined);
    expect(faults).toEqual([]);
  });

  it.each([
    ['[a](nowhere.md)', 'is not there'],
    ['[a](cli.md#nothing)', 'docs/cli.md has no heading #nothing'],
    ['[a](#nothing)', 'docs/why.md has no heading #nothing'],
    ['![a](images/nothing.png)', 'is not there'],
    ['<img src="images/nothing.png">', 'is not there'],
    ['[a]: nothing.md', 'is not there'],
    ['[a](../../up.md)', 'leads out of the repository'],
    ['[a](../src/index.ts#x)', 'src/index.ts has no headings'],
    ['[a](cli.md#exit-codes)', undefined],
    ['[a](#five-stories)', undefined],
    ['[a](https://example.org/nothing)', undefined],
  ])('%s: %s', (text, fault) => {
    const [link = { at: '', target: '' }, ...rest] = linksOf('docs/why.md', `# A\n\n${text}\n`);
    expect(rest).toEqual([]);
    expect(link.at).toBe('docs/why.md:3');
    expect(faultOf('docs/why.md', link)).toBe(fault);
  });

  it('are none in code', () => {
    expect(linksOf('a.md', 'x `[a](b)` y\n\n```sh\n[a](b)\n```\n')).toEqual([]);
  });

  it('find the anchors that GitHub makes', () => {
    const text = '# A `b` C_d\n## Was ist, ä?\n## Same\n### Same\n```\n# none\n```\n## [tare](x.md) run\n';
    expect([...anchorsOf(text)]).toEqual(['a-b-c_d', 'was-ist-ä', 'same', 'same-1', 'tare-run']);
  });
});
