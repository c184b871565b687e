import type { CopyListResult, CopyOutcome } from '../ship/copy-list.ts';
import type { CopyResult } from '../ship/copy.ts';
import { formatSize, plural } from './format.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export function copyText(result: CopyResult): (style: Style) => string {
  return (style) => {
    const { digest, mounts, sourceDigest } = result;
    const lines = [
      style.bold(result.reference),
      `  ${digest}`,
      ...(sourceDigest === undefined ? [] : [`  packed anew from ${sourceDigest}`]),
      `  ${result.dryRun === true ? 'to travel ' : 'written   '}${amounts(result)}`,
      ...(mounts === undefined
        ? []
        : [`  mounted   ${plural(mounts.blobs, 'blob')}, ${formatSize(mounts.bytes)}, from ${mounts.from}`]),
    ];
    return lines.join('\n');
  };
}

function amounts({ blobs, bytes, reused }: CopyResult): string {
  const there = reused === 0 ? '' : `, ${plural(reused, 'blob')} there already`;
  return `${plural(blobs, 'blob')}, ${formatSize(bytes)}${there}`;
}

/** One line each, then those that failed. */
export function copyListText({ copies, failed }: CopyListResult): (style: Style) => string {
  return () => {
    const lines = copies.map(
      (outcome) => `${printable(outcome.source)} → ${printable(outcome.target)}: ${wordOf(outcome)}`,
    );
    if (failed === 0) return [...lines, '', plural(copies.length, 'image')].join('\n');
    const bad = copies.filter(({ error }) => error !== undefined);
    return [
      ...lines,
      '',
      `${failed} of ${plural(copies.length, 'image')} failed:`,
      ...bad.map(({ source, target }) => `${printable(source)} ${printable(target)}`),
    ].join('\n');
  };
}

function wordOf({ error, result }: CopyOutcome): string {
  if (error !== undefined) return printable(`${error.code}: ${error.message}`);
  if (result === undefined || result.blobs === 0) return 'there already';
  return amounts(result);
}
