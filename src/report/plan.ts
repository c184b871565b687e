import { showPath, textOfBytes, type TreePath } from '../base/path.ts';
import type { DryRun } from '../build/types.ts';
import type { Edge } from '../evidence/types.ts';
import { GROUPS } from '../plan/types.ts';
import { formatSize, plural } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

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

/** Every kept path with its group and reason, then the largest dropped ones. */
export function planText(plan: DryRun): (style: Style) => string {
  return (style) => {
    const { add, drop, keep } = plan.plan;
    const rows = [
      ...keep.map((item) => ({ ...item, mark: ' ' })),
      ...add.map(({ entry, group, reason }) => ({ path: entry.path, size: entry.size, group, reason, mark: '+' })),
    ].sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || (a.path < b.path ? -1 : 1));
    const table = formatTable(
      [{ title: 'layer' }, { title: 'size', align: 'right' }, { title: 'path' }, { title: 'because' }],
      rows.map((row) => [
        row.group,
        formatSize(row.size),
        `${row.mark}${showPath(row.path)}`,
        style.dim(row.reason.because),
      ]),
      style.dim,
    );
    const total = rows.reduce((sum, row) => sum + row.size, 0);
    const dropped = drop.reduce((sum, item) => sum + item.size, 0);
    const largest = [...drop].sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)).slice(0, MAX_DROPPED);
    return [
      `${style.bold(plan.name)} would hold ${plural(rows.length, 'path')}, ${formatSize(total)} (tightness ${plan.tightness})`,
      `  starts    ${plan.entrypoint.join(' ')}`,
      '',
      table,
      ...(drop.length === 0
        ? []
        : ['', `dropped: ${plural(drop.length, 'path')}, ${formatSize(dropped)}`, ...largest.map(droppedLine)]),
    ].join('\n');
  };
}

function droppedLine(item: { readonly path: TreePath; readonly size: number; readonly package?: string }): string {
  const owner = item.package === undefined ? '' : `  (${item.package})`;
  return `  ${formatSize(item.size).padStart(9)}  ${showPath(item.path)}${owner}`;
}
