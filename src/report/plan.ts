import { compareBytes, showPath, textOfBytes, type TreePath } from '../base/path.ts';
import type { DryRun } from '../build/types.ts';
import type { Edge } from '../evidence/types.ts';
import { GROUPS, type Group } from '../plan/types.ts';
import { formatSize, plural } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';
import { wrapped } from './wrap.ts';

/** The Plan as JSON: texts are decoded (invalid UTF-8 as lone surrogates); added files show their bytes as base64. */
export function planJson(plan: DryRun): unknown {
  const reasonOf = (edge: Edge): unknown => ({
    ...edge,
    from: textOfBytes(edge.from),
    to: textOfBytes(edge.to),
  });
  return {
    dryRun: true,
    name: plan.name,
    entrypoint: plan.entrypoint,
    tightness: plan.tightness,
    keep: plan.plan.keep.map((item) => ({ ...item, path: textOfBytes(item.path), reason: reasonOf(item.reason) })),
    add: plan.plan.add.map(({ entry, group, reason }) => ({
      path: textOfBytes(entry.path),
      type: entry.type,
      mode: entry.mode,
      size: entry.size,
      ...(entry.link === undefined ? {} : { link: textOfBytes(entry.link) }),
      ...(entry.content?.in === 'memory' ? { content: Buffer.from(entry.content.bytes).toString('base64') } : {}),
      group,
      reason: reasonOf(reason),
    })),
    drop: plan.plan.drop.map((item) => ({ ...item, path: textOfBytes(item.path) })),
    warnings: plan.plan.warnings,
  };
}

const MAX_DROPPED = 20;

/** Where paths and reasons begin on a terminal, behind the sizes. */
const INDENT = 13;

interface Row {
  readonly path: TreePath;
  readonly size: number;
  readonly group: Group;
  readonly reason: Edge;
  /** Made by tare, not taken from anywhere. */
  readonly isAdded: boolean;
}

/** Every kept path with its group, who needs it and why, then the largest dropped ones. */
export function planText(plan: DryRun): (style: Style) => string {
  return (style) => {
    const { add, drop, keep } = plan.plan;
    const rows: readonly Row[] = [
      ...keep.map((item) => ({ ...item, isAdded: false })),
      ...add.map(({ entry, group, reason }) => ({ path: entry.path, size: entry.size, group, reason, isAdded: true })),
    ].sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || compareBytes(a.path, b.path));
    const total = sum(rows);
    const largest = [...drop].sort((a, b) => b.size - a.size || compareBytes(a.path, b.path)).slice(0, MAX_DROPPED);
    return [
      `${style.bold(plan.name)} would hold ${plural(rows.length, 'path')}, ${formatSize(total)} (tightness ${plan.tightness})`,
      `  starts    ${plan.entrypoint.join(' ')}`,
      '',
      // One line a path can be searched; on a terminal it would be broken anywhere.
      ...(style.terminal ? linesOf(rows, style) : [tableOf(rows, style)]),
      ...(drop.length === 0
        ? []
        : ['', `dropped: ${plural(drop.length, 'path')}, ${formatSize(sum(drop))}`, ...largest.map(droppedLine)]),
    ].join('\n');
  };
}

function tableOf(rows: readonly Row[], style: Style): string {
  return formatTable(
    [
      { title: 'layer' },
      { title: 'size', align: 'right' },
      { title: 'path' },
      { title: 'needed by' },
      { title: 'because' },
    ],
    rows.map((row) => [
      row.group,
      formatSize(row.size),
      pathText(row),
      showPath(subjectOf(row.reason) ?? ''),
      style.dim(row.reason.because),
    ]),
    style.dim,
  );
}

/** A layer's heading, and below each path who needs it and why. */
function linesOf(rows: readonly Row[], style: Style): string[] {
  return GROUPS.flatMap((group) => {
    const own = rows.filter((row) => row.group === group);
    if (own.length === 0) return [];
    return [
      `${style.bold(group)}  ${style.dim(`${plural(own.length, 'path')}, ${formatSize(sum(own))}`)}`,
      ...own.flatMap((row) => [
        `${formatSize(row.size).padStart(INDENT - 3)}  ${pathText(row)}`,
        wrapped(`${' '.repeat(INDENT)}${style.dim(reasonText(row.reason))}`, style, INDENT + 2),
      ]),
      '',
    ];
  }).slice(0, -1);
}

const pathText = ({ isAdded, path }: Row): string => `${isAdded ? '+' : ' '}${showPath(path)}`;

/** Who needs it; undefined where the reason names it anyway. A folder is there for what it holds. */
function subjectOf({ because, from, kind }: Edge): string | undefined {
  return kind === 'parent' || (from.startsWith('/') && because.includes(from)) ? undefined : from;
}

function reasonText(reason: Edge): string {
  const subject = subjectOf(reason);
  return subject === undefined ? reason.because : `${showPath(subject)}: ${reason.because}`;
}

const sum = (items: readonly { readonly size: number }[]): number => items.reduce((total, { size }) => total + size, 0);

function droppedLine(item: { readonly path: TreePath; readonly size: number; readonly package?: string }): string {
  const owner = item.package === undefined ? '' : `  (${item.package})`;
  return `  ${formatSize(item.size).padStart(9)}  ${showPath(item.path)}${owner}`;
}
