import type { VerifiedProbe, VerifyResult } from '../verify/verify.ts';
import { formatSeconds, plural } from './format.ts';
import { printable } from './printable.ts';
import { probeTitle } from './probe-title.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';
import { shortened, wrapped } from './wrap.ts';

/** Room for mark and times beside a probe's name, in columns. */
const OTHER_COLUMNS = 28;
const DETAIL_INDENT = 6;

const passes = ({ difference, ok }: VerifiedProbe): boolean => ok && difference === undefined;

/** The answer of `tare verify`: one line a probe, what is wrong with it below; on failure what the container said last and what it missed. */
export function verifyText(reference: string, result: VerifyResult): (style: Style) => string {
  return (style) =>
    [
      `${style.bold(reference)}: ${verdictText(result, style)}${startText(result)}`,
      ...probeLines(result, style),
      ...(result.ok ? [] : failureLines(result)),
    ].join('\n');
}

function verdictText({ ok, probes }: VerifyResult, style: Style): string {
  if (ok) return style.green(`${plural(probes.length, 'probe')} passed`);
  const failed = probes.filter((probe) => !probe.ok).length;
  const unlike = probes.filter((probe) => probe.ok && !passes(probe)).length;
  const of = (count: number): string =>
    count === probes.length ? plural(count, 'probe') : `${count} of ${plural(probes.length, 'probe')}`;
  const parts = [
    ...(failed === 0 ? [] : [`${of(failed)} failed`]),
    ...(unlike === 0 ? [] : [`${of(unlike)} answered unlike the original`]),
  ];
  return style.red(parts.join(', '));
}

/** Of what never ran, or is over already, nobody wants to know when it was up. */
function startText({ exit, ok, originalStartMs, startMs }: VerifyResult): string {
  if (!ok && exit !== undefined) return '';
  const original = originalStartMs === undefined ? '' : ` (original: ${formatSeconds(originalStartMs)})`;
  return `, up after ${formatSeconds(startMs)}${original}`;
}

function probeLines({ exit, probes }: VerifyResult, style: Style): string[] {
  const compared = probes.some((probe) => probe.original !== undefined);
  const mark = (probe: VerifiedProbe): string => (passes(probe) ? style.green('✓') : style.red('✗'));
  const [head = '', ...rows] = formatTable(
    [
      { title: '    probe' },
      { title: 'time', align: 'right' },
      ...(compared ? [{ title: 'original', align: 'right' as const }] : []),
    ],
    probes.map((probe) => [
      `  ${mark(probe)} ${shortened(printable(probeTitle(probe, exit?.code)), style, style.width - OTHER_COLUMNS)}`,
      formatSeconds(probe.ms),
      ...(compared ? [probe.original === undefined ? '' : formatSeconds(probe.original.ms)] : []),
    ]),
    style.dim,
  ).split('\n');
  const detailOf = ({ detail, difference }: VerifiedProbe): string[] => {
    const [first = ''] = (difference ?? detail ?? '').split('\n', 1);
    return first === '' ? [] : [wrapped(`${' '.repeat(DETAIL_INDENT)}${printable(first)}`, style, DETAIL_INDENT)];
  };
  return [head, ...rows.flatMap((row, index) => [row, ...probes.slice(index, index + 1).flatMap(detailOf)])];
}

function failureLines({ missing, output, probes }: VerifyResult): string[] {
  const said = printable(output.trimEnd());
  const told = probes.some(({ detail }) => detail === output.trim());
  return [
    ...(missing.length === 0 ? [] : ['', 'missing:', ...missing.map((path) => `  ${printable(path)}`)]),
    ...(told
      ? []
      : said === ''
        ? ['', 'the container said nothing']
        : ['', 'the container said:', said.replace(/^/gm, '  │ ')]),
  ];
}
