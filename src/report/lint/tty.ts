import type { LintResult, LintedFile } from '../../lint/lint-files.ts';
import { RULES } from '../../lint/rules/index.ts';
import type { Finding, Severity } from '../../lint/types.ts';
import { formatSize, plural } from '../format.ts';
import type { Style } from '../style.ts';
import { wrapped } from '../wrap.ts';
import { changeLines } from './changes.ts';
import { bytesOf, countsOf, isFixable, WORST_FIRST } from './counts.ts';
import { excerpt } from './excerpt.ts';
import { printableLine } from './printable.ts';

const INDENT = 8;
const WORDS: Readonly<Record<Severity, string>> = { info: 'note', warning: 'warning', error: 'error' };

export interface LintTextOptions {
  /** The files were mended, or would be. */
  readonly fix?: 'write' | 'show' | undefined;
}

/** The answer of `tare lint` for people: each finding with its line, what it means and what to do; a total at the end. */
export function lintText(result: LintResult, options: LintTextOptions = {}): (style: Style) => string {
  return (style) => {
    const told = new Set<string>();
    const parts = result.files.flatMap((file) => fileParts(file, told, style));
    const clean = result.files.filter(({ findings, fixed }) => findings.length === 0 && fixed.length === 0);
    const lines = clean.map(
      (file) => `${style.green('✓')} ${printableLine(file.file)}: nothing to mend${silencedText(file.silenced)}`,
    );
    const summary = clean.length === result.files.length ? [] : [totalText(result, options, style)];
    return [...parts, ...lines, ...summary].join('\n');
  };
}

function fileParts(file: LintedFile, told: Set<string>, style: Style): string[] {
  const inOrder = [...file.fixed].sort((a, b) => a.range.start.line - b.range.start.line);
  const fixed = inOrder.map((finding) => fixedText(file, finding, style));
  const changes = file.before === undefined ? [] : changeLines(file.before, file.text, style);
  return [
    ...(fixed.length === 0 ? [] : [...fixed, '']),
    ...(changes.length === 0 ? [] : [...changes, '']),
    ...file.findings.map((finding) => `${findingText(file, finding, told, style)}\n`),
  ];
}

function fixedText({ file }: LintedFile, { bytes, message, range, rule }: Finding, style: Style): string {
  const size = bytes === undefined ? '' : `, ${formatSize(bytes)}`;
  const place = `${printableLine(file)}:${range.start.line}`;
  return wrapped(
    `${style.green('✓')} ${style.bold(place)} ${rule}${style.green(size)}: ${printableLine(message)}`,
    style,
    2,
  );
}

function findingText(file: LintedFile, finding: Finding, told: Set<string>, style: Style): string {
  const { bytes, cure, message, notFixed, range, rule, severity } = finding;
  const colour = colourOf(severity, style);
  const place = `${printableLine(file.file)}:${range.start.line}`;
  const size = bytes === undefined ? '' : `  ${style.bold(formatSize(bytes))}`;
  const lines = [
    wrapped(`${style.bold(place)}  ${colour(WORDS[severity])}  ${rule}${size}`, style, 2),
    excerpt(file.text, range, style, colour),
    labelled('', printableLine(message), style),
  ];
  if (!told.has(rule)) {
    told.add(rule);
    const why = RULES.find(({ id }) => id === rule)?.why;
    if (why !== undefined) lines.push(labelled('why:', why, style));
  }
  lines.push(labelled('cure:', `${printableLine(cure)}${isFixable(finding) ? ' (`--fix` does it)' : ''}`, style));
  if (notFixed !== undefined) lines.push(labelled('not fixed:', printableLine(notFixed), style));
  return lines.join('\n');
}

function labelled(label: string, text: string, style: Style): string {
  const head = label === '' ? '' : `${style.dim(label)} `;
  return wrapped(`${' '.repeat(INDENT)}${head}${text}`, style, INDENT);
}

function colourOf(severity: Severity, style: Style): (text: string) => string {
  if (severity === 'error') return style.red;
  return severity === 'warning' ? style.yellow : style.cyan;
}

function totalText(result: LintResult, { fix }: LintTextOptions, style: Style): string {
  const { bySeverity, bytes, fixable, omitted, silenced } = countsOf(result);
  const fixed = result.files.flatMap((file) => file.fixed);
  const kinds = WORST_FIRST.filter((severity) => bySeverity[severity] > 0).map((severity) =>
    colourOf(severity, style)(plural(bySeverity[severity], WORDS[severity])),
  );
  const won = bytesOf(fixed);
  const parts = [
    ...(fixed.length === 0
      ? []
      : [
          style.green(
            `${plural(fixed.length, 'finding')} ${fix === 'write' ? 'fixed' : 'can be fixed'}${won === undefined ? '' : `, ${formatSize(won)}`}`,
          ),
        ]),
    kinds.length === 0 ? 'nothing left' : kinds.join(', '),
    ...(fixable > 0 && fix === undefined ? [`\`--fix\` mends ${fixable}`] : []),
    ...(bytes === undefined ? [] : [style.bold(`${formatSize(bytes)} in the image`)]),
    ...(silenced === 0 ? [] : [`${silenced} silenced`]),
    ...(omitted === 0 ? [] : [`${omitted} more not shown`]),
  ];
  return wrapped(parts.join('; '), style, 2);
}

function silencedText(silenced: number): string {
  return silenced === 0 ? '' : ` (${silenced} silenced by comments)`;
}
