/** What a terminal shows after such a text: knows line ends, cursor up, erase to the end of the line and of the screen. Lines without blanks at their ends. */
export function screenOf(text: string): readonly string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  for (const [token, count, command] of text.matchAll(/\u001b\[(\d*)([AJK])|\r|\n|[^\u001b\r\n]+/g)) {
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (token === '\r') column = 0;
    else if (command === 'A') row = Math.max(0, row - Number(count === '' ? 1 : count));
    else if (command === 'K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (command === 'J') lines.splice(row, Infinity, (lines[row] ?? '').slice(0, column));
    else {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
      column += token.length;
    }
    lines[row] ??= '';
  }
  return lines.map((line) => line.trimEnd());
}
