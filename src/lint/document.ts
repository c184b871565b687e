import { RULES } from './rules/index.ts';
import { RULESETS } from './rulesets.ts';
import type { Rule } from './types.ts';

const ORIGINS: Readonly<Record<Rule['origin'], string>> = {
  buildkit: "BuildKit's check of this name",
  size: 'about size and safety',
  tare: 'about the file',
};

/** docs/rules/ID.md. */
export function rulePage(rule: Rule): string {
  const { cure, example, fixable, id, measured, origin, severity, since, title, why } = rule;
  return [
    `# ${id}`,
    '',
    `${title}.`,
    '',
    '| | |',
    '|---|---|',
    `| kind | ${ORIGINS[origin]} |`,
    `| severity | \`${severity}\`${severity === 'off' ? experimentalText(id) : ''} |`,
    `| rule set | since \`${since}\` |`,
    `| \`--fix\` | ${fixable ? 'mends it, where that is safe' : 'cannot mend it'} |`,
    `| \`--image\` | ${measured === true ? 'measures the bytes' : 'has nothing to measure'} |`,
    '',
    '## Why',
    '',
    why,
    '',
    '## Instead of',
    '',
    ...fenced(example.bad),
    '',
    '## Write',
    '',
    ...fenced(example.good),
    '',
    `In short: ${cure}.`,
    '',
    '## To silence it',
    '',
    'For the next instruction, with a reason:',
    '',
    ...fenced(`# tare ignore=${id} the reason why it is right here`),
    '',
    'Everywhere, in `tare.yaml`:',
    '',
    '```yaml',
    `lint: {rules: {${id}: off}}`,
    '```',
    '',
  ].join('\n');
}

function experimentalText(id: string): string {
  return `: experimental; \`# check=experimental=${id}\` or \`tare.yaml\` turns it on`;
}

function fenced(text: string): string[] {
  return ['```dockerfile', text, '```'];
}

/** docs/rules/README.md. */
export function rulesIndex(): string {
  const row = ({ fixable, id, measured, severity, title }: Rule): string =>
    `| [${id}](${id}.md) | ${title} | \`${severity}\` | ${fixable ? 'yes' : ''} | ${measured === true ? 'yes' : ''} |`;
  const table = (origin: Rule['origin']): string[] => [
    '| rule | what holds | severity | `--fix` | bytes |',
    '|---|---|---|---|---|',
    ...RULES.filter((rule) => rule.origin === origin).map(row),
  ];
  return [
    '# The rules of `tare lint`',
    '',
    'Made from `src/lint/rules/` by `npm run docs`; do not edit.',
    '',
    `Rule sets: ${RULESETS.map((version) => `\`${version}\``).join(', ')}. A rule set never grows: with \`--ruleset\`, or \`lint.ruleset\` in \`tare.yaml\`, an update of tare finds`,
    'nothing new by itself. Severities are `info`, `warning` and `error`; `lint.rules` in `tare.yaml` sets them by rule. Findings of `warning` and above',
    'make the exit code 1, unless `--fail-on` says otherwise.',
    '',
    '## Comments',
    '',
    '- `# tare ignore=RULE[,RULE] reason` silences rules for the next instruction; `all` stands for every one. Without a reason it does not count.',
    "- `# check=skip=RULE;error=true` on top of the file, and `# check=skip=RULE` above an instruction, mean what they mean to BuildKit. `skip=all` is about BuildKit's",
    '  checks alone.',
    '',
    "## BuildKit's checks",
    '',
    'Under their own names, with their own meaning.',
    '',
    ...table('buildkit'),
    '',
    '## About size and safety',
    '',
    'They look at the stages that the image consists of: what a stage for building leaves behind costs nobody anything.',
    '',
    ...table('size'),
    '',
    '## About the file',
    '',
    ...table('tare'),
    '',
  ].join('\n');
}
