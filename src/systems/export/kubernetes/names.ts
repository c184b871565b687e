/** Of a DNS label (RFC 1123, section 2.1), with room for an ending. */
const MAX_NAME_CHARS = 45;

/** A DNS label that begins with a letter, as the names of Services have to (RFC 1035, section 2.3.1). */
export function labelName(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, MAX_NAME_CHARS)
    .replace(/-+$/, '');
  return /^[a-z]/.test(plain) ? plain : `x${plain === '' ? '' : `-${plain}`}`;
}

/** The same text has the same name, no two texts have one: the later of them gets a number. */
export function createNames(): (text: string) => string {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const wanted = labelName(text);
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    names.set(text, name);
    taken.add(name);
    return name;
  };
}
