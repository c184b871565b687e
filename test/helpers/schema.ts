import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** Throws, naming the member, unless the value has the shape of `schema/NAME.json`. */
export function expectShape(name: string, value: unknown): void {
  const file = fileURLToPath(new URL(`../../schema/${name}.json`, import.meta.url));
  const schema = z.fromJSONSchema(JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]);
  const result = schema.safeParse(value);
  if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
}
