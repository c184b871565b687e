import type { ByteString } from '../../base/path.ts';

/** `${NAME}` of what is known; the rest stays as it is, and names no file. */
export function withVariables(text: ByteString, variables: Readonly<Record<string, ByteString>>): ByteString {
  return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] as string) : whole,
  );
}
