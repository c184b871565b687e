import type { CheckReport, CheckResult, Evidence } from '../../explain/check/types.ts';
import { plural } from '../format.ts';
import { onOneLine } from '../printable.ts';
import type { Style } from '../style.ts';
import { formatTable } from '../table.ts';
import { shortened, wrapped } from '../wrap.ts';
import { evidenceTable, widest } from './evidence-table.ts';
import { isGrowth, titleOf, valueText } from './values.ts';

/** Pieces of evidence for each rule that failed. */
const MAX_SHOWN = 8;
/** That a text gets in any case. */
const MIN_COLUMNS = 16;
const MAX_VALUE_COLUMNS = 24;
/** Between columns, and of the mark before a rule. */
const GAP = 2;
const MARK_COLUMNS = 4;
const TITLES = ['actual', 'limit'];

/** The answer of `tare check`: a line a rule, then who is to blame for those that failed. */
export function checkText(report: CheckReport): (style: Style) => string {
  return (style) =>
    [
      wrapped(`${style.bold(onOneLine(report.reference))}: ${verdict(report, style)}`, style, 2),
      '',
      ruleTable(report, style),
      ...report.results.filter(({ ok }) => !ok).flatMap((result) => ['', ...blame(result, style)]),
    ].join('\n');
}

function verdict({ base, counts, ok }: CheckReport, style: Style): string {
  const { failed, passed, skipped } = counts;
  const against = base === undefined ? '' : `, against ${onOneLine(base.reference)}`;
  const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
  const all = passed + failed;
  const text = ok ? `${plural(passed, 'rule')} passed` : `${failed} of ${plural(all, 'rule')} failed`;
  return `${ok ? style.green(text) : style.red(text)}${rest}${against}`;
}

function ruleTable({ results }: CheckReport, style: Style): string {
  const mark = (result: CheckResult): string =>
    result.skipped === undefined ? (result.ok ? style.green('✓') : style.red('✗')) : style.dim('–');
  const cells = results.map((result) =>
    [result.actual, result.limit].map((value) =>
      shortened(onOneLine(valueText(value, result.unit, isGrowth(result))), style, MAX_VALUE_COLUMNS),
    ),
  );
  const taken = [0, 1].reduce(
    (sum, at) =>
      sum +
      widest(
        cells.map((row) => row[at] ?? ''),
        TITLES[at]?.length ?? 0,
      ),
    0,
  );
  const room = Math.max(MIN_COLUMNS, style.width - taken - MARK_COLUMNS - 2 * GAP);
  return formatTable(
    [{ title: '    rule' }, ...TITLES.map((title) => ({ title, align: 'right' as const }))],
    results.map((result, at) => [
      `  ${mark(result)} ${shortened(onOneLine(titleOf(result)), style, room)}`,
      ...(cells[at] ?? []),
    ]),
    style.dim,
  );
}

function blame(result: CheckResult, style: Style): readonly string[] {
  const title = `  ${style.red('✗')} ${style.bold(onOneLine(titleOf(result)))}: ${onOneLine(result.message)}`;
  const isRepeated = ({ note }: Evidence): boolean => result.message === note;
  const rows = result.evidence.slice(0, MAX_SHOWN);
  // Only words: they need no table.
  if (rows.every((row) => Object.keys(row).length === 1 && row.note !== undefined)) {
    const lines = rows
      .filter((row) => !isRepeated(row))
      .map(({ note = '' }) => wrapped(`      ${onOneLine(note)}`, style, 6));
    return [wrapped(title, style, 4), ...lines];
  }
  const more = result.evidence.length - rows.length;
  return [
    wrapped(title, style, 4),
    evidenceTable(rows, style),
    ...(more === 0 ? [] : [style.dim(`    … and ${more} more: --json has them`)]),
  ];
}
