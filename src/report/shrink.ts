import { platformText } from '../oci/platform.ts';
import { ONLY_ERRORS } from '../shrink/verdict.ts';
import type { ShrinkPlan, ShrinkResult, ShrunkProbe } from '../shrink/types.ts';
import { attachedLines } from './attached.ts';
import { formatChange, formatSeconds, formatSize, plural, shortDigest } from './format.ts';
import { lintNoteLines, type LintNoteText } from './lint/note.ts';
import { planJson, planText } from './plan.ts';
import { probeTitle, STARTS } from './probe-title.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';
import { shortened, wrapped } from './wrap.ts';

/** Repairs, and rows of what was left out: the first ones are named. */
const MAX_ROWS = 8;
/** Where values begin, behind their labels. */
const INDENT = 12;
/** Room for everything beside the first column of a table, in columns. */
const OTHER_COLUMNS = 36;

export interface ShrinkTexts {
  /** Other names that the image has got. */
  readonly tags?: readonly string[];
  /** Of the Dockerfile that it was built from. */
  readonly lint?: LintNoteText | undefined;
}

/** The answer of `tare shrink` for people: what was saved, what was proved, and what was not covered. */
export function shrinkText(result: ShrinkResult, { lint, tags = [] }: ShrinkTexts = {}): (style: Style) => string {
  return (style) => {
    const facts = [
      `  platform  ${platformText(result.platform)}`,
      ...tags.map((tag) => `  also      ${tag}`),
      ...replacedLines(result, style),
      `  original  ${originalText(result)}`,
      `  verified  ${verifiedText(result, style)}`,
      ...securityLines(result),
      ...repairLines(result, style),
      ...result.outputs.map((output) => `  written   ${output}`),
      ...attachedLines(result),
      ...result.overBudget.map((line) => `  ${style.red('budget')}    ${line}`),
    ];
    return [
      style.bold(result.reference),
      `  ${result.digest}`,
      ...facts.map((line) => wrapped(line, style, INDENT)),
      ...probeLines(result, style),
      '',
      sizeTable(result, style),
      '',
      layerTable(result, style),
      ...partialLines(result, style),
      ...unownedLines(result, style),
      '',
      style.dim(`  ${result.seconds.toFixed(2)} s`),
      ...lintNoteLines(lint, style),
    ].join('\n');
  };
}

/** The name may be the shrunk image's by now. */
function originalText({ original, reference }: ShrinkResult): string {
  return original.reference === reference ? shortDigest(original.digest) : original.reference;
}

/** Names are moved as docker moves them, but not without a word: an image without a name is what \`tare prune\` deletes. */
function replacedLines({ reference, replaced }: ShrinkResult, style: Style): string[] {
  if (replaced === undefined) return [];
  const { digest, names } = replaced;
  const rest =
    names.length > 0
      ? `it is still ${names.join(', ')}`
      : `it has no name now: \`tare tag ${digest} NAME\` keeps it from \`tare prune\``;
  return [`  ${style.yellow('replaced')}  ${reference} was ${shortDigest(digest)} before; ${rest}`];
}

function sizeTable(result: ShrinkResult, style: Style): string {
  const { original, size, verified } = result;
  return formatTable(
    [
      { title: '' },
      { title: 'disk', align: 'right' },
      { title: 'wire', align: 'right' },
      { title: 'files', align: 'right' },
      { title: 'start', align: 'right' },
    ],
    [
      sizeRow('  original', original.size, original.files, verified?.originalStartMs),
      sizeRow('  shrunk', size, result.files, verified?.startMs),
      [
        '  saved',
        formatChange(original.size.disk, size.disk),
        formatChange(original.size.wire, size.wire),
        String(original.files - result.files),
      ],
    ],
    style.dim,
  );
}

function sizeRow(title: string, size: ShrinkResult['size'], files: number, startMs: number | undefined): string[] {
  const start = startMs === undefined ? '' : formatSeconds(startMs);
  return [title, formatSize(size.disk), formatSize(size.wire), String(files), start];
}

function layerTable({ layers }: ShrinkResult, style: Style): string {
  return formatTable(
    [
      { title: '  layer' },
      { title: 'disk', align: 'right' },
      { title: 'wire', align: 'right' },
      { title: 'files', align: 'right' },
    ],
    layers.map((layer) => [`  ${layer.group}`, formatSize(layer.disk), formatSize(layer.wire), String(layer.files)]),
    style.dim,
  );
}

function verifiedText({ unverified, verified, warnings }: ShrinkResult, { green, yellow }: Style): string {
  if (verified === null) return yellow(`no: ${unverified ?? 'it was not run'}`);
  const answers = `${plural(verified.probes.length, 'answer')} as the original's`;
  const empty = warnings.some(({ code }) => code === ONLY_ERRORS);
  if (empty) return yellow(`${answers}, and nothing but errors`);
  const [only, ...others] = verified.probes;
  if (only?.name !== STARTS || others.length > 0) return green(answers);
  if (only.exit === undefined)
    return yellow(`${answers}, and all that is known is that it stays up; ask more with --probe or --exec`);
  return only.exit === 0 ? green(answers) : yellow(`${answers}, which fails as well`);
}

/** Each question with what came: a status, an exit code. */
function probeLines({ verified }: ShrinkResult, style: Style): string[] {
  return (verified?.probes ?? []).map((probe) => {
    const came = probe.name === STARTS ? '' : cameText(probe);
    const mark = `    ${probe.ok ? style.green('✓') : style.red('✗')} `;
    return `${mark}${shortened(probeTitle(probe, probe.exit), style, style.width - 6 - came.length)}${came}`;
  });
}

function cameText({ exit, status }: ShrunkProbe): string {
  if (status !== undefined) return ` ${status}`;
  return exit === undefined ? '' : ` exit ${exit}`;
}

function securityLines({ security }: ShrinkResult): string[] {
  if (security === null) return [];
  const { capabilities, syscalls } = security;
  return [`  kernel    ${plural(syscalls, 'system call')}, capabilities: ${capabilities.join(' ') || 'none'}`];
}

function repairLines({ repaired }: ShrinkResult, style: Style): string[] {
  const shown = repaired.slice(0, MAX_ROWS);
  const rest = repaired.length - shown.length;
  return [
    ...shown.map(({ because, path }) => `  ${style.yellow('put back')}  ${path}: ${because}`),
    ...(rest === 0 ? [] : [style.dim(`            and ${rest} more: --json lists them all`)]),
  ];
}

function partialLines({ partial }: ShrinkResult, style: Style): string[] {
  const rows = partial.map((item) => ({ ...item, title: item.name, more: ` ${item.manager}` }));
  return leftOut('left out of packages that stay in part; no probe and no file asked for it', 'package', rows, style);
}

function unownedLines({ unowned }: ShrinkResult, style: Style): string[] {
  const rows = unowned.map((item) => ({ ...item, title: item.path, more: '' }));
  return leftOut('left out, owned by no package; no probe and no file asked for it', 'folder', rows, style);
}

interface LeftOut {
  readonly title: string;
  /** Behind the title, less visible. */
  readonly more: string;
  readonly kept: { readonly disk: number };
  readonly dropped: { readonly files: number; readonly disk: number };
}

/** Where a hidden dependency would be: the largest are named. */
function leftOut(heading: string, kind: string, items: readonly LeftOut[], style: Style): string[] {
  if (items.length === 0) return [];
  const rows = items
    .slice(0, MAX_ROWS)
    .map(({ dropped, kept, more, title }) => [
      `  ${shortened(title, style, style.width - OTHER_COLUMNS - more.length)}${style.dim(more)}`,
      formatSize(dropped.disk),
      String(dropped.files),
      formatSize(kept.disk),
    ]);
  const rest = items.length - rows.length;
  return [
    '',
    `  ${heading}`,
    formatTable(
      [
        { title: `  ${kind}` },
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
