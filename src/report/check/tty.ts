import { bytesOfText, showPath } from '../../base/path.ts';
import type { CheckReport, CheckResult, Evidence } from '../../explain/check/types.ts';
import { plural } from '../format.ts';
import { printable } from '../printable.ts';
import type { Style } from '../style.ts';
import { formatTable, type Column } from '../table.ts';
import { shortened, wrapped } from '../wrap.ts';
import { bytesText, isGrowth, titleOf, valueText } from './values.ts';

/** Pieces of evidence for each rule that failed. */
const MAX_SHOWN = 8;
/** Room for what stands beside the instruction, and for the other columns of the rules. */
const OTHER_COLUMNS = 60;
const MIN_COLUMNS = 24;

/** The answer of `tare check`: a line a rule, then who is to blame for those that failed. */
export function checkText(report: CheckReport): (style: Style) => string {
  return (style) =>
    [
      `${style.bold(printable(report.reference))}: ${verdict(report, style)}`,
      '',
      ruleTable(report, style),
      ...report.results.filter(({ ok }) => !ok).flatMap((result) => ['', ...blame(result, style)]),
    ].join('\n');
}

function verdict({ base, counts, ok }: CheckReport, style: Style): string {
  const { failed, passed, skipped } = counts;
  const against = base === undefined ? '' : `, against ${printable(base.reference)}`;
  const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
  const all = passed + failed;
  const text = ok ? `${plural(passed, 'rule')} passed` : `${failed} of ${plural(all, 'rule')} failed`;
  return `${ok ? style.green(text) : style.red(text)}${rest}${against}`;
}

function ruleTable({ results }: CheckReport, style: Style): string {
  const room = Math.max(MIN_COLUMNS, style.width - OTHER_COLUMNS);
  const mark = (result: CheckResult): string =>
    result.skipped === undefined ? (result.ok ? style.green('✓') : style.red('✗')) : style.dim('–');
  const [head = '', ...rows] = formatTable(
    [{ title: '    rule' }, { title: 'actual', align: 'right' }, { title: 'limit', align: 'right' }],
    results.map((result) => [
      `  ${mark(result)} ${shortened(printable(titleOf(result)), style, room)}`,
      shortened(printable(valueText(result.actual, result.unit, isGrowth(result))), style, room),
      shortened(printable(valueText(result.limit, result.unit, isGrowth(result))), style, room),
    ]),
    style.dim,
  ).split('\n');
  return [head, ...rows].join('\n');
}

function blame(result: CheckResult, style: Style): readonly string[] {
  const title = `  ${style.red('✗')} ${style.bold(printable(titleOf(result)))}: ${printable(result.message)}`;
  const isRepeated = ({ note }: Evidence): boolean => result.message === note;
  const rows = result.evidence.slice(0, MAX_SHOWN);
  // Only words: they need no table.
  if (rows.every((row) => Object.keys(row).length === 1 && row.note !== undefined)) {
    const lines = rows
      .filter((row) => !isRepeated(row))
      .map(({ note = '' }) => wrapped(`      ${printable(note)}`, style, 6));
    return [wrapped(title, style, 4), ...lines];
  }
  const more = result.evidence.length - rows.length;
  return [
    wrapped(title, style, 4),
    evidenceTable(rows, style),
    ...(more === 0 ? [] : [style.dim(`    … and ${more} more: --json has them`)]),
  ];
}

/** Only columns that say something. */
function evidenceTable(rows: readonly Evidence[], style: Style): string {
  const room = Math.max(MIN_COLUMNS, style.width - OTHER_COLUMNS);
  const columns: readonly (readonly [Column, (row: Evidence) => string])[] = [
    [{ title: 'bytes', align: 'right' }, bytesText],
    [{ title: 'package' }, ({ package: owner = '' }) => printable(owner)],
    [
      { title: 'path' },
      ({ line, path }) =>
        path === undefined ? '' : `${showPath(bytesOfText(path))}${line === undefined ? '' : `:${line}`}`,
    ],
    [{ title: 'what' }, ({ note = '' }) => shortened(printable(note).replace(/\s+/g, ' '), style, room)],
    [{ title: 'layer', align: 'right' }, ({ layer }) => (layer === undefined ? '' : String(layer))],
    [{ title: 'made by' }, ({ instruction = '' }) => shortened(printable(instruction), style, room)],
  ];
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== ''));
  const [first, ...others] = used;
  if (first === undefined) return '';
  const indented: readonly Column[] = [
    { ...first[0], title: `    ${first[0].title}` },
    ...others.map(([column]) => column),
  ];
  return formatTable(
    indented,
    rows.map((row) => used.map(([, cell], at) => (at === 0 ? `    ${cell(row)}` : cell(row)))),
    style.dim,
  );
}
