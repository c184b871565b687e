import { bytesOfText, showPath } from '../base/path.ts';
import type { ImageDiff } from '../explain/diff/types.ts';
import { formatChange, formatSize, plural } from './format.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

const show = (path: string): string => showPath(bytesOfText(path));

/** What changed, for people. @param limit rows of each list at most; 0: all */
export function diffText(found: ImageDiff, limit: number): (style: Style) => string {
  return (style) =>
    [
      headOf(found, style),
      ...found.changed.slice(0, limit || undefined).map((change) => `  ${change.what.join()} ${show(change.path)}`),
    ].join('\n');
}

function headOf({ after, added, before, changed, removed }: ImageDiff, style: Style): string {
  return [
    style.bold(`${printable(before.reference)} → ${printable(after.reference)}`),
    `  ${formatSize(before.size.disk)} → ${formatSize(after.size.disk)}, ${formatChange(before.size.disk, after.size.disk)}`,
    `  ${plural(added.length, 'path')} added, ${removed.length} removed, ${changed.length} changed`,
  ].join('\n');
}
