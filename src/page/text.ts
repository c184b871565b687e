/**
 * Names out of images as people may see them: what commands a terminal, turns the direction of reading or is no character at all is spelled out, so that no
 * name looks like another one or like a part of the page.
 */
export function shown(text: string): string {
  return text.replace(HIDDEN, (char) => {
    const code = char.charCodeAt(0);
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Control characters, marks of direction, invisible blanks, line separators, and halves of pairs. */
const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- it is control characters that are shown
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** `98.9 MB`, `812 B`: powers of ten, as the commands have it; the blank does not break. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes}\u00a0B`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)}\u00a0${UNITS[unit] ?? ''}`;
}

/** `20,692` */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)}\u00a0${value === 1 ? one : many}`;
}

/** A part of a whole: `33%`, `0.4%`, `<0.1%`. */
export function share(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0%';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '<0.1%';
  if (percent > 99.9 && part < whole) return '>99.9%';
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** How much smaller or larger, of the larger of the two: `62% smaller`. Never above 100%. */
export function change(before: number, after: number): string {
  const larger = Math.max(before, after);
  if (larger === 0 || before === after) return 'same size';
  const percent = (Math.abs(before - after) / larger) * 100;
  const told =
    percent >= 99.95 && Math.min(before, after) > 0
      ? '>99.9'
      : percent < 10 || (percent >= 99.5 && percent < 100)
        ? percent.toFixed(1)
        : Math.round(percent).toString();
  return `${told}% ${after < before ? 'smaller' : 'larger'}`;
}

/** `-rwxr-xr-x` without the type. */
export function permissions(mode: number): string {
  const letters = [6, 3, 0].map((shift) => {
    const bits = (mode >> shift) & 7;
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`;
  });
  return `${letters.join('')} ${mode.toString(8).padStart(4, '0')}`;
}

/** The first digits of a digest. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1, digest.indexOf(':') + 13);
}
