import { platformText } from '../oci/platform.ts';
import type { ShrinkPlan, ShrinkResult } from '../shrink/types.ts';
import { formatChange, formatSeconds, formatSize, plural } from './format.ts';
import { planJson, planText } from './plan.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** Packages that are there in part are the risk of what was not covered: the largest are named. */
const MAX_PARTIAL = 8;

/** The answer of `tare shrink` for people: what was saved, what was proved, and what was not covered. */
export function shrinkText(result: ShrinkResult): (style: Style) => string {
  return (style) => {
    const { original, size } = result;
    const sizes = formatTable(
      [
        { title: '' },
        { title: 'disk', align: 'right' },
        { title: 'wire', align: 'right' },
        { title: 'files', align: 'right' },
        { title: 'start', align: 'right' },
      ],
      [
        sizeRow('  original', original.size, original.files, result.verified?.originalStartMs),
        sizeRow('  shrunk', size, result.files, result.verified?.startMs),
        [
          '  saved',
          formatChange(original.size.disk, size.disk),
          formatChange(original.size.wire, size.wire),
          String(original.files - result.files),
        ],
      ],
      style.dim,
    );
    const layers = formatTable(
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
    return [
      style.bold(result.reference),
      `  digest    ${result.digest}`,
      `  platform  ${platformText(result.platform)}`,
      `  original  ${original.reference}`,
      `  verified  ${verifiedText(result, style)}`,
      ...securityLines(result),
      ...result.repaired.map(({ because, path }) => `  ${style.yellow('put back')}  ${path}: ${because}`),
      ...result.outputs.map((output) => `  written   ${output}`),
      ...result.overBudget.map((line) => `  ${style.red('budget')}    ${line}`),
      '',
      sizes,
      '',
      layers,
      ...partialLines(result, style),
      '',
      style.dim(`  ${result.seconds.toFixed(2)} s`),
    ].join('\n');
  };
}

function sizeRow(title: string, size: ShrinkResult['size'], files: number, startMs: number | undefined): string[] {
  const start = startMs === undefined ? '' : formatSeconds(startMs);
  return [title, formatSize(size.disk), formatSize(size.wire), String(files), start];
}

function verifiedText(result: ShrinkResult, style: Style): string {
  const { unverified, verified } = result;
  if (verified === null) return style.yellow(`no: ${unverified ?? 'it was not run'}`);
  const names = verified.probes.map((probe) => `\n    ${style.green('✓')} ${probe.name}`).join('');
  return `${style.green(`${plural(verified.probes.length, 'answer')} as the original's`)}${names}`;
}

function securityLines({ security }: ShrinkResult): string[] {
  if (security === null) return [];
  const { capabilities, syscalls } = security;
  return [`  kernel    ${plural(syscalls, 'system call')}, capabilities: ${capabilities.join(' ') || 'none'}`];
}

function partialLines({ partial }: ShrinkResult, style: Style): string[] {
  if (partial.length === 0) return [];
  const rows = partial
    .slice(0, MAX_PARTIAL)
    .map((item) => [
      `  ${item.name} ${style.dim(item.manager)}`,
      formatSize(item.dropped.disk),
      String(item.dropped.files),
      formatSize(item.kept.disk),
    ]);
  const rest = partial.length - rows.length;
  return [
    '',
    `  not covered by any probe or file: parts of ${plural(partial.length, 'package')} that is there in part`.replace(
      /packages that is/,
      'packages that are',
    ),
    formatTable(
      [
        { title: '  package' },
        { title: 'left out', align: 'right' },
        { title: 'files', align: 'right' },
        { title: 'kept', align: 'right' },
      ],
      rows,
      style.dim,
    ),
    ...(rest === 0 ? [] : [style.dim(`  and ${rest} more: --json lists them all`)]),
  ];
}

export function shrinkPlanJson(plan: ShrinkPlan): unknown {
  return { ...(planJson(plan) as object), layerings: plan.layerings };
}

/** The Plan, and what the image would look like in either way of layering. */
export function shrinkPlanText(plan: ShrinkPlan): (style: Style) => string {
  return (style) => {
    const rows = plan.layerings.flatMap(({ layers, mode }) =>
      layers.map((layer) => [`  ${mode}`, layer.group, formatSize(layer.disk), String(layer.files)]),
    );
    const table = formatTable(
      [
        { title: '  --layers' },
        { title: 'layer' },
        { title: 'disk', align: 'right' },
        { title: 'files', align: 'right' },
      ],
      rows,
      style.dim,
    );
    return `${planText(plan)(style)}\n\n${table}`;
  };
}
