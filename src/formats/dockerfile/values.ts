/** Go's strconv.ParseBool; a switch without a value is true. Undefined: neither. */
export function parseBoolean(text: string | undefined): boolean | undefined {
  if (text === undefined || ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined;
}

/** An unsigned number of 32 bits, digits only (Go's strconv.ParseUint). */
export function parseUnsigned(text: string, base: 8 | 10): number | undefined {
  if (!(base === 8 ? /^[0-7]{1,64}$/ : /^[0-9]{1,64}$/).test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return value <= 0xffff_ffff ? value : undefined;
}

/** Bytes: `64m`, `1.5GiB`, `512 kb`, `100`; k is 1024 (docker/go-units RAMInBytes). */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+\.?\d*|\.\d+) ?([a-z]{0,3})$/i.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] ?? '').toLowerCase();
  const power = ' kmgtp'.indexOf(unit[0] ?? ' ');
  if (unit !== 'b' && (power === -1 || !['', 'b', 'ib'].includes(unit.slice(1)))) return undefined;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** Math.max(power, 0));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
