import { ERROR_CODES, type ErrorCode } from '../base/error-codes.ts';

/** Headings of docs/errors.md, each with the first of its codes: a group goes on until the next one begins, in the order of the table. */
const GROUPS: readonly (readonly [title: string, first: ErrorCode])[] = [
  ['Wrong use, settings, interruptions', 'E_USAGE'],
  ['Names and images', 'E_REFERENCE'],
  ['Registries', 'E_REGISTRY'],
  ['Formats', 'E_TAR'],
  ['Building', 'E_NO_ENTRY'],
  ['Paths', 'E_PATH_NOT_FOUND'],
  ['Running', 'E_SANDBOX'],
  ['This machine', 'E_PERMISSION'],
];

const EXITS: Readonly<Record<number, string>> = {
  1: 'the answer is no',
  2: 'wrong use or bad input',
  3: 'the environment said no',
};

const FLAG = /(?<![\w-])--[a-z][a-z-]*\b/g;

/** Text for Markdown: flags become code; outside of code an angle bracket would begin an element of HTML. */
export const plain = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 === 0 ? part.replaceAll('<', '&lt;').replaceAll(FLAG, '`$&`') : part))
    .join('');

/** Title and anchor of the sections of docs/troubleshooting.md, by the code that they link to. */
export function situationsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const section of text.split(/^## /m).slice(1)) {
    const title = section.split('\n', 1)[0] ?? '';
    for (const [, code = ''] of section.matchAll(/\]\(errors\.md#(e_[a-z_]+)\)/g)) {
      const titles = found.get(code.toUpperCase()) ?? [];
      if (!titles.includes(title)) found.set(code.toUpperCase(), [...titles, title]);
    }
  }
  return found;
}

/** docs/errors.md: the closed table of codes. `troubleshooting`: the text of docs/troubleshooting.md, to which it leads. */
export function errorDocument(troubleshooting: string): string {
  const situations = situationsOf(troubleshooting);
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const groups = GROUPS.map(([title, first], at) => {
    const next = GROUPS[at + 1];
    return [title, codes.slice(codes.indexOf(first), next === undefined ? undefined : codes.indexOf(next[1]))] as const;
  });
  return [
    '# Errors',
    '',
    '<!-- Made from src/base/error-codes.ts by npm run docs; do not edit. -->',
    '',
    'Every failure has one of these codes; they are stable. The message says what failed, on which path or reference, and why; the hint says',
    'how to mend it. With `--json`, stderr gets one line: `{"error":{"code":…,"message":…,"hint":…}}`. `TARE_DEBUG=1` adds the stack trace.',
    'What goes wrong most often is told in words in [When something fails](troubleshooting.md).',
    '',
    ...groups.map(([title, members]) => `- ${title}: ${members.map((code) => link(code)).join(', ')}`),
    ...groups.flatMap(([title, members]) => [
      '',
      `## ${title}`,
      ...members.flatMap((code) => section(code, situations)),
    ]),
    '',
  ].join('\n');
}

/** Other documents that a text names, as links. */
const linked = (text: string): string => text.replaceAll(/\bdocs\/([\w-]+\.md)\b/g, '[docs/$1]($1)');

const link = (code: string): string => `[\`${code}\`](#${code.toLowerCase()})`;

function section(code: ErrorCode, situations: ReadonlyMap<string, readonly string[]>): string[] {
  const { exit, hint, title } = ERROR_CODES[code];
  return [
    '',
    `### ${code}`,
    '',
    `- Meaning: ${plain(title)}.`,
    `- Cure: ${linked(plain(hint))}.`,
    `- Exit code: ${exit}, ${EXITS[exit]}.`,
    ...(situations.get(code) ?? []).map((name) => `- More: [${name}](troubleshooting.md#${anchorOf(name)}).`),
  ];
}

/** The anchor of a heading, as GitHub makes it. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
