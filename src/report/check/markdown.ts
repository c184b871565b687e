import type { CheckReport, CheckResult, Evidence } from '../../explain/check/types.ts';
import { formatSize, plural } from '../format.ts';
import { bytesText, isGrowth, placeText, titleOf, valueText } from './values.ts';

/** GitHub takes a MiB of summary for each step: what passed is counted from here on. */
const MAX_ROWS = 200;
const MAX_CELL = 200;

/** For a job summary, or a comment on a change: GitHub's Markdown, and nothing in it that an image could have written. */
export function checkMarkdown(report: CheckReport): string {
  const { base, counts, ok, reference, results, size } = report;
  const failed = results.filter((result) => !result.ok);
  const order = [...failed, ...results.filter((result) => result.ok)];
  const rest = order.length - MAX_ROWS;
  return [
    `### ${ok ? '✅' : '❌'} tare check: ${cell(reference)}`,
    '',
    `${formatSize(size.disk)} on disk, ${formatSize(size.wire)} on the wire${base === undefined ? '' : `, against ${cell(base.reference)}`}. ` +
      (ok
        ? `${plural(counts.passed, 'rule')} passed`
        : `**${counts.failed} of ${plural(counts.passed + counts.failed, 'rule')} failed**`) +
      `${counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`}.`,
    '',
    '| | rule | actual | limit |',
    '|---|---|---:|---:|',
    ...order.slice(0, MAX_ROWS).map(ruleRow),
    ...(rest > 0 ? ['', `… and ${rest} more.`] : []),
    ...failed.slice(0, MAX_ROWS).flatMap(details),
    '',
  ].join('\n');
}

function ruleRow(result: CheckResult): string {
  const { actual, limit, skipped, unit } = result;
  const mark = skipped === undefined ? (result.ok ? '✅' : '❌') : '➖';
  const growth = isGrowth(result);
  const cells = [mark, titleOf(result), valueText(actual, unit, growth), valueText(limit, unit, growth)];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function details(result: CheckResult): readonly string[] {
  const { evidence, message } = result;
  return [
    '',
    `**${cell(titleOf(result))}**: ${cell(message)}`,
    ...(evidence.length === 0 ? [] : ['', ...table(evidence)]),
  ];
}

function table(rows: readonly Evidence[]): readonly string[] {
  const line = (row: Evidence): string => {
    const { instruction = '', layer, note = '' } = row;
    return `| ${[bytesText(row), placeText(row), note, layer === undefined ? '' : String(layer), instruction].map(cell).join(' | ')} |`;
  };
  return ['| bytes | what | | layer | made by |', '|---:|---|---|---:|---|', ...rows.map(line)];
}

/** Text that stays text, in one line: neither Markdown, HTML, a link nor the name of somebody. */
function cell(text: string): string {
  const short = text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
  return short
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu, ' ')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_[\]#|~>]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
    .replace(/\bwww\./gi, (word) => `${word.slice(0, -1)}&#46;`);
}
