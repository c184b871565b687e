/**
 * The fields of one line of comma separated values: a field in double quotes may hold commas, and `""` for a quote; quotes elsewhere
 * are refused (Go's encoding/csv without LazyQuotes, which `--mount` and `--device` are read with). Undefined when it is malformed or empty.
 */
export function csvFields(line: string): string[] | undefined {
  if (line === '') return undefined;
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      const quoted = quotedField(line, at);
      if (quoted === undefined) return undefined;
      fields.push(quoted.field);
      at = quoted.end;
    } else {
      const comma = line.indexOf(',', at);
      const field = line.slice(at, comma === -1 ? undefined : comma);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at = comma === -1 ? line.length : comma;
    }
    if (at === line.length) return fields;
    if (line[at] !== ',') return undefined;
    at += 1;
  }
}

function quotedField(line: string, start: number): { readonly field: string; readonly end: number } | undefined {
  const parts: string[] = [];
  let at = start + 1;
  for (;;) {
    const quote = line.indexOf('"', at);
    if (quote === -1) return undefined;
    parts.push(line.slice(at, quote));
    if (line[quote + 1] !== '"') return { field: parts.join(''), end: quote + 1 };
    parts.push('"');
    at = quote + 2;
  }
}
