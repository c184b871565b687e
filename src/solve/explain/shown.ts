import { HIDDEN, withoutSecretWords } from '../../base/command-secrets.ts';
import { canonical } from '../digest.ts';
import { withoutCredentials } from '../dockerfile/state.ts';

const MAX_SHOWN = 72;
/** So much stays before the first difference of two long texts. */
const LEAD = 24;

/** Two texts that differ, where they do: one line each, without what would command a terminal, and without passwords. */
export function differing(before: string, after: string): string {
  const [a, b] = [plain(before), plain(after)];
  if (a === b) return '(in what is left out here)';
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  const from = Math.max(a.length, b.length) <= MAX_SHOWN ? 0 : Math.max(0, same - LEAD);
  return `\`${part(a, from)}\` → \`${part(b, from)}\``;
}

/** One text, short. */
export const shown = (text: string): string => part(plain(text), 0);

/** The value of a variable as it may be shown: none of it where the name says that it is a secret. */
export function publicValue(name: string, value: string): string {
  const isSecret = withoutSecretWords(`${name}=x`) !== `${name}=x`;
  return isSecret && value !== '' ? HIDDEN : publicText(value);
}

/** An `operation` part of a key as it may be shown. */
export function publicOperation(operation: string): string {
  const { env, ...rest } = JSON.parse(operation) as { readonly env?: readonly string[] };
  const variables = env?.map((item) => {
    const cut = item.indexOf('=');
    const name = item.slice(0, Math.max(0, cut));
    return `${name}=${publicValue(name, item.slice(cut + 1))}`;
  });
  const shownRest = JSON.parse(
    JSON.stringify(rest, (_key, value: unknown) => (typeof value === 'string' ? publicText(value) : value)),
  ) as object;
  return canonical({ ...shownRest, env: variables });
}

function part(text: string, from: number): string {
  const rest = `${from > 0 ? '…' : ''}${text.slice(from)}`;
  return rest.length > MAX_SHOWN ? `${rest.slice(0, MAX_SHOWN - 1)}…` : rest;
}

const publicText = (text: string): string => withoutSecretWords(withoutCredentials(text));

const plain = (text: string): string =>
  publicText(text)
    .replaceAll(/\s+/g, ' ')
    // oxlint-disable-next-line no-control-regex -- it is control characters that are taken out
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    .trim();
