import type { BuildResult } from '../build/types.ts';
import { attachedLines } from './attached.ts';
import { formatChange, formatSize, plural } from './format.ts';
import { plainTitle } from './probe-title.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** The answer of `tare build` for people: what was made, how large each part is, whether it runs. */
export function buildText(result: BuildResult): (style: Style) => string {
  return (style) => {
    const failed = result.verified?.ok === false;
    const lines = [
      failed
        ? style.red(style.bold('✗ the image does not pass its probes, so it got no name'))
        : style.bold(result.reference),
      `  ${result.digest}`,
      `  platform  ${[result.platform.os, result.platform.architecture, result.platform.variant].filter((part) => part !== undefined).join('/')}`,
      `  size      ${formatSize(result.size.disk)} on disk, ${formatSize(result.size.wire)} on the wire, ${plural(result.files, 'file')}`,
      ...(result.dropped.files === 0
        ? []
        : [`  left out  ${plural(result.dropped.files, 'file')}, ${formatSize(result.dropped.disk)}`]),
      ...originalLine(result),
      `  verified  ${verifiedText(result, style)}`,
      ...result.outputs.map((output) => `  written   ${output}`),
      ...attachedLines(result),
      ...result.overBudget.map((line) => `  ${style.red('budget')}    ${line}`),
    ];
    const table = formatTable(
      [
        { title: '  layer' },
        { title: 'disk', align: 'right' },
        { title: 'wire', align: 'right' },
        { title: 'files', align: 'right' },
      ],
      result.layers.map((layer) => [
        `  ${layer.group}`,
        formatSize(layer.disk),
        formatSize(layer.wire),
        String(layer.files),
      ]),
      style.dim,
    );
    const state = result.unchanged ? ', nothing had changed' : '';
    return `${lines.join('\n')}\n\n${table}\n\n${style.dim(`  ${result.seconds.toFixed(2)} s${state}`)}`;
  };
}

function originalLine(result: BuildResult): string[] {
  const { original } = result;
  if (original === null) return [];
  const disk = formatChange(original.size.disk, result.size.disk);
  const wire = formatChange(original.size.wire, result.size.wire);
  return [`  against   ${original.reference}: ${disk} on disk, ${wire} on the wire`];
}

function verifiedText(result: BuildResult, style: Style): string {
  const { verified } = result;
  if (verified === null) return style.yellow(`no: ${result.unverified ?? 'it was not run'}`);
  const names = verified.probes.map((probe) => plainTitle(probe.name)).join(', ');
  if (verified.ok) return `${style.green(`${plural(verified.probes.length, 'probe')} passed`)}: ${names}`;
  const failed = verified.probes.filter((probe) => !probe.ok);
  const details = failed.map(
    (probe) =>
      `\n    ${style.red('✗')} ${plainTitle(probe.name)}${probe.detail === undefined ? '' : `: ${firstLine(probe.detail)}`}`,
  );
  const missing = (result.missing ?? []).map((path) => `\n    missing: ${path}${cureOf(path)}`);
  const output =
    result.output === undefined || result.output.trim() === ''
      ? ''
      : `\n  the container said:\n${result.output.trimEnd().replace(/^/gm, '    │ ')}`;
  return `${style.red(`${failed.length} of ${plural(verified.probes.length, 'probe')} failed`)}${details.join('')}${missing.join('')}${output}`;
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** A path that starts with '/' may simply not have been found by reading the code. */
const cureOf = (path: string): string =>
  path.startsWith('/') ? `  (kept with --include ${JSON.stringify(path)})` : '';
