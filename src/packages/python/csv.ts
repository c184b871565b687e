/** The first field of each line of a RECORD with the line itself: comma-separated, quoted with '"', which is doubled inside (PEP 376, PEP 627). */
export function recordLines(text: string): (readonly [path: string, line: string])[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const quoted = /^"((?:[^"]|"")*)"(?:,|$)/.exec(line)?.[1];
    const path = quoted === undefined ? line.split(',', 1)[0] : quoted.replaceAll('""', '"');
    return path === undefined || path === '' ? [] : [[path, line] as const];
  });
}
