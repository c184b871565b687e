/** Values of some options of a command line: `-k x`, `-kx`, `--worker-class x`, `--worker-class=x`. */
export function optionValues(
  words: readonly string[],
  options: readonly string[],
): { readonly option: string; readonly value: string }[] {
  const out: { option: string; value: string }[] = [];
  for (const [at, word] of words.entries()) {
    for (const option of options) {
      const next = words[at + 1];
      if (word === option && next !== undefined && next !== '') out.push({ option, value: next });
      else if (option.startsWith('--') && word.startsWith(`${option}=`))
        out.push({ option, value: word.slice(option.length + 1) });
      else if (/^-\w$/.test(option) && word.startsWith(option) && word.length > 2)
        out.push({ option, value: word.slice(2) });
    }
  }
  return out;
}

/** Words that are neither options nor their values. `valued`: options that take the next word. */
export function positionals(words: readonly string[], valued: RegExp): string[] {
  const out: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '') continue;
    if (!word.startsWith('-')) out.push(word);
    else if (!word.includes('=') && valued.test(word)) at += 1;
  }
  return out;
}
