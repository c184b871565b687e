// What stands in the side bar, in which order. A page that is not there is left out; one that is in no section comes last.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

const SECTIONS = [
  ['Begin', ['index', 'why', 'start', 'stories', 'how-it-works', 'comparison']],
  ['Use', ['cli', 'config', 'ci', 'registries', 'provenance', 'compose', 'systems', 'json', 'rules/README']],
  ['When it fails', ['troubleshooting', 'errors']],
  ['Examples', ['aspnet-dissected', '../examples/README', '../examples/stories/README']],
  ['Inside', ['ARCHITECTURE', 'dependencies', '../CONTRIBUTING', '../SECURITY', '../CHANGELOG']],
];

const titleOf = (file) => /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1].replaceAll('`', '') ?? file;
const item = (name) => ({
  text: name === 'index' ? 'tare' : titleOf(join(DOCS, `${name}.md`)),
  link: `/${name.replace('../', '').replace(/README$|^index$/, '')}`,
});

/** Two side bars: that of the pages of commands, and that of all others. Nothing in them folds: what folds here cannot be used without a mouse. */
export function sideBars() {
  const commands = commandGroups();
  return { '/': pages(), '/commands/': commands, '/cli': commands };
}

function pages() {
  const known = new Set(SECTIONS.flatMap(([, names]) => names));
  const rest = readdirSync(DOCS)
    .filter((name) => name.endsWith('.md') && !known.has(name.slice(0, -3)))
    .map((name) => name.slice(0, -3))
    .sort();
  return [...SECTIONS, ['More', rest]]
    .map(([text, names]) => ({ text, items: names.filter((name) => existsSync(join(DOCS, `${name}.md`))).map(item) }))
    .filter(({ items }) => items.length > 0);
}

/** As they stand in docs/cli.md. */
function commandGroups() {
  const groups = readFileSync(join(DOCS, 'cli.md'), 'utf8').split(/^### /m).slice(1);
  const sections = groups.map((group) => ({
    text: group.split('\n', 1)[0],
    items: [...group.matchAll(/\[`(tare [a-z-]+)`\]\((commands\/[a-z-]+)\.md\)/g)].map(([, text, link]) => ({
      text,
      link: `/${link}`,
    })),
  }));
  return [
    {
      text: 'Commands',
      items: [
        { text: 'All commands', link: '/cli' },
        { text: 'All pages', link: '/' },
      ],
    },
    ...sections,
  ];
}
