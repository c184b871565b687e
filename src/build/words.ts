/** `1 file`, `2 files`. */
export function formatCount(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
