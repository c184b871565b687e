import type { VerifyResult } from '../verify/verify.ts';
import { formatSeconds, plural } from './format.ts';
import { probeTitle } from './probe-title.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** The answer of `tare verify`: one line a probe; on failure what the container said last and what it missed. */
export function verifyText(reference: string, result: VerifyResult): (style: Style) => string {
  return (style) => {
    const compared = result.probes.some((probe) => probe.original !== undefined);
    const mark = (ok: boolean): string => (ok ? style.green('✓') : style.red('✗'));
    const table = formatTable(
      [
        { title: '    probe' },
        { title: 'time', align: 'right' },
        ...(compared ? [{ title: 'original', align: 'right' as const }] : []),
        { title: '' },
      ],
      result.probes.map((probe) => [
        `  ${mark(probe.ok)} ${probeTitle(probe, result.exit?.code)}`,
        formatSeconds(probe.ms),
        ...(compared ? [probe.original === undefined ? '' : formatSeconds(probe.original.ms)] : []),
        (probe.difference ?? probe.detail ?? '').split('\n', 1)[0] ?? '',
      ]),
      style.dim,
    );
    const failed = result.probes.filter((probe) => !probe.ok).length;
    const verdict = result.ok
      ? style.green(`${plural(result.probes.length, 'probe')} passed`)
      : style.red(`${failed} of ${plural(result.probes.length, 'probe')} failed`);
    const original =
      result.originalStartMs === undefined ? '' : ` (original: ${formatSeconds(result.originalStartMs)})`;
    return [
      `${style.bold(reference)}: ${verdict}, up after ${formatSeconds(result.startMs)}${original}`,
      table,
      ...(result.ok ? [] : failureLines(result)),
    ].join('\n');
  };
}

function failureLines(result: VerifyResult): string[] {
  const output = result.output.trimEnd();
  return [
    ...(result.missing.length === 0 ? [] : ['', 'missing:', ...result.missing.map((path) => `  ${path}`)]),
    ...(output === ''
      ? ['', 'the container said nothing']
      : ['', 'the container said:', output.replace(/^/gm, '  │ ')]),
  ];
}
