import type { CopyResult } from '../ship/copy.ts';
import { formatSize, plural } from './format.ts';
import type { Style } from './style.ts';

export function copyText(result: CopyResult): (style: Style) => string {
  return (style) => {
    const reused = result.reused === 0 ? '' : `, ${plural(result.reused, 'blob')} there already`;
    return `${style.bold(result.reference)}\n  ${result.digest}\n  written   ${plural(result.blobs, 'blob')}, ${formatSize(result.bytes)}${reused}`;
  };
}
