const LEVELS = '▁▂▃▄▅▆▇█';
/** More points than these have no room: the last ones are drawn. */
const MAX_POINTS = 60;

/** The course of numbers, from the smallest of them (the lowest bar) to the largest; a middle bar for each when they are all the same. */
export function sparkline(values: readonly number[]): string {
  const drawn = values.slice(-MAX_POINTS);
  const least = Math.min(...drawn);
  const range = Math.max(...drawn) - least;
  return drawn
    .map((value) => LEVELS[range === 0 ? 3 : Math.round(((value - least) / range) * (LEVELS.length - 1))] ?? '')
    .join('');
}
