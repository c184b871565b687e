import { canonical } from '../digest.ts';
import { differing, publicValue, shown } from './shown.ts';

/** `NAME=value` of two environments, and which of the names are build arguments. */
interface Environments {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly args: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;

export interface OperationChange {
  /** Two `operation` parts of keys. */
  readonly before: string;
  readonly after: string;
  /** Instructions as they stand in the Dockerfile. */
  readonly texts: readonly [before: string, after: string];
  readonly args: ReadonlySet<string>;
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  cwd: 'the working directory',
  user: 'the user',
  network: 'the network',
  insecure: 'the security mode',
  hosts: 'the added hosts',
  mounts: 'the mounts',
};

/** What an operation does differently, in words; never empty for two that differ. */
export function operationChanges({ after, args, before, texts }: OperationChange): readonly string[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const found: string[] = [];
  if (old['op'] === 'exec' && now['op'] === 'exec') {
    if (!same(old['argv'], now['argv']))
      found.push(`the operation changed: ${differing(commandOf(old['argv']), commandOf(now['argv']))}`);
    found.push(...environmentChanges({ before: strings(old['env']), after: strings(now['env']), args }));
    for (const [field, name] of Object.entries(FIELD_NAMES))
      if (!same(old[field], now[field]))
        found.push(`${name} changed: ${differing(valueText(old[field]), valueText(now[field]))}`);
  } else if (texts[0] !== texts[1]) {
    found.push(`the operation changed: ${differing(...texts)}`);
  } else {
    found.push(...actionChanges(old['actions'], now['actions']));
  }
  return found.length > 0 ? found : [`the operation changed: ${differing(before, after)}`];
}

/** Of an instruction that reads as before: what its variables were replaced by. */
function actionChanges(before: unknown, after: unknown): readonly string[] {
  const [old, now] = [before, after].map((actions) => (Array.isArray(actions) ? (actions as unknown[]) : []));
  const found = new Set<string>();
  for (const [index, action] of (now ?? []).entries()) {
    const [a, b] = [fieldsIn(old?.[index]), fieldsIn(action)];
    for (const field of new Set([...Object.keys(a), ...Object.keys(b)]))
      if (!same(a[field], b[field]))
        found.add(`the ${field} changed: ${differing(valueText(a[field]), valueText(b[field]))}`);
  }
  return [...found];
}

function environmentChanges({ after, args, before }: Environments): readonly string[] {
  const [old, now] = [before, after].map((env) => new Map(env.map(split)));
  const found: string[] = [];
  for (const name of [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort()) {
    const [before, after] = [old?.get(name), now?.get(name)];
    if (before === after) continue;
    const [was, is] = [before, after].map((value) => (value === undefined ? undefined : publicValue(name, value)));
    const what = `${args.has(name) ? 'build argument' : 'variable'} ${shown(name)}`;
    if (was === undefined) found.push(`${what} is new: \`${shown(is ?? '')}\``);
    else if (is === undefined) found.push(`${what} is gone; it was \`${shown(was)}\``);
    else if (was === is) found.push(`${what} changed; what it holds is not shown`);
    else found.push(`${what} changed from ${differing(was, is).replace(' → ', ' to ')}`);
  }
  if (found.length === 0 && !same(before, after)) found.push('the order of its variables changed');
  return found;
}

const split = (item: string): readonly [string, string] => {
  const equals = item.indexOf('=');
  return equals === -1 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)];
};

/** Without the shell. */
function commandOf(argv: unknown): string {
  const words = strings(argv);
  return words.length === 3 && words[1] === '-c' ? (words[2] ?? '') : words.join(' ');
}

const same = (a: unknown, b: unknown): boolean => canonical(a ?? null) === canonical(b ?? null);
const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const valueText = (value: unknown): string =>
  value === undefined || value === '' ? 'none' : typeof value === 'string' ? value : canonical(value);
const fieldsIn = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

function fieldsOf(operation: string): Fields {
  try {
    return fieldsIn(JSON.parse(operation));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
