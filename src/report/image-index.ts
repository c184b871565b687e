import type { IndexResult } from '../ship/image-index/types.ts';
import { formatSize, plural } from './format.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export function indexText({
  blobs,
  bytes,
  digest,
  platforms,
  reference,
  replaced = [],
  reused,
}: IndexResult): (style: Style) => string {
  return (style) => {
    const there = reused === 0 ? '' : `, ${plural(reused, 'blob')} there already`;
    return [
      style.bold(printable(reference)),
      `  ${digest}`,
      ...platforms.map((item) => `  ${item.platform.padEnd(14)} ${item.digest}  ${printable(item.source)}`),
      ...replaced.map((item) => style.dim(`  replaced  ${item.platform.padEnd(14)} ${item.digest}`)),
      `  written   ${plural(blobs, 'blob')}, ${formatSize(bytes)}${there}`,
    ].join('\n');
  };
}
