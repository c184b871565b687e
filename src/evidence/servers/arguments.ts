/** Values of an option that is written `-c FILE`, `-cFILE` or, when it is long, `--config=FILE`. */
export function optionValues(args: readonly string[], ...names: readonly string[]): string[] {
  const values: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (names.includes(word)) {
      at += 1;
      if (args[at] !== undefined) values.push(args[at] as string);
      continue;
    }
    const name = names.find((each) => word.startsWith(each.startsWith('--') ? `${each}=` : each) && word !== each);
    if (name !== undefined && (name.startsWith('--') || !word.startsWith('--')))
      values.push(word.slice(name.length + (name.startsWith('--') ? 1 : 0)));
  }
  return values;
}
