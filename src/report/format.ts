import { formatSize } from '../base/format-size.ts';

export { formatSize } from '../base/format-size.ts';

/**
 * How much smaller (or larger) `after` is, as a share of the larger of the two: 309 → 117 is `62% smaller`, 117 → 309 is `62% larger`.
 * Never above 100%.
 */
export function formatChange(before: number, after: number): string {
  const larger = Math.max(before, after);
  if (larger === 0 || before === after) return 'same size';
  const percent = (Math.abs(before - after) / larger) * 100;
  const shown =
    percent >= 99.95 && Math.min(before, after) > 0
      ? '>99.9'
      : percent < 10 || (percent >= 99.5 && percent < 100)
        ? percent.toFixed(1)
        : Math.round(percent).toString();
  return `${shown}% ${after < before ? 'smaller' : 'larger'}`;
}

export function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1, digest.indexOf(':') + 13);
}

/** `+1.2 MB`, `-3 B`; `0 B` without a sign. */
export function signedSize(bytes: number): string {
  return `${bytes < 0 ? '-' : bytes > 0 ? '+' : ''}${formatSize(Math.abs(bytes))}`;
}
