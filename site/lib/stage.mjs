// Copies the pages of the site to site/.pages: docs/, the READMEs of examples/, and the documents beside them.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const PAGES = fileURLToPath(new URL('../.pages', import.meta.url));

/** Pages that lie outside docs/, and where they are on the site. */
const OTHERS = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Path in the repository → path on the site. @returns {Map<string, string>} */
export function pages() {
  const below = (folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.split('/').includes('node_modules'))
      .map((name) => `${folder}/${name}`)
      .sort();
  const examples = below('examples').filter((name) => name.endsWith('/README.md'));
  const all = [...below('docs'), ...examples, ...OTHERS];
  return new Map(all.map((name) => [name, name.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md')]));
}

export function stage() {
  rmSync(PAGES, { recursive: true, force: true });
  const map = pages();
  for (const [source, target] of map) {
    mkdirSync(dirname(join(PAGES, target)), { recursive: true });
    writeFileSync(join(PAGES, target), staged(readFileSync(join(PROJECT, source), 'utf8'), source, map));
  }
  cpSync(join(PROJECT, 'docs/images'), join(PAGES, 'images'), { recursive: true });
  cpSync(join(PROJECT, 'docs/images/mark.svg'), join(PAGES, 'public/images/mark.svg'));
}

/** A page with links that lead to where its neighbours are on the site. What is no page (a folder, a program) keeps its text and loses its link. */
function staged(text, source, map) {
  const from = posix.dirname(map.get(source));
  return outsideCode(text, (part) =>
    part
      .replaceAll(/<!--[^]*?-->/g, '')
      .replaceAll('{{', '&#123;&#123;')
      .replaceAll(/(?<!!)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, (whole, label, link) => {
        const [path, anchor] = link.split('#');
        if (path === '' || /^[a-z]+:/.test(path)) return whole;
        const wanted = posix.join(posix.dirname(source), path).replace(/\/$/, '');
        const page =
          map.get(wanted) ?? map.get(`${wanted}/README.md`) ?? (wanted === 'README.md' ? 'index.md' : undefined);
        // A link that leads nowhere stays, so that the build stops at it.
        if (page === undefined) return existsSync(join(PROJECT, wanted)) ? label : whole;
        const to = posix.relative(from, page);
        return `[${label}](${to.startsWith('.') ? to : `./${to}`}${anchor === undefined ? '' : `#${anchor}`})`;
      })
      .replaceAll(
        /<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*<img src="([^"]+)" alt="([^"]*)">\s*<\/picture>/g,
        (_, dark, light, alt) => `![${alt}](./${light}){.in-light}![${alt}](./${dark}){.in-dark}`,
      ),
  );
}

/** Changes a page except in its blocks and spans of code. */
function outsideCode(text, change) {
  return text
    .split(/(^```[^]*?^```|`[^`\n]+`)/m)
    .map((part, at) => (at % 2 === 0 ? change(part) : part))
    .join('');
}
